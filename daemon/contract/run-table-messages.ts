/** What the page with the table of runs and its host in the extension say to each other. */
import * as z from 'zod';
import type { Goal } from './pipelines.ts';
import type { RouteReply } from './route.ts';
import type { listCurves, RunColumns, RunGroup } from './run-lists.ts';
import type { Run } from './runs.ts';

/** Rows that a page asks for at once, at most. */
export const ROWS_AT_ONCE = 200;

/** The end of the span from the first row to the last, wherever that is. */
export const ALL_ROWS = Number.MAX_SAFE_INTEGER;

const SortKey = z.object({
  /** A column's id: `attributes.start_time`, `metrics.loss`, `best.loss` (its better extreme), `params.lr`, `tags.team`. */
  column: z.string(),
  descending: z.boolean(),
});
export type SortKey = z.infer<typeof SortKey>;

const TableColumn = z.object({
  /** A column's id, as in SortKey; also `curve.loss`, all of a metric as a small curve. */
  id: z.string(),
  /** In pixels. */
  width: z.number().int().min(40).max(2000).optional(),
  pinned: z.boolean().optional(),
});
export type TableColumn = z.infer<typeof TableColumn>;

/** How a person looks at runs: what is kept over a reload of the window. */
export const RunTableView = z.object({
  /** MLflow's filter language. */
  filter: z.string().default(''),
  /** First to last; empty = newest first. */
  sort: z.array(SortKey).max(10).default([]),
  /** In their order; absent = those that tell the runs apart. */
  columns: z.array(TableColumn).max(1000).optional(),
  /** Leaves out columns that are the same for all runs. */
  hideConstant: z.boolean().default(false),
  /** Columns of metrics whose cells are coloured by their value. */
  coloured: z.array(z.string()).max(1000).default([]),
  /** The column by whose values runs are put together. */
  groupBy: z.string().optional(),
  /** Groups whose runs are shown, by `groupKey`. */
  opened: z.array(z.string()).max(10_000).default([]),
  /** Whether runs of the bin are shown, alone or among the others. */
  lifecycle: z.enum(['active', 'deleted', 'all']).default('active'),
});
export type RunTableView = z.infer<typeof RunTableView>;

/** What the page keeps over a reload of the window, and what the panel is restored from. */
export const RunTableState = z.object({
  store: z.string(),
  /** Ids of experiments; empty = all. */
  experiments: z.array(z.string()),
  view: RunTableView,
  scrollTop: z.number().default(0),
  /** Ids of runs. */
  selected: z.array(z.string()).default([]),
});
export type RunTableState = z.infer<typeof RunTableState>;

/** What a person can choose to do with a column, or with the value of a cell in it. */
export const ColumnAction = z.enum([
  ...['ascending', 'descending', 'equal', 'unequal', 'atMost', 'atLeast'],
  ...['group', 'ungroup', 'pin', 'unpin', 'colour', 'hide'],
] as const);
export type ColumnAction = z.infer<typeof ColumnAction>;

/** What can be done with the runs that are selected; export and notebook with all of the table, when none is. */
export const RunTableAction = z.enum(['compare', 'delete', 'export', 'notebook', 'more']);
export type RunTableAction = z.infer<typeof RunTableAction>;

const Place = z.number().int().min(0);

/** From the table. Parsed by the host: a page has shown text that scripts logged, so it is not believed. */
export const RunTableMessage = z.discriminatedUnion('type', [
  /** The page is there, or is visible again, or wants another order or other runs. */
  z.object({ type: z.literal('list'), view: RunTableView }),
  /** The runs in sight, from one place in the list up to, and without, another; told again as they change. */
  z.object({ type: z.literal('rows'), from: Place, to: Place, columns: z.array(z.string()).max(1000) }),
  /** The ids of the runs from one place up to, and without, another: to be selected. */
  z.object({ type: z.literal('select'), from: Place, to: Place }),
  /** Shows the runs that came since the list was made. */
  z.object({ type: z.literal('renew') }),
  /** The groups that are open changed. */
  z.object({ type: z.literal('unfold'), opened: RunTableView.shape.opened }),
  z.object({ type: z.literal('open'), runId: z.string() }),
  /** Asks what to do with a column; the host answers with `column`. */
  z.object({
    type: z.literal('menu'),
    column: z.string(),
    title: z.string(),
    actions: z.array(ColumnAction),
    /** Of the cell, when it is one's. */
    value: z.string().nullable(),
  }),
  /** Asks for a saved view, or to save this one. */
  z.object({ type: z.literal('views'), view: RunTableView }),
  z.object({ type: z.literal('act'), action: RunTableAction, runIds: z.array(z.string()).max(1_000_000) }),
]);
export type RunTableMessage = z.infer<typeof RunTableMessage>;

/** The row above the runs of a group. */
export interface GroupRow {
  readonly group: RunGroup;
  readonly opened: boolean;
}

/** A row of the table; null for a run that is gone. */
export type TableRow = Run | GroupRow | null;

/** By what a group goes in `opened`. */
export function groupKey({ value }: RunGroup): string {
  return value === null ? '' : `=${value}`;
}

/** A list of runs that the host holds. */
export interface RunListing {
  /** Grows with each list. The first rows of one keep it when the others follow. */
  readonly version: number;
  /** Of rows: runs, and with groups these and what is open of them. */
  readonly count: number;
  readonly runs: number;
  /** Whether these are all of its runs: the first ones are shown before the others are listed. */
  readonly whole: boolean;
  /** Whether there are more runs than the list holds. */
  readonly more: boolean;
}

/** To the table. */
export type ToRunTable =
  | {
      readonly type: 'listing';
      readonly store: string;
      readonly experiments: readonly string[];
      /** Their names. */
      readonly title: string;
      readonly listing: RunListing;
      /** Its first runs, where they are known. */
      readonly first: readonly Run[];
    }
  | {
      readonly type: 'columns';
      readonly columns: RunColumns;
      /** What is better, of the metrics that the project's pipelines judge by. */
      readonly goals: Readonly<Record<string, Goal>>;
    }
  | {
      readonly type: 'rows';
      readonly version: number;
      readonly from: number;
      readonly rows: readonly TableRow[];
    }
  | { readonly type: 'curves'; readonly curves: RouteReply<typeof listCurves>['curves'] }
  | { readonly type: 'selected'; readonly runIds: readonly string[] }
  | {
      readonly type: 'column';
      readonly column: string;
      readonly action: ColumnAction;
      readonly value: string | null;
    }
  | { readonly type: 'view'; readonly view: RunTableView }
  /** So many runs came since the list was made. */
  | { readonly type: 'news'; readonly count: number }
  /** The filter cannot be used. */
  | { readonly type: 'refused'; readonly message: string }
  | { readonly type: 'problem'; readonly message: string };
