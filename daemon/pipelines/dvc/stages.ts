/** Reads the stages of a `dvc.yaml`: makes the members of groups, fills in templates, and makes paths absolute. */
import path from 'node:path';
import type * as z from 'zod';
import { findDvc, INSTALL_DVC } from '../../client/dvc-program.ts';
import { ValueError } from '../definition/attempts.ts';
import { expandForeach, expandMatrix, type Member, memberName } from '../definition/expand.ts';
import type { Source, SourcePath } from '../definition/source.ts';
import { TemplateError } from '../definition/template.ts';
import { checkShape } from '../definition/vocabulary.ts';
import type { Parsing } from './config.ts';
import { type Context, isList, valueAt } from './context.ts';
import { isElsewhere } from './elsewhere.ts';
import { META_KEYS, readMeta, type StageMeta } from './meta.ts';
import type { DvcOutput, DvcParams, DvcStage } from './model.ts';
import { isDict, keyText, type PythonDict, PythonTime, type PythonValue } from './python.ts';
import { DVC_SYNONYMS, ForeachSource, MatrixSource, StageSource } from './schema.ts';
import { composite, fill, pythonText, scalarText } from './template.ts';
import { DEFAULT_PARAMS, type Scope, type VarsReader } from './vars.ts';

/** A stage, and where it stands. */
export interface ReadStage {
  readonly stage: DvcStage;
  /** Of its entry, which the members of a group share. */
  readonly at: SourcePath;
  /** Where its dependencies and files of parameters stand, by absolute path. */
  readonly inputsAt: ReadonlyMap<string, SourcePath>;
  /** Where its outputs stand, by absolute path. */
  readonly outputsAt: ReadonlyMap<string, SourcePath>;
  /** What it says below `meta` for modelthat. */
  readonly meta: StageMeta;
}

/** What all stages of a file are read with. */
export interface StageContext {
  readonly source: Source;
  readonly scope: Scope;
  readonly vars: VarsReader;
  readonly parsing: Parsing;
}

/** Where a reference may stand for more than a single value. */
type Place = 'text' | 'command' | 'data';

export class StageReader {
  readonly #source: Source;
  readonly #folder: string;
  readonly #context: StageContext;

  constructor(context: StageContext) {
    this.#source = context.source;
    this.#folder = path.dirname(context.source.file);
    this.#context = context;
  }

  /** The stages of one entry: all members of a group. What is wrong is reported in the source. */
  read(name: string, entry: PythonValue): ReadStage[] {
    const at: SourcePath = ['stages', name];
    if (name.includes('@')) {
      const remedy = 'Use “-” or “_”: what follows “@” is the member of a group.';
      this.#source.errorAtKey(at, `“${name}” is not a fitting name`, remedy);
      return [];
    }
    if (!isDict(entry)) {
      this.#source.errorAtKey(at, `“${name}” must be a mapping`, 'Give it “cmd:”.');
      return [];
    }
    if (entry.has('foreach') || entry.has('do')) return this.#foreach(name, entry, at);
    if (entry.has('matrix')) return this.#matrix(name, entry, at);
    if (!this.#check(StageSource, entry, at)) return [];
    return this.#stage(name, entry, at, at, this.#context.scope) ?? [];
  }

  #foreach(name: string, entry: PythonDict, at: SourcePath): ReadStage[] {
    if (!this.#check(ForeachSource, entry, at)) return [];
    const place = [...at, 'foreach'];
    const data = this.#fill(entry.get('foreach') ?? null, place, this.#context.scope.context, 'data');
    if (data === undefined) return [];
    if (!isList(data) && !isDict(data)) {
      this.#source.error(place, 'this is neither a list nor a mapping', 'Name one that is.');
      return [];
    }
    const record = isDict(data) ? byText(data) : data;
    const raw = entry.get('foreach') ?? null;
    const expand = () => expandForeach(record, (value, index) => nameOf(value, raw, index));
    return this.#members(place, expand, name, entry.get('do'), [...at, 'do'], at);
  }

  #matrix(name: string, entry: PythonDict, at: SourcePath): ReadStage[] {
    if (!this.#check(MatrixSource, entry, at)) return [];
    const place = [...at, 'matrix'];
    const axes = this.#fill(entry.get('matrix') ?? null, place, this.#context.scope.context, 'data');
    if (!isDict(axes)) return [];
    const lists: Record<string, readonly PythonValue[]> = {};
    for (const [axis, values] of axes) {
      if (isList(values)) lists[keyText(axis)] = values;
      else {
        this.#source.error([...place, keyText(axis)], 'this is not a list', 'Name a list of values.');
        return [];
      }
    }
    const template = new Map([...entry].filter(([key]) => key !== 'matrix'));
    const raw = entry.get('matrix') ?? null;
    const expand = () =>
      expandMatrix(lists, (value, index, axis = '') => nameOf(value, valueAt(raw, [axis]) ?? null, index));
    return this.#members(place, expand, name, template, at, at);
  }

  #members(
    place: SourcePath,
    expand: () => Member[],
    group: string,
    template: PythonValue | undefined,
    at: SourcePath,
    entryAt: SourcePath,
  ): ReadStage[] {
    const stages: ReadStage[] = [];
    const { scope } = this.#context;
    for (const { key, item, hasKey } of this.#guard(place, expand) ?? []) {
      if (key === '' || key.includes('@')) {
        const remedy = 'Use a mapping of names to values: the names are those of the stages.';
        this.#source.error(place, `“${key}” cannot name a stage`, remedy);
        return stages;
      }
      const named = new Map<PythonValue, PythonValue>([['item', asValue(item)]]);
      if (hasKey) named.set('key', key);
      const inner = { ...scope, context: scope.context.with(named, 'its group') };
      const stage = this.#stage(memberName(group, key), template as PythonDict, at, entryAt, inner);
      // What is wrong with one is wrong with the others.
      if (!stage) return stages;
      stages.push(...stage);
    }
    return stages;
  }

  /** @returns undefined when something is wrong with it */
  #stage(
    name: string,
    definition: PythonDict,
    at: SourcePath,
    entryAt: SourcePath,
    outer: Scope,
  ): [ReadStage] | undefined {
    const before = this.#errors;
    const scope = this.#withVars(definition, at, outer);
    const filled = new Map<PythonValue, PythonValue>();
    for (const [key, value] of definition) {
      if (key === 'vars') continue;
      const place = key === 'cmd' ? 'command' : 'text';
      filled.set(key, this.#fill(value, [...at, keyText(key)], scope.context, place) ?? null);
    }
    if (this.#errors > before) return undefined;
    const source = this.#check(StageSource, filled, at);
    if (!source) return undefined;
    const built = new StageBuilder(this.#source, this.#folder, at).build(name, source);
    if (this.#errors > before) return undefined;
    return [{ ...built, at: entryAt, meta: readMeta(filled.get('meta') ?? null, this.#source, at) }];
  }

  get #errors(): number {
    return this.#source.problems.filter(({ severity }) => severity === 'error').length;
  }

  #withVars(definition: PythonDict, at: SourcePath, scope: Scope): Scope {
    const vars = definition.get('vars');
    if (!isList(vars)) return scope;
    const wdir = definition.get('wdir');
    const filled = wdir === undefined ? '.' : this.#fill(wdir, [...at, 'wdir'], scope.context, 'text');
    const folder = path.resolve(this.#folder, scalarText(filled ?? '.'));
    return this.#context.vars.add(scope, vars, { source: this.#source, at: [...at, 'vars'], folder });
  }

  /** @returns undefined when it cannot be filled in */
  #fill(value: PythonValue, at: SourcePath, context: Context, place: Place): PythonValue | undefined {
    if (typeof value === 'string') return this.#guard(at, () => this.#fillText(value, context, place));
    if (isList(value))
      return value.map((member, index) => this.#fill(member, [...at, index], context, place) ?? null);
    if (!isDict(value)) return value;
    const entries = [...value].map(([key, member]): [PythonValue, PythonValue] => [
      this.#fill(key, at, context, 'text') ?? null,
      this.#fill(member, [...at, keyText(key)], context, place) ?? null,
    ]);
    return new Map(entries);
  }

  #fillText(text: string, context: Context, place: Place): PythonValue {
    const filled = fill(text, context, place === 'command' ? this.#context.parsing : undefined);
    if (place !== 'data' && (isList(filled) || isDict(filled))) throw composite(text, filled);
    return filled;
  }

  #check<Schema extends z.ZodType>(schema: Schema, value: PythonDict, at: SourcePath) {
    return checkShape(this.#source, schema, asObjects(value), { at, synonyms: DVC_SYNONYMS, remedyFor });
  }

  #guard<T>(at: SourcePath, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof ValueError)) throw error;
      this.#source.error(at, error.message, error.remedy);
      return undefined;
    }
  }
}

/** Makes one stage of what it says. */
class StageBuilder {
  readonly #source: Source;
  readonly #folder: string;
  readonly #at: SourcePath;
  readonly #inputsAt = new Map<string, SourcePath>();
  readonly #outputsAt = new Map<string, SourcePath>();
  readonly #elsewhere: string[] = [];

  constructor(source: Source, folder: string, at: SourcePath) {
    this.#source = source;
    this.#folder = folder;
    this.#at = at;
  }

  build(name: string, stage: StageSource): Pick<ReadStage, 'stage' | 'inputsAt' | 'outputsAt'> {
    const wdir = path.resolve(this.#folder, stage.wdir ?? '.');
    const deps = stage.deps.flatMap(
      (dep, index) => this.#path(this.#inputsAt, wdir, dep, ['deps', index]) ?? [],
    );
    const outs = [
      ...this.#outs(wdir, stage.outs, 'outs', 'out'),
      ...this.#outs(wdir, stage.metrics, 'metrics', 'metric'),
      ...this.#outs(wdir, stage.plots, 'plots', 'plot'),
    ];
    return {
      inputsAt: this.#inputsAt,
      outputsAt: this.#outputsAt,
      stage: {
        name,
        lock: path.join(this.#folder, 'dvc.lock'),
        wdir,
        cmd: stage.cmd,
        deps,
        params: this.#params(wdir, stage.params),
        outs,
        elsewhere: this.#elsewhere,
        frozen: stage.frozen,
        alwaysChanged: stage.always_changed,
      },
    };
  }

  /** Flags that are given for one path in several places add up. */
  #outs(
    wdir: string,
    declared: StageSource['outs'],
    key: 'outs' | 'metrics' | 'plots',
    kind: DvcOutput['kind'],
  ): DvcOutput[] {
    const outs = new Map<string, DvcOutput>();
    for (const [index, out] of declared.entries()) {
      const entries = typeof out === 'string' ? [[out, {}] as const] : Object.entries(out);
      for (const [name, flags] of entries) {
        const place = this.#path(this.#outputsAt, wdir, name, [key, index]);
        if (place === undefined) continue;
        const { cache, persist } = outs.get(place) ?? { cache: true, persist: false };
        outs.set(place, { path: place, kind, cache, persist, ...defined(flags) });
      }
    }
    return [...outs.values()];
  }

  #params(wdir: string, declared: StageSource['params']): DvcParams[] {
    const files = new Map<string, string[]>();
    const whole = new Set<string>();
    for (const [index, entry] of declared.entries()) {
      for (const [name, keys] of Object.entries(
        typeof entry === 'string' ? { [DEFAULT_PARAMS]: [entry] } : entry,
      )) {
        const file = this.#path(this.#inputsAt, wdir, name, ['params', index]);
        if (file === undefined) continue;
        files.set(file, [...(files.get(file) ?? []), ...(keys ?? [])]);
        if (keys === null || keys.length === 0) whole.add(file);
      }
    }
    return [...files].map(([file, keys]) => ({ file, keys: whole.has(file) ? null : keys }));
  }

  /** @returns undefined for what is not on this machine */
  #path(places: Map<string, SourcePath>, wdir: string, name: string, where: SourcePath): string | undefined {
    const at = [...this.#at, ...where];
    if (isElsewhere(name)) {
      if (findDvc(wdir) === undefined)
        this.#source.warn(
          at,
          `“${name}” is not on this machine, and DVC, which could reach it, is not installed: the stage cannot be run here`,
          `${INSTALL_DVC}; the other stages can run.`,
        );
      this.#elsewhere.push(name);
      return undefined;
    }
    const place = path.resolve(wdir, name);
    places.set(place, at);
    return place;
  }
}

function defined({ cache, persist }: { cache?: boolean | undefined; persist?: boolean | undefined }) {
  return { ...(cache !== undefined && { cache }), ...(persist !== undefined && { persist }) };
}

function remedyFor(key: string): string | undefined {
  return META_KEYS.has(key) ? `Write it below “meta:”, which DVC leaves alone.` : undefined;
}

/**
 * A value as it is written in the name of a member. What a reference stands for is written as Python does.
 *
 * @param raw what its list was made of: a reference, or a list of values and references
 */
function nameOf(value: unknown, raw: PythonValue, index: number): string {
  const isReference = typeof (isList(raw) ? raw[index] : raw) === 'string';
  return isReference ? pythonText(value as PythonValue) : scalarText(value as PythonValue);
}

/** What comes back from `expand` is what went in, but for the mapping that it makes of a matrix. */
function asValue(item: unknown): PythonValue {
  const isPlain = typeof item === 'object' && item?.constructor === Object;
  return isPlain ? new Map(Object.entries(item)) : (item as PythonValue);
}

function byText(dict: PythonDict): Record<string, PythonValue> {
  return Object.fromEntries([...dict].map(([key, value]) => [scalarText(key), value]));
}

/** Mappings as plain objects, as schemas know them. */
export function asObjects(value: PythonValue): unknown {
  if (value instanceof PythonTime) return value;
  if (isList(value)) return value.map(asObjects);
  if (!isDict(value)) return value;
  return Object.fromEntries([...value].map(([key, member]) => [keyText(key), asObjects(member)]));
}
