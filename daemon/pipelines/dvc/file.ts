/** Reads one `dvc.yaml`: its vocabulary, variables, stages, and the templates of its other sections. */
import path from 'node:path';
import { readSource, Source } from '../definition/source.ts';
import { TemplateError } from '../definition/template.ts';
import { checkShape } from '../definition/vocabulary.ts';
import type { Parsing } from './config.ts';
import { type Context, isList } from './context.ts';
import { isDict, keyText, type PythonDict, type PythonValue } from './python.ts';
import { DVC_SYNONYMS, DvcFileSource } from './schema.ts';
import { asObjects, type ReadStage, StageReader } from './stages.ts';
import { fill } from './template.ts';
import { EMPTY_SCOPE, type VarsReader } from './vars.ts';
import { DVC_YAML } from './yaml.ts';

/** A `dvc.yaml`, read; what is wrong with it is reported in its source. */
export interface DvcFile {
  readonly source: Source;
  readonly stages: readonly ReadStage[];
  /** What its templates see. */
  readonly params: PythonDict;
  /** Files that those are from, in order. */
  readonly loaded: readonly string[];
}

/** Sections beside the stages whose templates are filled in whenever the file is read. */
const SECTIONS = ['params', 'metrics', 'plots', 'artifacts', 'datasets'] as const;

/** @param text unsaved text in place of the file's content */
export function readDvcFile(
  file: string,
  text: string | undefined,
  vars: VarsReader,
  parsing: Parsing,
): DvcFile {
  const source = text === undefined ? readSource(file, DVC_YAML) : new Source(file, text, DVC_YAML);
  const nothing = { source, stages: [], params: new Map(), loaded: [] };
  const data = (source.data ?? new Map()) as PythonValue;
  if (source.failed) return nothing;
  if (!isDict(data)) {
    source.error([], 'the file must be a mapping', 'Begin with “stages:”.');
    return nothing;
  }
  if (!checkShape(source, DvcFileSource, asObjects(data), { synonyms: DVC_SYNONYMS })) return nothing;

  const place = { source, at: ['vars'], folder: path.dirname(file) };
  const declared = data.get('vars');
  const scope = vars.add(vars.addDefault(EMPTY_SCOPE, place), isList(declared) ? declared : [], place);
  const loaded = [...scope.loaded.keys()];
  // Every reference to what is missing would be reported, too.
  if (source.failed || !scope.complete) return { ...nothing, params: scope.context.values, loaded };

  for (const section of SECTIONS) checkTemplates(source, data.get(section) ?? null, [section], scope.context);
  const stages = data.get('stages');
  const reader = new StageReader({ source, scope, vars, parsing });
  const read = isDict(stages)
    ? [...stages].flatMap(([name, entry]) => reader.read(keyText(name), entry))
    : [];
  return { source, stages: read, params: scope.context.values, loaded };
}

function checkTemplates(
  source: Source,
  value: PythonValue,
  at: readonly PropertyKey[],
  context: Context,
): void {
  if (typeof value === 'string') {
    try {
      fill(value, context);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      source.error(at, error.message, error.remedy);
    }
  } else if (isList(value)) {
    for (const [index, member] of value.entries()) checkTemplates(source, member, [...at, index], context);
  } else if (isDict(value)) {
    for (const [key, member] of value) {
      checkTemplates(source, key, [...at, keyText(key)], context);
      checkTemplates(source, member, [...at, keyText(key)], context);
    }
  }
}
