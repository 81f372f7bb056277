/** Comparing plain data field by field: what differs, what differs by its nature, and what is within the tolerance. */
import picomatch from 'picomatch';
import type { FieldDifference, Verdict } from '../contract/reproductions.ts';

/** How many differences are told of one thing. */
const TOLD = 20;
/** How much of a value is told. */
const VALUE_LENGTH = 200;

/** What counts as the same. */
export interface Sameness {
  /** Relative to the larger of both numbers. */
  readonly tolerance: number;
  /** Names of volatile fields, with `*` for any characters. */
  readonly volatile: readonly string[];
  /** A folder, and the one whose copy it is: a path below the one is the same below the other. */
  readonly copy: { readonly of: string; readonly at: string };
}

/** What comparing found. */
export interface Compared {
  readonly result: Verdict;
  readonly volatile: string[];
  readonly differences: FieldDifference[];
}

const ORDER: readonly Verdict[] = ['identical', 'equal', 'different'];

/** The farthest from the same. */
export function worst(verdicts: Iterable<Verdict>): Verdict {
  const found = new Set(verdicts);
  return ORDER.findLast(verdict => found.has(verdict)) ?? 'identical';
}

/** Whether a name, or a dotted path that ends in it, is volatile. */
export function volatileBy(names: readonly string[]): (path: string) => boolean {
  const isVolatile = picomatch([...names], { nocase: true, dot: true });
  return path => isVolatile(path) || isVolatile(path.slice(path.lastIndexOf('.') + 1));
}

/** How far two numbers are from the same; NaN is the same as itself. */
export function compareNumbers(before: number, now: number, tolerance: number): Verdict {
  if (Object.is(before, now) || before === now) return 'identical';
  const distance = Math.abs(before - now);
  return distance <= tolerance * Math.max(Math.abs(before), Math.abs(now)) ? 'equal' : 'different';
}

/** Compares what JSON or YAML came to. */
export function compareData(before: unknown, now: unknown, sameness: Sameness): Compared {
  const comparison = new FieldComparison(sameness);
  comparison.compare('', before, now);
  return comparison;
}

class FieldComparison implements Compared {
  result: Verdict = 'identical';
  readonly volatile: string[] = [];
  readonly differences: FieldDifference[] = [];
  readonly #sameness: Sameness;
  readonly #isVolatile: (path: string) => boolean;

  constructor(sameness: Sameness) {
    this.#sameness = sameness;
    this.#isVolatile = volatileBy(sameness.volatile);
  }

  compare(field: string, before: unknown, now: unknown): void {
    if (Array.isArray(before) && Array.isArray(now) && before.length === now.length)
      for (const [index, each] of before.entries()) this.compare(`${field}[${index}]`, each, now[index]);
    else if (isObject(before) && isObject(now)) this.#compareObjects(field, before, now);
    else this.#compareLeaves(field, before, now);
  }

  #compareObjects(field: string, before: Record<string, unknown>, now: Record<string, unknown>): void {
    for (const name of new Set([...Object.keys(before), ...Object.keys(now)])) {
      const path = field === '' ? name : `${field}.${name}`;
      if (!this.#isVolatile(path)) this.compare(path, before[name], now[name]);
      else if (JSON.stringify(before[name]) !== JSON.stringify(now[name])) this.volatile.push(path);
    }
  }

  #compareLeaves(field: string, before: unknown, now: unknown): void {
    const { tolerance, copy } = this.#sameness;
    const result =
      typeof before === 'number' && typeof now === 'number'
        ? compareNumbers(before, now, tolerance)
        : sameText(JSON.stringify(before), JSON.stringify(now), copy)
          ? 'identical'
          : 'different';
    if (result === 'identical') return;
    this.result = worst([this.result, result]);
    if (this.differences.length < TOLD)
      this.differences.push({ field, before: show(before), now: show(now) });
  }
}

function sameText(
  before: string | undefined,
  now: string | undefined,
  { of, at }: Sameness['copy'],
): boolean {
  return before === now || (before !== undefined && before === now?.replaceAll(at, of));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= VALUE_LENGTH ? text : `${text.slice(0, VALUE_LENGTH - 1)}…`;
}
