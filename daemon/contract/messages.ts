/** What the pages in the editor and their host in the extension say to each other. */
import * as z from 'zod';
import { CurveAxis } from './curve-axis.ts';
import type { StepStatus } from './pipelines.ts';
import type { Reproduction } from './reproductions.ts';
import { type ArtifactFile, type MetricSummary, type Run, type Series, StepRange } from './runs.ts';

/** Prefix of the metrics that MLflow's client takes of the machine. */
export const SYSTEM_METRICS = 'system';

/** What a person can do to a run from its page. */
export const RunAction = z.enum([
  'stop',
  'forceStop',
  'close',
  'promote',
  'register',
  'reproduce',
  'showLineage',
  'copyId',
]);
export type RunAction = z.infer<typeof RunAction>;

/** Characters of a note, at most: of a tag's value. */
const MOST_NOTE = 8000;

/** From the run page. Parsed by the host: a page has shown text that scripts logged, so it is not believed. */
export const RunPageMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, and wants everything. */
  z.object({ type: z.literal('ready') }),
  /** The metrics of the run, or of a run below it, whose charts are in sight; their curves are sent now and whenever they grow. */
  z.object({
    type: z.literal('watch'),
    runId: z.string(),
    keys: z.array(z.string()).max(500),
    range: StepRange.optional(),
  }),
  /** The content of a folder of artifacts. */
  z.object({ type: z.literal('list'), path: z.string() }),
  /** An artifact to show. */
  z.object({ type: z.literal('preview'), path: z.string() }),
  /** An artifact to save. */
  z.object({ type: z.literal('save'), path: z.string() }),
  /** An artifact to open in an editor. */
  z.object({ type: z.literal('edit'), path: z.string() }),
  /** What is noted of the run from now on, in Markdown; empty = nothing. */
  z.object({ type: z.literal('note'), text: z.string().max(MOST_NOTE) }),
  z.object({ type: z.literal('act'), action: RunAction }),
  z.object({ type: z.literal('open'), runId: z.string() }),
]);
export type RunPageMessage = z.infer<typeof RunPageMessage>;

/** Cells, as text. */
export interface PreviewTable {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** What an artifact looks like on the page. */
export type Preview =
  /** `data:` address of an image. */
  | { readonly kind: 'image'; readonly url: string }
  | { readonly kind: 'text' | 'markdown'; readonly text: string; readonly cut: boolean }
  | (PreviewTable & {
      readonly kind: 'table';
      readonly cut: boolean /** Where it is known. */;
      readonly rowCount?: number;
    })
  | {
      readonly kind: 'summary';
      readonly facts: (readonly [name: string, value: string])[];
      readonly tables: (PreviewTable & { readonly title: string })[];
    }
  | { readonly kind: 'none'; readonly reason: string };

/** A run as a link. */
export interface RunLink {
  readonly id: string;
  readonly name: string;
  readonly status: Run['status'];
  /** Milliseconds since the epoch. */
  readonly startTime: number;
  /** Milliseconds; so far, when it has not ended. */
  readonly duration: number;
  readonly metrics: Readonly<Record<string, MetricSummary>>;
}

/** A step of the execution whose run is shown. */
export interface StepLink {
  readonly name: string;
  readonly status: StepStatus;
  /** Milliseconds since the epoch; null before it starts, or while it goes on. */
  readonly startTime: number | null;
  readonly endTime: number | null;
  /** Its metric that matters most, as `rmspe 0.0932`; empty when it has none. */
  readonly metric: string;
  /** Why it is in its state, in one line. */
  readonly note: string;
  /** Of its run; null when it logged nothing. */
  readonly runId: string | null;
}

/** Everything the run page shows but curves and artifacts. */
export interface RunSnapshot {
  readonly run: Run;
  readonly experiment: string;
  readonly parent: RunLink | null;
  /** Empty unless this is the run of an execution. */
  readonly steps: readonly StepLink[];
  /** Runs right below this one. */
  readonly children: readonly RunLink[];
  /** Whether there are more children than these. */
  readonly moreChildren: boolean;
  /** Since when the run has been silent, in milliseconds since the epoch. */
  readonly silentSince: number | null;
  /** Versions of models that came from this run. */
  readonly versions: readonly { readonly name: string; readonly version: number; readonly stage: string }[];
  /** How running it again, or what it is a part of, came out last; null when nobody has. */
  readonly reproduced: Pick<Reproduction, 'verdict' | 'message' | 'startTime'> | null;
  readonly actions: readonly RunAction[];
}

/** To the run page. */
export type ToRunPage =
  | { readonly type: 'snapshot'; readonly store: string; readonly snapshot: RunSnapshot }
  | { readonly type: 'series'; readonly runId: string; readonly series: readonly Series[] }
  | { readonly type: 'files'; readonly path: string; readonly files: readonly z.infer<typeof ArtifactFile>[] }
  | { readonly type: 'preview'; readonly path: string; readonly preview: Preview }
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const RunPageState = z.object({
  store: z.string(),
  runId: z.string(),
  axis: CurveAxis.default('step'),
  logScale: z.boolean().default(false),
  smoothing: z.number().min(0).max(0.99).default(0),
  /** Metric groups that are folded. */
  folded: z.array(z.string()).default([SYSTEM_METRICS]),
});
export type RunPageState = z.infer<typeof RunPageState>;
