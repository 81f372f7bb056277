/** Writing tables of runs to files, for other programs to read. */
import { rename, rm } from 'node:fs/promises';
import type { RouteInput } from '../../contract/route.ts';
import { describeRunColumns, filterOfIds } from '../../contract/run-lists.ts';
import { type Run, searchRuns } from '../../contract/runs.ts';
import type { DaemonClient } from '../client.ts';
import { exportColumns } from './columns.ts';
import { type ExportFormat, openRunFile } from './formats.ts';

/** Runs that are looked up at once. */
const TOGETHER = 1_000;

/** Runs that are written: some by their ids, or all of a search in its order. */
export type RunSelection =
  | { readonly runIds: readonly string[] }
  | Pick<RouteInput<typeof searchRuns>['body'], 'experimentIds' | 'filter' | 'orderBy' | 'view'>;

export interface RunExport {
  readonly runs: RunSelection;
  readonly format: ExportFormat;
  /** Replaced once all is written; before that, nothing of it changes. */
  readonly file: string;
}

type Caller = Pick<DaemonClient, 'call'>;

/**
 * Writes runs to a file.
 *
 * @param progress told how many are written
 * @returns how many there were
 * @throws ApiError when the daemon refuses the search; the signal's reason when that ends it
 */
export async function exportRuns(
  client: Caller,
  { runs, format, file }: RunExport,
  progress: (written: number) => void = () => {},
  signal?: AbortSignal,
): Promise<number> {
  const part = `${file}.part`;
  try {
    const target = await openRunFile[format](part, exportColumns(await describe(client, runs)));
    let written = 0;
    try {
      for await (const found of pages(client, runs)) {
        signal?.throwIfAborted();
        await target.write(found);
        written += found.length;
        progress(written);
      }
    } finally {
      await target.end();
    }
    await rename(part, file);
    return written;
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function describe(client: Caller, runs: RunSelection) {
  if ('runIds' in runs)
    return client.call(describeRunColumns, { body: { filter: filterOfIds(runs.runIds), view: 'all' } });
  const { experimentIds, filter, view } = runs;
  return client.call(describeRunColumns, { body: { experimentIds, filter, view } });
}

/** All of the runs, some at a time. Those that are gone meanwhile are left out. */
async function* pages(client: Caller, runs: RunSelection): AsyncGenerator<Run[]> {
  if ('runIds' in runs) {
    for (let from = 0; from < runs.runIds.length; from += TOGETHER) {
      const ids = runs.runIds.slice(from, from + TOGETHER);
      const body = { filter: filterOfIds(ids), view: 'all', limit: ids.length } as const;
      const { items } = await client.call(searchRuns, { body });
      const found = new Map(items.map(run => [run.id, run]));
      yield ids.flatMap(id => found.get(id) ?? []);
    }
    return;
  }
  for (let pageToken: string | undefined; ; ) {
    const body = { ...runs, limit: TOGETHER, ...(pageToken !== undefined && { pageToken }) };
    const page = await client.call(searchRuns, { body });
    if (page.items.length > 0) yield page.items;
    pageToken = page.nextPageToken;
    if (pageToken === undefined) return;
  }
}
