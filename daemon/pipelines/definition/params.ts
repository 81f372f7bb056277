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
 * @param declared the definition's `params`: a path, the parameters themselves, or nothing
 * @returns the source of the values' own file, when there is one, with its problems
 */
export function readParams(
  declared: string | Record<string, unknown> | undefined,
  folder: string,
): { params: Record<string, unknown>; source: Source | null } {
  if (typeof declared === 'object') return { params: declared, source: null };
  const file = path.resolve(folder, declared ?? DEFAULT_PARAMS);
  if (declared === undefined && !existsSync(file)) return { params: {}, source: null };
  const source = readSource(file);
  const { data } = source;
  if (source.failed || data === null || data === undefined) return { params: {}, source };
  if (typeof data !== 'object' || Array.isArray(data)) {
    source.error([], 'parameters must be a mapping of names to values', 'Write lines like “lr: 0.1”.');
    return { params: {}, source };
  }
  return { params: data as Record<string, unknown>, source };
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
