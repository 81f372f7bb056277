/** What an import has come to so far. */
import type { ImportCounts, ImportProblem, Tally } from '../contract/imports.ts';
import type { Reporter } from './model.ts';

/** Problems that are kept; all are counted. */
const KEPT_PROBLEMS = 1_000;

type Noun = {
  [Key in keyof ImportCounts]: ImportCounts[Key] extends Tally ? Key : never;
}[keyof ImportCounts];

/** Counts and gathers. */
export class Report implements Reporter {
  readonly counts: ImportCounts = {
    experiments: newTally(),
    runs: newTally(),
    loggedModels: newTally(),
    models: newTally(),
    versions: newTally(),
    executions: newTally(),
    files: newTally(),
    points: 0,
    bytes: 0,
  };
  readonly problems: ImportProblem[] = [];
  problemCount = 0;
  readonly notes: string[] = [];

  problem(place: string, message: string, line?: number): void {
    this.problemCount += 1;
    if (this.problems.length < KEPT_PROBLEMS)
      this.problems.push({ place, message, ...(line === undefined ? {} : { line }) });
  }

  note(text: string): void {
    if (!this.notes.includes(text) && this.notes.length < KEPT_PROBLEMS) this.notes.push(text);
  }

  count(noun: Noun, outcome: keyof Tally, number = 1): void {
    this.counts[noun][outcome] += number;
  }
}

function newTally(): Tally {
  return { made: 0, changed: 0, same: 0 };
}
