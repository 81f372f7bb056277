import path from 'node:path';
import { isMap, type YAMLMap } from 'yaml';
import { meantBy } from '../../daemon/contract/references.ts';
import type { Files } from './files.ts';
import type { PipelineText, StepText } from './pipeline-text.ts';
import { Project } from './project.ts';
import type { Edit } from './rename.ts';
import { scalarsOf } from './vocabulary.ts';
import { contains, entriesOf, type Span, valueAt, YamlText } from './yaml-text.ts';

/** A problem as the editor shows it. */
export interface Problem {
  readonly span: Span;
  /** With its remedy. */
  readonly message: string;
}

/** A way to solve a problem. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly Edit[];
  /** Whether it is the likely one. */
  readonly isPreferred: boolean;
}

/** The ways to solve a problem of a pipeline file. */
export async function fixesFor(files: Files, file: string, problem: Problem): Promise<Fix[]> {
  const project = await Project.read(files, file);
  const pipeline = project.pipeline(file);
  if (!pipeline) return [];
  return [
    ...meantInstead(pipeline, problem),
    ...addStep(pipeline, problem),
    ...(await addParameters(files, project, pipeline, problem)),
  ];
}

/** What was probably meant, in place of the name that the message begins with. */
function meantInstead({ file, yaml }: PipelineText, { span, message }: Problem): Fix[] {
  const right = meantBy(message);
  const wrong = /“([^”]+)”/.exec(message)?.[1];
  if (right === undefined || wrong === undefined || right === wrong) return [];
  const at = yaml.slice(span).indexOf(wrong);
  if (at < 0) return [];
  const start = span.start + at;
  const edit = { file, span: { start, end: start + wrong.length }, text: right };
  return [{ title: `Change to “${right}”`, edits: [edit], isPreferred: true }];
}

/** Adds the step that is named where there is none. */
function addStep({ file, yaml, format, steps }: PipelineText, { span }: Problem): Fix[] {
  const named = [...scalarsOf(yaml.contents, format.schema)].find(
    ({ refersTo, scalar }) => refersTo === 'step' && contains(span, yaml.spanOf(scalar).start),
  );
  const name = named && yaml.slice(yaml.spanOf(named.scalar));
  const map = valueAt(yaml.contents, [format.steps]);
  if (!name || !isMap(map) || steps.some(step => step.name === name)) return [];
  const edit = insertEntry(file, yaml, map, `${name}:`, `${format.command}: echo ${name}`);
  return [{ title: `Add step “${name}”`, edits: [edit], isPreferred: false }];
}

/** Adds parameters that templates or the step's list name, where there are none. */
async function addParameters(
  files: Files,
  project: Project,
  pipeline: PipelineText,
  { span }: Problem,
): Promise<Fix[]> {
  const { yaml, format } = pipeline;
  const found = [...scalarsOf(yaml.contents, format.schema)].find(({ scalar }) =>
    contains(span, yaml.spanOf(scalar).start),
  );
  if (!found) return [];
  const text = yaml.slice(yaml.spanOf(found.scalar));
  const step = pipeline.stepAt(found.at);
  const known = project.parametersFor(pipeline, step);
  const names =
    found.refersTo === 'parameter'
      ? [text]
      : [...text.matchAll(/(?<!\\)\$\{([^}]*)\}/g)].map(([, name = '']) => name.trim());
  const missing = [...new Set(names)].filter(name => NAME.test(name) && !known.has(name));
  const fixes = missing.map(name => addParameter(files, project, pipeline, step, name));
  return (await Promise.all(fixes)).filter(fix => fix !== undefined);
}

const NAME = /^[\p{L}_][\p{L}\p{N}_-]*(\.[\p{L}\p{N}_-]+)*$/u;

async function addParameter(
  files: Files,
  project: Project,
  pipeline: PipelineText,
  step: StepText | undefined,
  name: string,
): Promise<Fix | undefined> {
  const [source] = pipeline.parameterSources(step);
  if (!source || !['.yaml', '.yml'].includes(path.extname(source.file))) return undefined;
  const yaml = project.yaml(source.file) ?? new YamlText((await files.read(source.file)) ?? '');
  const parts = name.split('.');
  let group = source.at.length === 0 ? yaml.contents : (valueAt(yaml.contents, source.at) ?? null);
  let rest = parts;
  while (rest.length > 1) {
    const inner = valueAt(group, [rest[0] ?? '']);
    if (!isMap(inner)) break;
    group = inner;
    rest = rest.slice(1);
  }
  if (group !== null && !isMap(group)) return undefined;
  const last = rest.at(-1);
  const lines = [...rest.slice(0, -1).map(each => `${each}:`), `${last}: null`];
  const edit = insertEntry(source.file, yaml, group, ...lines);
  return {
    title: `Add parameter “${name}” to ${path.basename(source.file)}`,
    edits: [edit],
    isPreferred: false,
  };
}

/** Adds an entry at the end of a mapping; each further line is below the one before. */
function insertEntry(file: string, yaml: YamlText, map: YAMLMap | null, ...lines: string[]): Edit {
  const { text } = yaml;
  const at = (offset: number, inserted: string): Edit => ({
    file,
    span: { start: offset, end: offset },
    text: inserted,
  });
  const last = entriesOf(map).at(-1);
  if (!map || !last) {
    const block = lines.map((line, depth) => `${'  '.repeat(depth)}${line}\n`).join('');
    return at(text.length, text === '' || text.endsWith('\n') ? block : `\n${block}`);
  }
  const end = last.value?.range?.[1] ?? yaml.spanOf(last.key).end;
  if (map.flow)
    return at(
      end,
      `, ${lines.map(line => line.replace(/:$/, ': { ')).join('')}${' }'.repeat(lines.length - 1)}`,
    );
  const indent = ' '.repeat(yaml.position(yaml.spanOf(last.key).start).character);
  const lastCharacter = text.slice(0, end).trimEnd().length;
  const newline = text.indexOf('\n', lastCharacter);
  const inserted = lines.map((line, depth) => `\n${indent}${'  '.repeat(depth)}${line}`).join('');
  return at(newline < 0 ? text.length : newline, inserted);
}
