/** What the page that compares runs and its host in the extension say to each other. */
import * as z from 'zod';
import { CurveAxis } from './curve-axis.ts';
import type { Preview } from './messages.ts';
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
  'images',
]);
export type CompareTab = z.infer<typeof CompareTab>;

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
  /** The picture that is compared, by its path among the artifacts, and the run that is set against the baseline. */
  image: z.string().default(''),
  imageOf: z.string().default(''),
  /** Shows pictures beside, not over each other. */
  beside: z.boolean().default(false),
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
  /** Which of the runs have which pictures. */
  z.object({ type: z.literal('images') }),
  z.object({ type: z.literal('image'), runId: z.string(), path: z.string().max(4096) }),
  /** One of these files, in the editor's diff view. */
  z.object({ type: z.literal('diff'), from: z.string(), to: z.string(), path: z.string().max(4096) }),
]);
export type ComparePageMessage = z.infer<typeof ComparePageMessage>;

/** A picture among the artifacts of runs. */
export interface ComparedImage {
  readonly path: string;
  /** Ids of the runs that have one of this path. */
  readonly runIds: readonly string[];
}

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
  | { readonly type: 'images'; readonly images: readonly ComparedImage[]; readonly cut: boolean }
  | { readonly type: 'image'; readonly runId: string; readonly path: string; readonly preview: Preview }
  | ({ readonly type: 'changes' } & CodeChanges)
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const ComparePageState = z.object({
  store: z.string(),
  runIds: z.array(z.string()).min(1),
  view: CompareView.default(CompareView.parse({})),
});
export type ComparePageState = z.infer<typeof ComparePageState>;
