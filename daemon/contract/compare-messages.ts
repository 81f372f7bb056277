/** What the page that compares runs and its host in the extension say to each other. */
import * as z from 'zod';
import type { Goal } from './pipelines.ts';
import type { Run } from './runs.ts';

/** Runs beside each other, at most; the page says how many are left out. */
export const COMPARED_RUNS = 100;

export const ComparePageMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, and wants everything. */
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('open'), runId: z.string() }),
]);
export type ComparePageMessage = z.infer<typeof ComparePageMessage>;

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
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const ComparePageState = z.object({
  store: z.string(),
  runIds: z.array(z.string()).min(1),
  /** Shows what is the same in all runs, too. */
  all: z.boolean().default(false),
});
export type ComparePageState = z.infer<typeof ComparePageState>;
