/** Whether a stage has to run, by DVC's rules, and why, in our words. */
import { UNREADABLE } from '../inputs/content.ts';
import { relativeTo } from '../inputs/read.ts';
import { isList } from './context.ts';
import type { LockedFile } from './lock-entry.ts';
import type { DvcParams } from './model.ts';
import { isDict, keyText, type PythonDict, PythonTime, type PythonValue, toPlain } from './python.ts';
import { nameInLock, type Placed, paramName, type StageState } from './stage-state.ts';

/** A difference, in a person's words. */
export interface Reason {
  readonly text: string;
  /** The dependency whose content changed, and the digest it had. */
  readonly changed?: { readonly place: string; readonly before: string };
}

/** How a stage's inputs and command differ from those of its last run, what people change most often first. */
export function inputReasons(stage: Placed, state: StageState): Reason[] {
  const { entry } = state;
  if (!entry) return [{ text: 'it has not run before' }];
  return [
    ...stage.stage.params.flatMap(params => paramReasons(stage, state, params)),
    ...depReasons(stage, state),
    ...commandReasons(entry.cmd, stage.stage.cmd),
  ];
}

/** How a stage's outputs are not as its last run left them. */
export function outputReasons(stage: Placed, { entry, contents, lost }: StageState): Reason[] {
  const before = digestsOf(entry?.outs ?? []);
  return stage.stage.outs.flatMap(({ path: place }): Reason[] => {
    const name = relativeTo(stage.folder, place);
    const old = before.get(nameInLock(stage, place));
    const now = contents.get(place);
    if (old !== undefined && lost.has(old)) return [{ text: `its output ${name} is not in the cache` }];
    if (!now) return [{ text: `its output ${name} is missing` }];
    if (old === undefined) return [{ text: `its output ${name} is new` }];
    return old === now.digest ? [] : [{ text: `its output ${name} was changed` }];
  });
}

/** Why a stage runs whatever is the case; undefined when it need not. */
export function whyAlways({ stage }: Placed): string | undefined {
  if (stage.alwaysChanged) return 'it runs every time: always_changed';
  const { deps, params, outs } = stage;
  const isCallback = deps.length === 0 && params.length === 0 && outs.length === 0;
  return isCallback ? 'it runs every time: it depends on nothing and makes nothing' : undefined;
}

function paramReasons(stage: Placed, { entry, params }: StageState, { file, keys }: DvcParams): Reason[] {
  const now = params.get(file);
  const name = relativeTo(stage.folder, file);
  if (!now) return [{ text: `${name} is gone` }];
  const before = entry?.params.get(nameInLock(stage, file));
  if (!before) return [{ text: `the parameters of ${name} are new` }];
  const names = keys ?? [...new Set([...now.keys(), ...before.keys()].map(keyText))];
  return names.flatMap(key => {
    const shown = paramName(stage, file, key);
    if (!has(now, key)) return [{ text: `parameter ${shown} is gone` }];
    return has(before, key)
      ? valueReasons(shown, valueIn(before, key), valueIn(now, key))
      : [{ text: `parameter ${shown} is new` }];
  });
}

function has(dict: PythonDict, name: string): boolean {
  return dict.has(name) || [...dict.keys()].some(key => keyText(key) === name);
}

function valueIn(dict: PythonDict, name: string): PythonValue {
  return dict.get(name) ?? [...dict].find(([key]) => keyText(key) === name)?.[1] ?? null;
}

/** Each leaf of a group by itself. */
function valueReasons(name: string, before: PythonValue, now: PythonValue): Reason[] {
  if (isEqual(before, now)) return [];
  const [old, fresh] = [leavesOf(name, before), leavesOf(name, now)];
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter(leaf => !isEqual(old.get(leaf), fresh.get(leaf)))
    .map(leaf => ({ text: `parameter ${leaf}: ${show(old.get(leaf))} → ${show(fresh.get(leaf))}` }));
}

function leavesOf(name: string, value: PythonValue): Map<string, PythonValue> {
  if (!isDict(value)) return new Map([[name, value]]);
  return new Map([...value].flatMap(([key, member]) => [...leavesOf(`${name}.${keyText(key)}`, member)]));
}

/** Whether Python's `==` holds: `1 == 1.0 == True`, and a date is no text. */
function isEqual(a: PythonValue | undefined, b: PythonValue | undefined): boolean {
  if (isList(a) && isList(b))
    return a.length === b.length && a.every((each, index) => isEqual(each, b[index]));
  if (isDict(a) && isDict(b))
    return a.size === b.size && [...a].every(([key, each]) => isEqual(each, b.get(key)));
  if (a instanceof PythonTime && b instanceof PythonTime) return a.text === b.text;
  const [left, right] = [numeric(a), numeric(b)];
  // A bigint and a number are compared by their values; seeds of 64 bits are no numbers of JavaScript's.
  // biome-ignore lint/suspicious/noDoubleEquals: the two types are never identical
  if (left !== undefined && right !== undefined) return left == right;
  return a === b;
}

function numeric(value: PythonValue | undefined): bigint | number | undefined {
  if (typeof value === 'boolean') return value ? 1n : 0n;
  return typeof value === 'bigint' || typeof value === 'number' ? value : undefined;
}

function show(value: PythonValue | undefined): string {
  if (value === undefined) return 'none';
  return value instanceof PythonTime ? value.text : JSON.stringify(toPlain(value));
}

function depReasons(stage: Placed, { entry, inputs }: StageState): Reason[] {
  const before = digestsOf(entry?.deps ?? []);
  return stage.stage.deps.flatMap((place): Reason[] => {
    const name = relativeTo(stage.folder, place);
    const old = before.get(nameInLock(stage, place));
    const now = inputs.deps[name] ?? null;
    if (now === null) return [{ text: `${name} is gone` }];
    if (now.startsWith(UNREADABLE)) return [{ text: `${name} is ${now}` }];
    if (old === undefined) return [{ text: `${name} is new` }];
    return old === now ? [] : [{ text: `${name} changed`, changed: { place, before: old } }];
  });
}

function digestsOf(files: readonly LockedFile[]): Map<string, string> {
  return new Map(files.filter(({ digest }) => digest !== '').map(({ path, digest }) => [path, digest]));
}

function commandReasons(before: string | readonly string[], now: string | readonly string[]): Reason[] {
  if (isEqual(before, now)) return [];
  const shown = (cmd: string | readonly string[]) => (typeof cmd === 'string' ? cmd : cmd.join('; '));
  return [{ text: `command: ${shown(before)} → ${shown(now)}` }];
}
