/** What a step depends on, and how two states of that differ. */
import { createHash } from 'node:crypto';
import { UNREADABLE } from './content.ts';

/** Everything that a step's outcome is taken to depend on. Paths are relative to the pipeline's folder, with `/`. */
export interface StepInputs {
  readonly commands: readonly (readonly string[])[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Leaves of the parameters that the step sees, by dotted name. */
  readonly params: Readonly<Record<string, unknown>>;
  /** Digest of what each dependency holds; null = nothing is there. */
  readonly deps: Readonly<Record<string, string | null>>;
  /** Digest of each file of code. */
  readonly code: Readonly<Record<string, string | null>>;
  /** Hash of the Python environment's lock; null without one, or while it is not made. */
  readonly environment: string | null;
  /** What it writes. */
  readonly makes: readonly string[];
  /** The model that it registers a version of. */
  readonly register: string | null;
}

/** Names a state of inputs: SHA-256, hex. The order of names in it does not matter. */
export function keyOf(inputs: StepInputs): string {
  return hashOf(inputs);
}

/** SHA-256, hex, of plain data, in which the order of names does not matter. */
export function hashOf(data: unknown): string {
  return createHash('sha256').update(canonical(data)).digest('hex');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** One difference between two states of a step's inputs, in a person's words; `path` when a file's content changed. */
export interface Difference {
  readonly text: string;
  readonly path?: string;
  /** The digest of `path` before. */
  readonly before?: string;
}

/** How the inputs differ, what people change most often first. */
export function differences(before: StepInputs, now: StepInputs): Difference[] {
  return [
    ...valueDifferences('parameter ', before.params, now.params),
    ...fileDifferences('', before.deps, now.deps),
    ...fileDifferences('code ', before.code, now.code),
    ...changed('command', show(before.commands), show(now.commands)),
    ...valueDifferences('variable ', before.env, now.env),
    ...(before.environment === now.environment ? [] : [{ text: environmentDifference(before, now) }]),
    ...changed('folder', before.cwd, now.cwd),
    ...changed('outputs', before.makes.join(', '), now.makes.join(', ')),
    ...changed('registered model', before.register ?? 'none', now.register ?? 'none'),
  ];
}

function environmentDifference(before: StepInputs, now: StepInputs): string {
  if (now.environment === null) return 'the Python environment is not made yet, or none is named any more';
  return before.environment === null
    ? 'a Python environment is named for it'
    : 'the Python environment changed';
}

function show(commands: StepInputs['commands']): string {
  return commands.map(words => words.join(' ')).join('; ');
}

function changed(what: string, before: string, now: string): Difference[] {
  return before === now ? [] : [{ text: `${what}: ${before} → ${now}` }];
}

function valueDifferences(
  what: string,
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): Difference[] {
  return namesOf(before, now).flatMap(name => {
    const [old, fresh] = [before[name], now[name]].map(value => JSON.stringify(value) ?? 'none');
    return changed(`${what}${name}`, old ?? 'none', fresh ?? 'none');
  });
}

function fileDifferences(
  what: string,
  before: Readonly<Record<string, string | null>>,
  now: Readonly<Record<string, string | null>>,
): Difference[] {
  return namesOf(before, now).flatMap((name): Difference[] => {
    const [old, fresh] = [before[name], now[name]];
    if (fresh?.startsWith(UNREADABLE)) return [{ text: `${what}${name} is ${fresh}` }];
    if (old === fresh) return [];
    if (old === undefined || old === null) return [{ text: `${what}${name} is new` }];
    if (fresh === undefined) return [{ text: `${what}${name} is no longer used` }];
    if (fresh === null) return [{ text: `${what}${name} is gone` }];
    return [{ text: `${what}${name} changed`, path: name, before: old }];
  });
}

function namesOf(...records: readonly object[]): string[] {
  return [...new Set(records.flatMap(record => Object.keys(record)))].sort();
}
