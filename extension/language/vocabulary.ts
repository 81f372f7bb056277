/** The vocabularies of pipeline files, as their JSON Schemas give them. */
import path from 'node:path';
import { isMap, isScalar, isSeq, type Scalar } from 'yaml';
import type { RefersTo } from '../../daemon/contract/references.ts';
import dvc from '../../schemas/dvc.schema.json' with { type: 'json' };
import modelthat from '../../schemas/modelthat.schema.json' with { type: 'json' };
import { entriesOf } from './yaml-text.ts';

/** What is used of JSON Schema, and the notes that ours have. */
export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly refersTo?: RefersTo;
  readonly planned?: boolean;
}

/** One of the formats that pipelines are written in. */
export interface Format {
  readonly schema: Schema;
  /** The key that the steps are below. */
  readonly steps: string;
  /** The key of a step's commands. */
  readonly command: string;
  /** The key of the folder that a step runs in. */
  readonly folder: string;
  /** What only DVC's format has. */
  readonly dvc?: {
    /** The key, of the file and of stages, of further sources of parameters. */
    readonly variables: string;
    /** The key that a repeated stage is below. */
    readonly repeated: string;
    /** The file beside it that remembers what stages ran with, below their names. */
    readonly lock: string;
  };
}

const MODELTHAT: Format = {
  // Inferred from the file, its type has no `refersTo` that is one of ours.
  schema: modelthat as unknown as Schema,
  steps: 'steps',
  command: 'run',
  folder: 'cwd',
};

const DVC: Format = {
  schema: dvc as unknown as Schema,
  steps: 'stages',
  command: 'cmd',
  folder: 'wdir',
  dvc: { variables: 'vars', repeated: 'do', lock: 'dvc.lock' },
};

const FORMATS: Readonly<Record<string, Format>> = {
  'modelthat.yaml': MODELTHAT,
  'modelthat.yml': MODELTHAT,
  'dvc.yaml': DVC,
};

/** The format of a pipeline file, by its name. */
export function formatOf(file: string): Format | undefined {
  const name = path.basename(file);
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
}

/** Keys of mappings and indices of lists, from the top of a file. */
export type KeyPath = readonly (string | number)[];

/** All that a value may be, alternatives apart. */
export function formsOf(schema: Schema): readonly Schema[] {
  return schema.anyOf ? schema.anyOf.flatMap(formsOf) : [schema];
}

/** What a mapping may hold, alternatives taken together; undefined for what cannot be one. */
export function mappingOf(schema: Schema): Schema | undefined {
  const forms = formsOf(schema).filter(form => form.type === 'object');
  const [first] = forms;
  if (first === undefined || forms.length === 1) return first;
  return { ...first, required: [], properties: Object.assign({}, ...forms.map(form => form.properties)) };
}

/** What the items of a list may be. */
export function itemOf(schema: Schema): Schema | undefined {
  return formsOf(schema).find(form => form.type === 'array')?.items;
}

/** What a mapping may have under a key. */
export function memberOf(schema: Schema, key: string): Schema | undefined {
  const { properties = {}, additionalProperties } = mappingOf(schema) ?? {};
  if (Object.hasOwn(properties, key)) return properties[key];
  return typeof additionalProperties === 'object' ? additionalProperties : undefined;
}

/** What may stand at a place. */
export function schemaAt(schema: Schema, at: KeyPath): Schema | undefined {
  let found: Schema | undefined = schema;
  for (const key of at) {
    if (found === undefined) return undefined;
    found = typeof key === 'number' ? itemOf(found) : memberOf(found, key);
  }
  return found;
}

/** What a text at a place stands for. */
export function referenceOf(schema: Schema | undefined): RefersTo | undefined {
  return schema && formsOf(schema).find(form => form.refersTo !== undefined)?.refersTo;
}

/** A scalar of a file, with its place in the vocabulary. */
export interface Found {
  /** Where it is; of a key, where its value is. */
  readonly at: KeyPath;
  readonly scalar: Scalar;
  readonly isKey: boolean;
  readonly refersTo: RefersTo | undefined;
}

/** Every scalar of a file, keys and values, in order. */
export function* scalarsOf(node: unknown, schema: Schema | undefined, at: KeyPath = []): Generator<Found> {
  if (isScalar(node)) {
    yield { at, scalar: node, isKey: false, refersTo: referenceOf(schema) };
  } else if (isSeq(node)) {
    const item = schema && itemOf(schema);
    for (const [index, each] of node.items.entries()) yield* scalarsOf(each, item, [...at, index]);
  } else if (isMap(node)) {
    const names = schema && mappingOf(schema)?.propertyNames;
    for (const { name, key, value } of entriesOf(node)) {
      yield { at: [...at, name], scalar: key, isKey: true, refersTo: names?.refersTo };
      yield* scalarsOf(value, schema && memberOf(schema, name), [...at, name]);
    }
  }
}
