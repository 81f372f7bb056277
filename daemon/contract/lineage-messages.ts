/** What the page of lineage and its host in the extension say to each other. */
import * as z from 'zod';
import type { LineageGraph } from './lineage.ts';

/** From the page of lineage. Parsed by the host: a page has shown text that scripts logged, so it is not believed. */
export const LineagePageMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, and wants everything. */
  z.object({ type: z.literal('ready') }),
  /** The run, the model, the pipeline or the file of a node that is shown. */
  z.object({ type: z.literal('open'), node: z.string() }),
  /** A page of its own for a node that is shown. */
  z.object({ type: z.literal('follow'), node: z.string() }),
  /** What was left out, as far as it goes. */
  z.object({ type: z.literal('more') }),
]);
export type LineagePageMessage = z.infer<typeof LineagePageMessage>;

/** To the page of lineage. */
export type ToLineagePage =
  | {
      readonly type: 'snapshot';
      readonly store: string;
      /** The node that the page was opened for, as it was named. */
      readonly node: string;
      readonly graph: LineageGraph;
    }
  | { readonly type: 'problem'; readonly message: string };

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const LineagePageState = z.object({
  store: z.string(),
  node: z.string(),
  /** The node whose details are shown; null = the one that the page is about. */
  chosen: z.string().nullable().default(null),
  view: z.enum(['graph', 'table']).default('graph'),
});
export type LineagePageState = z.infer<typeof LineagePageState>;
