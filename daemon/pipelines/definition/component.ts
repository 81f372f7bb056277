// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts show the syntax that they are about
/** Components: folders with a `component.yaml` that say how to make outputs from inputs, for pipelines to use. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { SYNONYMS } from './schema.ts';
import { readSource, type Source } from './source.ts';
import { checkShape } from './vocabulary.ts';

/** The file that makes a folder a component. */
export const COMPONENT_FILE = 'component.yaml';

const Name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/);
const Text = z.string().min(1);

/** Names, in a list, or with what each of them is. */
const Names = z.union([
  z.array(Name),
  z.record(Name, z.union([z.string(), z.null()])).transform(names => Object.keys(names)),
]);

export const ComponentSource = z.strictObject({
  name: Text.describe('What people call it.'),
  version: z.union([Text, z.number()]).describe('Its version, for people.'),
  desc: z.string().optional().describe('What it does.'),
  inputs: Names.default([]).describe('Names of the files and folders that it reads, each with what it is.'),
  outputs: Names.default([]).describe('Names of the files and folders that it makes, each with what it is.'),
  params: z
    .record(Name, z.unknown())
    .default({})
    .describe(
      'Its parameters with their values if a step gives none; null for one that each step must give.',
    ),
  run: z
    .union([Text.transform(one => [one]), z.array(Text).min(1)])
    .describe(
      'A command, or several. It runs in the folder of the component, and refers to ${inputs.name}, ${outputs.name} and ${params.name}.',
    ),
});
type ComponentSource = z.infer<typeof ComponentSource>;

/** A component that steps can use. */
export interface Component extends ComponentSource {
  readonly folder: string;
  readonly source: Source;
}

/** Reads components, each once. */
export class ComponentReader {
  readonly #read = new Map<string, Component | Source>();

  /** @returns the component of a folder; its source when there are problems in it; undefined when there is none */
  read(folder: string): Component | Source | undefined {
    const file = path.join(folder, COMPONENT_FILE);
    if (!this.#read.has(folder) && !existsSync(file)) return undefined;
    const found = this.#read.get(folder) ?? readComponent(folder, file);
    this.#read.set(folder, found);
    return found;
  }

  /** Problems in all components that were read. */
  get problems() {
    return [...this.#read.values()].flatMap(read => ('source' in read ? read.source : read).problems);
  }
}

function readComponent(folder: string, file: string): Component | Source {
  const source = readSource(file);
  if (source.failed) return source;
  const content = checkShape(source, ComponentSource, source.data ?? {}, { synonyms: SYNONYMS });
  if (!content) return source;
  const names = [...content.inputs, ...content.outputs, ...Object.keys(content.params)];
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return { ...content, folder, source };
  source.error([], `“${twice}” is there twice`, 'Give inputs, outputs and parameters different names.');
  return source;
}
