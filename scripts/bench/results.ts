/** What a measurement gives: the file that tables, charts and documents are made from. */
import * as z from 'zod';
import { median } from './numbers.ts';

/** Who is measured, in the order of tables and charts. */
export const CONTESTANTS = [
  ...(['modelthat', 'MLflow', 'FastTrackML', 'DVC'] as const),
  ...(['better-sqlite3', 'node -e 0', 'bare process'] as const),
] as const;
/** Those that do what modelthat does. */
export const PEERS = [
  'MLflow',
  'FastTrackML',
  'DVC',
] as const satisfies readonly (typeof CONTESTANTS)[number][];
export const ContestantName = z.enum(CONTESTANTS);
export type ContestantName = z.infer<typeof ContestantName>;

/** What one contestant achieved. */
export const Cell = z.union([
  z.object({
    /** The median of the samples. */
    value: z.number(),
    samples: z.array(z.number()),
    /** It was given up after this long, and so is larger. */
    over: z.literal(true).optional(),
  }),
  z.object({ skipped: z.string() }),
]);
export type Cell = z.infer<typeof Cell>;

/** One quantity, of all contestants. */
export const Figure = z.object({
  scenario: z.string(),
  name: z.string(),
  unit: z.string(),
  better: z.enum(['more', 'less']),
  cells: z.partialRecord(ContestantName, Cell),
});
export type Figure = z.infer<typeof Figure>;

export const Machine = z.object({
  processor: z.string(),
  cores: z.number().int(),
  memoryGb: z.number(),
  system: z.string(),
  node: z.string(),
});
export type Machine = z.infer<typeof Machine>;

export const Results = z.object({
  startedAt: z.iso.datetime(),
  seconds: z.number(),
  /** Small sizes, to see that everything runs: the figures mean little. */
  quick: z.boolean(),
  machine: Machine,
  /** Load of the machine before the measurement began: processes that wanted a core. */
  loadBefore: z.number(),
  versions: z.partialRecord(ContestantName, z.string()),
  /** Contestants that could not be measured, and why. */
  absent: z.partialRecord(ContestantName, z.string()),
  figures: z.array(Figure),
  /** By scenario, what a reader of its figures should know beside them. */
  remarks: z.record(z.string(), z.array(z.string())),
  /** Scenarios that were not finished, and why. */
  failures: z.record(z.string(), z.string()),
});
export type Results = z.infer<typeof Results>;

/** What a figure is called and how it is read. */
export type FigureKind = Pick<Figure, 'name' | 'unit' | 'better'>;

/** The figures of one scenario while they come in. */
export class Figures {
  readonly #figures = new Map<string, Figure>();
  readonly #scenario: string;

  constructor(scenario: string) {
    this.#scenario = scenario;
  }

  get all(): Figure[] {
    return [...this.#figures.values()];
  }

  /** Adds a sample; a figure of several samples is their median. */
  add(kind: FigureKind, contestant: ContestantName, sample: number, over = false): void {
    if (!Number.isFinite(sample)) {
      this.skip(kind, contestant, 'no request succeeded');
      return;
    }
    const cells = this.#cellsOf(kind);
    const cell = cells[contestant];
    const samples = [...(cell && 'samples' in cell ? cell.samples : []), sample];
    cells[contestant] = { value: median(samples), samples, ...(over ? { over } : {}) };
  }

  skip(kind: FigureKind, contestant: ContestantName, reason: string): void {
    this.#cellsOf(kind)[contestant] ??= { skipped: reason };
  }

  #cellsOf({ name, unit, better }: FigureKind): Figure['cells'] {
    const figure = this.#figures.get(name) ?? { scenario: this.#scenario, name, unit, better, cells: {} };
    this.#figures.set(name, figure);
    return figure.cells;
  }
}

/** @returns the value of a contestant; undefined when it has none */
export function measuredValue(figure: Figure | undefined, contestant: ContestantName): number | undefined {
  const cell = figure?.cells[contestant];
  return cell && 'value' in cell ? cell.value : undefined;
}

/** How many times as good as the other a contestant is; undefined when one of them has no value. */
export function advantage(
  figure: Figure,
  contestant: ContestantName,
  over: ContestantName,
): number | undefined {
  const mine = measuredValue(figure, contestant);
  const other = measuredValue(figure, over);
  if (mine === undefined || other === undefined) return undefined;
  return figure.better === 'more' ? mine / other : other / mine;
}
