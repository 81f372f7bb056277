/** Runs as a table for other programs, with the columns of `mlflow.search_runs`. */
import type { RunColumns } from '../../contract/run-lists.ts';
import type { Run } from '../../contract/runs.ts';
import { decodeDouble } from '../../contract/values.ts';

/** A column, and what a run has in it: null for nothing. */
export type ExportColumn =
  | { readonly name: string; readonly type: 'text'; value(run: Run): string | null }
  | { readonly name: string; readonly type: 'number'; value(run: Run): number | null }
  | { readonly name: string; readonly type: 'time'; value(run: Run): Date | null };

const text = (name: string, value: (run: Run) => string | undefined): ExportColumn => ({
  ...{ name, type: 'text', value: run => value(run) ?? null },
});
const time = (name: string, value: (run: Run) => number | null): ExportColumn => ({
  name,
  type: 'time',
  value(run) {
    const at = value(run);
    return at === null ? null : new Date(at);
  },
});

/** @param known what there is of metrics, params and tags */
export function exportColumns({ metrics, params, tags }: RunColumns): ExportColumn[] {
  return [
    text('run_id', run => run.id),
    text('run_name', run => run.name),
    text('experiment_id', run => run.experimentId),
    text('status', run => run.status),
    text('user_id', run => run.user),
    time('start_time', run => run.startTime),
    time('end_time', run => run.endTime),
    text('artifact_uri', run => run.artifactUri),
    ...metrics.map(({ key }) => metric(key)),
    ...params.map(({ key }) => text(`params.${key}`, run => run.params[key])),
    ...tags.map(({ key }) => text(`tags.${key}`, run => run.tags[key])),
  ];
}

/** The last value of a metric. */
function metric(key: string): ExportColumn {
  return {
    name: `metrics.${key}`,
    type: 'number',
    value: run => (run.metrics[key] ? decodeDouble(run.metrics[key].last) : null),
  };
}
