import { existsSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { readSource, type Source, suggest } from './source.ts';
import { flatten } from './template.ts';

/** The file read when a definition names none, as DVC does. */
const DEFAULT_PARAMS = 'params.yaml';

/**
 * The parameters of a definition before overrides.
 *
 * @param declared the definition's `params`: a path, several, the parameters themselves, or nothing
 * @returns the sources of the values, when they have files of their own, with their problems
 */
export function readParams(
  declared: string | readonly string[] | Record<string, unknown> | undefined,
  folder: string,
): { params: Record<string, unknown>; sources: Source[] } {
  if (declared === undefined && !existsSync(path.join(folder, DEFAULT_PARAMS)))
    return { params: {}, sources: [] };
  const files = typeof declared === 'string' ? [declared] : (declared ?? [DEFAULT_PARAMS]);
  if (!isList(files)) return { params: files, sources: [] };
  const read = files.map(file => readFile(path.resolve(folder, file)));
  return {
    params: read.reduce((all, { params }) => merge(all, params), {} as Record<string, unknown>),
    sources: read.map(({ source }) => source),
  };
}

function readFile(file: string): { params: Record<string, unknown>; source: Source } {
  const source = readSource(file);
  const { data } = source;
  if (source.failed || data === null || data === undefined) return { params: {}, source };
  if (isGroup(data)) return { params: data, source };
  source.error([], 'parameters must be a mapping of names to values', 'Write lines like “lr: 0.1”.');
  return { params: {}, source };
}

/** Groups of both become one; otherwise the later value counts. */
function merge(earlier: Record<string, unknown>, later: Record<string, unknown>): Record<string, unknown> {
  const merged = new Map(Object.entries(earlier));
  for (const [name, value] of Object.entries(later)) {
    const before = merged.get(name);
    merged.set(name, isGroup(before) && isGroup(value) ? merge(before, value) : value);
  }
  return Object.fromEntries(merged);
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `Array.isArray` does not narrow read-only lists. */
function isList<Item>(value: readonly Item[] | Record<string, unknown>): value is readonly Item[] {
  return Array.isArray(value);
}

/** An override that does not fit the parameters. */
export interface OverrideProblem {
  readonly message: string;
  readonly remedy: string;
}

/**
 * Applies `--set a.b=v` overrides to a copy of the parameters. Values are read as YAML; a name must exist, because a
 * misspelt one would silently run the old value.
 */
export function override(
  params: Record<string, unknown>,
  set: Readonly<Record<string, string>>,
): { params: Record<string, unknown>; problems: OverrideProblem[] } {
  const result = structuredClone(params);
  const problems = Object.entries(set).flatMap(([name, text]) => overrideOne(result, name, text) ?? []);
  return { params: result, problems };
}

function overrideOne(
  params: Record<string, unknown>,
  name: string,
  text: string,
): OverrideProblem | undefined {
  const parts = name.split('.');
  const last = parts.pop() ?? '';
  let group: unknown = params;
  for (const part of parts) group = member(group, part);
  const old = member(group, last);
  if (old === undefined) {
    return {
      message: `“${name}=${text}”: there is no parameter “${name}”`,
      remedy: suggest(name, Object.keys(flatten(params))),
    };
  }
  if (typeof old === 'object' && old !== null && !Array.isArray(old)) {
    return {
      message: `“${name}=${text}”: “${name}” is a group of parameters`,
      remedy: `Set its members: ${Object.keys(flatten(old, name)).join(', ')}.`,
    };
  }
  try {
    (group as Record<string, unknown>)[last] = parse(text, { maxAliasCount: 0 });
    return undefined;
  } catch {
    return {
      message: `“${name}=${text}”: the value is not valid YAML`,
      remedy: 'Quote it as a YAML string.',
    };
  }
}

function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}
