/** Deleting for good what was moved to the bin long ago, and what nothing refers to. */
import fs from 'node:fs/promises';
import type { ArtifactService } from '../artifacts/service.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import type { Garbage, StoreTask } from '../contract/housekeeping.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import { readRetention } from './retention.ts';
import type { Binned, BinnedKind } from './store/garbage.ts';
import type { Purge } from './store/purge.ts';
import { measure, type Stray, strayArtifacts, strayFiles } from './strays.ts';
import { counting, type Work } from './task.ts';

const DAY_MS = 24 * 3600_000;
/** Runs that are marked by one write. */
const MARKED_AT_ONCE = 100;
/** In this order: an experiment goes after what is in it. */
const KINDS: readonly BinnedKind[] = ['run', 'model', 'experiment'];

/** What a clean-up works with. */
export interface CollectParts {
  readonly store: string;
  readonly database: Database;
  readonly artifacts: ArtifactService;
  readonly events: EventBus;
  /** Removes what an execution that is deleted left outside of the store. */
  forgetExecution(id: string, file: string): Promise<void>;
  /** Keeps that something was deleted for good. */
  record(what: { kind: string; id: string }): void;
}

type Request = Extract<StoreTask, { kind: 'gc' }>;

/**
 * Cleans up, or with `dryRun` says what that would do. What a registered version was made from is never touched, nor what
 * was put among the artifacts by hand.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE when a run that is asked for is not in the bin
 */
export async function collectGarbage(parts: CollectParts, request: Request, work: Work): Promise<Garbage> {
  const { days, backups } = await readRetention(parts.store);
  const { runs } = request;
  const before = request.before ?? Date.now() - (runs ? 0 : days * DAY_MS);
  work.progress('Looking for what can go…');
  const found = await parts.database.survey('housekeeping.binned', { before });
  const binned = runs ? onlyRuns(found, runs) : found;
  const doomed = binned.filter(({ because }) => because === null);
  const { files } = parts.artifacts;
  const sizes = new Map<Binned, number>();
  for (const each of doomed)
    sizes.set(
      each,
      each.folder === null || each.kind === 'experiment' ? 0 : (await measure(files, each.folder)).bytes,
    );
  const strays = runs
    ? []
    : [
        ...(await strayArtifacts({ database: parts.database, files }, before)),
        ...(await strayFiles(parts, backups)),
      ];
  const compacted = request.dryRun ? 0 : await remove(parts, { doomed, strays, before }, work);
  const items = [
    ...doomed.map(each => ({ ...itemOf(each), bytes: sizes.get(each) ?? 0 })),
    ...strays.map(({ kind, path, bytes }) => ({ kind, id: path, name: '', deletedAt: null, bytes })),
  ];
  const kept = binned.flatMap(({ kind, id, name, because }) =>
    because === null ? [] : { kind, id, name, because },
  );
  const bytes = items.reduce((sum, item) => sum + item.bytes, 0);
  return { items, kept, before, bytes, removed: !request.dryRun, compacted };
}

function itemOf({ kind, id, name, deletedAt }: Binned) {
  return { kind, id, name, deletedAt };
}

function onlyRuns(found: readonly Binned[], ids: readonly string[]): Binned[] {
  const runs = new Map(found.filter(({ kind }) => kind === 'run').map(run => [run.id, run]));
  return ids.map(id => {
    const run = runs.get(id);
    if (run) return run;
    throw invalid(
      `Run ${id} is not in the bin, or was moved there too lately. Delete it first; then it can be restored until it is cleaned up.`,
    );
  });
}

/** @returns by how many bytes the database became smaller */
async function remove(
  parts: CollectParts,
  { doomed, strays, before }: { doomed: readonly Binned[]; strays: readonly Stray[]; before: number },
  work: Work,
): Promise<number> {
  const { database } = parts;
  // First what an earlier clean-up did not come to the end of.
  await purgeAll(parts, await database.read('housekeeping.unfinishedPurges', {}), work);
  for (const kind of KINDS) {
    const ids = doomed.filter(each => each.kind === kind).map(({ id }) => id);
    for (let start = 0; start < ids.length; start += MARKED_AT_ONCE) {
      const some = ids.slice(start, start + MARKED_AT_ONCE);
      await purgeAll(
        parts,
        await database.write('housekeeping.beginPurge', { kind, ids: some, before }),
        work,
      );
    }
  }
  for (const { kind, path } of strays) {
    work.signal.throwIfAborted();
    if (kind === 'files') await removeFiles(parts.artifacts, path);
    else await fs.rm(path, { recursive: true, force: true });
    parts.record({ kind, id: path });
  }
  return compactDatabase(database, work);
}

async function purgeAll(parts: CollectParts, purges: readonly Purge[], work: Work): Promise<void> {
  const runs = purges.filter(({ kind }) => kind === 'run').map(({ id }) => id);
  const measured = Map.groupBy(
    runs.length === 0 ? [] : await parts.database.survey('housekeeping.measuredModels', { runs }),
    ([run]) => run,
  );
  const executions = await parts.database.read('housekeeping.executionsOf', { runs });
  for (const { id, file } of executions) await parts.forgetExecution(id, file);
  let done = 0;
  const tell = counting(work, () => `Deleting: ${done} of ${purges.length}…`);
  for (const purge of purges) {
    const { kind, id, folder } = purge;
    tell(done);
    const models = measured.get(id)?.map(([, model]) => model) ?? [];
    while (!(await parts.database.write('housekeeping.purgeSome', { kind, id, measured: models })))
      work.signal.throwIfAborted();
    if (folder !== null) await removeFiles(parts.artifacts, folder);
    await parts.database.write('housekeeping.finishPurge', { kind, id });
    parts.record({ kind, id });
    if (kind !== 'model') parts.events.publish({ topic: kind, id, kind: 'deleted' });
    done += 1;
  }
}

/** Files of a version that was released since stay, as does their folder. */
async function removeFiles(artifacts: ArtifactService, folder: string): Promise<void> {
  await artifacts.remove(folder).catch(error => {
    if (!(error instanceof ApiError) || error.code !== 'PERMISSION_DENIED') throw error;
  });
}

async function compactDatabase(database: Database, work: Work): Promise<number> {
  work.progress('Making the database smaller…');
  const first = await database.write('housekeeping.compact', {});
  let last = first;
  while (last.more) {
    work.signal.throwIfAborted();
    last = await database.write('housekeeping.compact', {});
  }
  return first.before - last.free;
}
