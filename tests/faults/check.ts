/** What a check of the scorecard is: faults or attacks, so many times over, and the figures that must come out. */

/** A figure that was measured, and what it must be. */
export interface Figure {
  readonly value: number;
  /** In words: `= 0`, `≤ 2`. */
  readonly limit: string;
  readonly holds: boolean;
  /** It is a time, a rate or a size: on a busy machine it says nothing, so that `npm test` does not judge it. */
  readonly ofMachine?: true;
}

/** Figures by what they count. */
export type Figures = Readonly<Record<string, Figure>>;

/** How often a check does what it does. */
export interface Counts {
  /** What the scorecard promises. */
  readonly full: number;
  /** For a look at it, by `--quick`. */
  readonly quick: number;
  /** In `npm test`; none for what takes its time, or is an ordinary test already. */
  readonly test?: number;
}

/** Tests of `npm test` that belong to a check: those of some files, or the ones whose names fit. */
export interface Ordinary {
  /** A path or pattern, from the root of the repository. */
  readonly files: string;
  /** Regular expression that the full names of the tests fit. */
  readonly grep?: string;
}

/** One line of the scorecard. */
export interface Check {
  /** As it is called on the command line: `C5`. */
  readonly id: string;
  readonly title: string;
  /** Ordinary tests that prove it, or a part of it: the scorecard runs them, too. */
  readonly ordinary?: readonly Ordinary[];
  /** What no ordinary test does: loops, and what is judged by time. */
  readonly trial?: Trial;
}

/** Something that is done many times over. */
export interface Trial {
  readonly counts: Counts;
  /** Why it cannot be run here; undefined when it can. */
  readonly obstacle?: () => string | undefined;
  /** Does it so often. @throws Error when there is nothing to measure: the check has failed, too */
  readonly run: (count: number) => Promise<Figures>;
}

export function exactly(value: number, limit: number): Figure {
  return { value, limit: `= ${limit}`, holds: value === limit };
}

/** Of what must never happen. */
export const none = (value: number): Figure => exactly(value, 0);

export function atLeast(value: number, limit: number): Figure {
  return { value, limit: `≥ ${limit}`, holds: value >= limit };
}

export function atMost(value: number, limit: number): Figure {
  return { value, limit: `≤ ${limit}`, holds: value <= limit };
}

/** A figure that depends on the machine. */
export function onThisMachine(figure: Figure): Figure {
  return { ...figure, ofMachine: true };
}

/** What does not hold: `lost: 3 (= 0)`. */
export function broken(figures: Figures, except: (figure: Figure) => boolean = () => false): string[] {
  return Object.entries(figures)
    .filter(([, figure]) => !figure.holds && !except(figure))
    .map(([name, { value, limit }]) => `${name}: ${value} (${limit})`);
}

/** Why a check that needs a privileged user cannot be run. */
export function needsRoot(): string | undefined {
  return process.getuid?.() === 0 ? undefined : 'it needs root on Linux, to act as another user';
}
