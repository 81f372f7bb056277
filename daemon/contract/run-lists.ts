/** All runs of a search at once, as tables need them: their order, and what there is to show of them. */
import * as z from 'zod';
import { route } from './route.ts';
import { Double, Empty } from './values.ts';

/** Which runs are meant. */
const RunScope = z.object({
  /** Empty = all experiments. */
  experimentIds: z.array(z.string()).default([]),
  /** MLflow's filter language. */
  filter: z.string().default(''),
  view: z.enum(['active', 'deleted', 'all']).default('active'),
});

/** A filter that these runs fulfil, and no others. */
export function filterOfIds(ids: readonly string[]): string {
  return `attributes.run_id IN (${ids.map(id => `'${id}'`).join(', ')})`;
}

/** Runs that have the same param, tag or other thing. */
export const RunGroup = z.object({
  /** What they have; null when they have none. */
  value: z.string().nullable(),
  runs: z.number().int(),
  /** Of the runs' last values, by metric, as far as they are numbers. */
  metrics: z.record(z.string(), z.object({ min: Double, mean: Double, max: Double })),
});
export type RunGroup = z.infer<typeof RunGroup>;

export const listRunIds = route({
  method: 'POST',
  path: '/api/v1/runs/ids',
  access: 'tracking',
  summary:
    'Ids of all runs of a search in its order: a table looks up those in sight, however it is scrolled',
  body: RunScope.extend({
    /** MLflow's order_by items. */
    orderBy: z.array(z.string()).default([]),
    limit: z.number().int().min(1).max(1_000_000).default(1_000_000),
    /** A name as in `orderBy`: runs that have the same stand together, in the order of the first of each. */
    groupBy: z.string().optional(),
    /** Metrics whose range and mean the groups tell. */
    metrics: z.array(z.string()).max(100).default([]),
  }),
  reply: z.object({
    ids: z.array(z.string()),
    /** Whether there are more than `limit`. */
    more: z.boolean(),
    /** With `groupBy`: the first so many ids are the first group's, and so on. */
    groups: z.array(RunGroup).optional(),
  }),
});

/** Runs that are changed at once, at most: a client sends more in turn, so that no other write waits long. */
export const RUNS_AT_ONCE = 1_000;

const RunIds = z.array(z.string()).min(1).max(RUNS_AT_ONCE);

export const tagRuns = route({
  method: 'POST',
  path: '/api/v1/runs/tag',
  access: 'tracking',
  summary: 'Set and remove tags of many runs: of all of them, or of none when one is unknown or deleted',
  body: z.object({
    runIds: RunIds,
    /** By key; null removes the tag from those that have it. */
    tags: z.record(z.string(), z.string().nullable()),
  }),
  reply: Empty,
});

export const deleteRuns = route({
  method: 'POST',
  path: '/api/v1/runs/delete',
  access: 'owner',
  summary: 'Move many runs to the bin: all of them, or none when one is unknown',
  body: z.object({ runIds: RunIds }),
  reply: Empty,
});

export const restoreRuns = route({
  method: 'POST',
  path: '/api/v1/runs/restore',
  access: 'owner',
  summary: 'Take many runs out of the bin: all of them, or none when one is unknown',
  body: z.object({ runIds: RunIds }),
  reply: Empty,
});

/** Metrics whose curves are asked for at once, at most. */
export const CURVES_AT_ONCE = 10;

/** Curves that are drawn in rows are so small that more points would not be seen. */
const CURVE_BUCKETS = 24;

export const listCurves = route({
  method: 'POST',
  path: '/api/v1/runs/curves',
  access: 'tracking',
  summary: 'Small curves of a few metrics of many runs, for the rows of a table',
  body: z.object({
    runIds: z.array(z.string()).max(200),
    metrics: z.array(z.string()).min(1).max(CURVES_AT_ONCE),
    buckets: z.number().int().min(2).max(100).default(CURVE_BUCKETS),
  }),
  reply: z.object({
    curves: z.array(
      z.object({
        runId: z.string(),
        metric: z.string(),
        /** Means at even steps. */
        values: z.array(Double),
      }),
    ),
  }),
});

/** A metric, param or tag that some of the runs have. */
export const RunColumn = z.object({
  key: z.string(),
  /** How many runs have it. */
  runs: z.number().int(),
  /** Whether it tells runs apart: not all have it, or not all the same value. */
  differs: z.boolean(),
});
export type RunColumn = z.infer<typeof RunColumn>;

/** Extremes of the runs' last values; null when none is a number. */
export const MetricColumn = RunColumn.extend({ min: Double.nullable(), max: Double.nullable() });
export type MetricColumn = z.infer<typeof MetricColumn>;

export const RunColumns = z.object({
  runs: z.number().int(),
  metrics: z.array(MetricColumn),
  params: z.array(RunColumn),
  tags: z.array(RunColumn),
});
export type RunColumns = z.infer<typeof RunColumns>;

export const describeRunColumns = route({
  method: 'POST',
  path: '/api/v1/runs/columns',
  access: 'tracking',
  summary: 'Metrics, params and tags of the runs of a search, and which of them tell the runs apart',
  body: RunScope,
  reply: RunColumns,
});
