/** What the page that compares runs and its host in the extension say to each other. */
import * as z from 'zod';
import type { CodeChange, RunOrigin } from './origins.ts';
import type { Goal } from './pipelines.ts';
import type { Run, Series } from './runs.ts';

/** Runs beside each other, at most; the page says how many are left out. */
export const COMPARED_RUNS = 100;

/** The parts of the page, in their order. */
export const CompareTab = z.enum([
  'table',
  'curves',
  'origins',
  'parallel',
  'scatter',
  'boxes',
  'contour',
  'influence',
]);
export type CompareTab = z.infer<typeof CompareTab>;

/** What a curve is drawn over: steps, time since the run began, or wall-clock time. */
export const CurveAxis = z.enum(['step', 'time', 'clock']);
export type CurveAxis = z.infer<typeof CurveAxis>;

/** How a person compares: what is kept over a reload of the window. */
export const CompareView = z.object({
  tab: CompareTab.default('table'),
  /** Shows what is the same in all runs, too. */
  all: z.boolean().default(false),
  /** Id of the run that all others are set against; null = none, absent = the first. */
  baseline: z.string().nullable().optional(),
  /** Shows runs that differ in their seed alone as one. */
  overSeeds: z.boolean().default(false),
  axis: CurveAxis.default('step'),
  logScale: z.boolean().default(false),
  smoothing: z.number().min(0).max(0.99).default(0),
  /** Ids of runs whose curves are not drawn. */
  hidden: z.array(z.string()).max(COMPARED_RUNS).default([]),
  /**
   * What stands on which axis, by the names of parameters and metrics; empty = what matters most. The metric that is
   * looked at, and the colour of lines and points.
   */
  metric: z.string().default(''),
  x: z.string().default(''),
  y: z.string().default(''),
  color: z.string().default(''),
  /** The axes of parallel coordinates; absent = all parameters, as far as there is room, and the metric. */
  axes: z.array(z.string()).max(50).optional(),
  /** Ranges on them, from 0 to 1 along an axis: the runs outside are faint. */
  ranges: z.record(z.string(), z.tuple([z.number(), z.number()])).default({}),
});
export type CompareView = z.infer<typeof CompareView>;

/** From the page. Parsed by the host: a page has shown text that scripts logged, so it is not believed. */
export const ComparePageMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, and wants everything. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('open'), runId: z.string() }),
  /** The metrics whose charts are in sight; their curves are sent now and whenever they grow. */
  z.object({ type: z.literal('watch'), keys: z.array(z.string()).max(500) }),
  /** What the runs were made from. */
  z.object({ type: z.literal('origins') }),
  /** The files in which the code of two runs differs. */
  z.object({ type: z.literal('changes'), from: z.string(), to: z.string() }),
  /** One of these files, in the editor's diff view. */
  z.object({ type: z.literal('diff'), from: z.string(), to: z.string(), path: z.string().max(4096) }),
]);
export type ComparePageMessage = z.infer<typeof ComparePageMessage>;

/** How the code of two runs differs. */
export interface CodeChanges {
  /** Ids of the runs. */
  readonly from: string;
  readonly to: string;
  readonly changes: readonly CodeChange[];
  /** How many more there are. */
  readonly more: number;
  readonly remarks: readonly string[];
}

export type ToComparePage =
  | {
      readonly type: 'compared';
      readonly store: string;
      /** All that were selected. */
      readonly runIds: readonly string[];
      /** The first of them, as far as there still are such runs. */
      readonly runs: readonly Run[];
      readonly goals: Readonly<Record<string, Goal>>;
    }
  | { readonly type: 'series'; readonly runId: string; readonly series: readonly Series[] }
  | { readonly type: 'origins'; readonly origins: readonly RunOrigin[] }
  | ({ readonly type: 'changes' } & CodeChanges)
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const ComparePageState = z.object({
  store: z.string(),
  runIds: z.array(z.string()).min(1),
  view: CompareView.default(CompareView.parse({})),
});
export type ComparePageState = z.infer<typeof ComparePageState>;
