/** What the texts of a project mention. Going to definitions, references, renaming, hovers and links rest on this. */
import path from 'node:path';
import type { RefersTo } from '../../daemon/contract/references.ts';
import { type Parameter, partsOf } from './parameters.ts';
import type { PipelineText, StepText } from './pipeline-text.ts';
import type { Project } from './project.ts';
import { type Found, scalarsOf } from './vocabulary.ts';
import { contains, type Span } from './yaml-text.ts';

/** What is mentioned. */
export type Subject =
  | { readonly kind: 'step'; readonly file: string; readonly name: string }
  /** The file is where its value is set. */
  | { readonly kind: 'parameter'; readonly file: string; readonly name: string }
  | { readonly kind: 'path'; readonly path: string }
  /** A Python module or script: the first of these files that exists. */
  | { readonly kind: 'code'; readonly candidates: readonly string[] };

export interface Mention {
  readonly subject: Subject;
  readonly file: string;
  readonly span: Span;
  /** A step's key, a parameter's key, and an output declare what others use. */
  readonly role: 'declares' | 'uses';
  /** The step that it stands in. */
  readonly step?: string;
  /** Of a path: the folder that it is relative to; undefined when templates are filled in, so that it cannot be rewritten. */
  readonly base?: string;
}

/** All that a project mentions. */
export function mentionsOf(project: Project): Mention[] {
  return [
    ...project.pipelines.flatMap(pipeline => [...mentionsIn(project, pipeline)]),
    ...project.parameterFiles.flatMap(file =>
      [...project.parametersIn({ file, at: [] }).values()].flatMap(declarations),
    ),
  ];
}

/** The narrowest mention at an offset of a file. */
export function mentionAt(mentions: readonly Mention[], file: string, offset: number): Mention | undefined {
  const width = ({ span }: Mention) => span.end - span.start;
  return mentions
    .filter(mention => mention.file === file && contains(mention.span, offset))
    .sort((a, b) => width(a) - width(b))[0];
}

export function isSame(one: Subject, other: Subject): boolean {
  if (one.kind === 'path') return other.kind === 'path' && one.path === other.path;
  if (one.kind === 'code' || one.kind !== other.kind) return false;
  return one.file === other.file && one.name === other.name;
}

/** Finds the output that is a path, or else the one that it lies in. */
export function makersIn(mentions: readonly Mention[]): (file: string) => Mention | undefined {
  const makers = new Map<string, Mention>();
  for (const mention of mentions) {
    const { role, subject } = mention;
    if (role === 'declares' && subject.kind === 'path' && !makers.has(subject.path))
      makers.set(subject.path, mention);
  }
  return file => {
    for (let at = file; ; at = path.dirname(at)) {
      const maker = makers.get(at);
      if (maker || at === path.dirname(at)) return maker;
    }
  };
}

/** The key of a parameter, and where else its own file names it. */
function declarations({ name, file, span, also = [] }: Parameter): Mention[] {
  const here = { subject: { kind: 'parameter', file, name }, file } as const;
  return [
    { ...here, span, role: 'declares' },
    ...also.map(each => ({ ...here, span: each, role: 'uses' as const })),
  ];
}

function* mentionsIn(project: Project, pipeline: PipelineText): Generator<Mention> {
  const { yaml, format } = pipeline;
  const inline = pipeline.allSources().filter(({ file }) => file === pipeline.file);
  for (const source of new Map(inline.map(source => [source.at.join('.'), source])).values()) {
    for (const parameter of project.parametersIn(source).values()) yield* declarations(parameter);
  }
  let context: Context | undefined;
  for (const found of scalarsOf(yaml.contents, format.schema)) {
    const step = pipeline.stepAt(found.at);
    if (!context || context.step !== step)
      context = { project, pipeline, step, parameters: project.parametersFor(pipeline, step) };
    yield* mentionsAt(context, found);
  }
}

interface Context {
  readonly project: Project;
  readonly pipeline: PipelineText;
  readonly step: StepText | undefined;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

function* mentionsAt(context: Context, found: Found): Generator<Mention> {
  const { pipeline, step, parameters } = context;
  const { at, scalar, isKey, refersTo } = found;
  const { file, yaml, format } = pipeline;
  const span = yaml.spanOf(scalar);
  const text = yaml.slice(span);
  const here = { file, span, ...(step && { step: step.name }) };

  if (isKey && at.length === 2 && at[0] === format.steps)
    yield { ...here, subject: { kind: 'step', file, name: text }, role: 'declares' };
  switch (refersTo) {
    case 'step': {
      // `train@cnn` is one of the steps that “train” is repeated as.
      const [name = ''] = text.split('@');
      const named = { start: span.start, end: span.start + name.length };
      yield { ...here, span: named, subject: { kind: 'step', file, name }, role: 'uses' };
      break;
    }
    case 'parameter':
      yield* named(here, listed(context, found) ?? parameters, text, span.start);
      break;
    case 'command':
      yield* code(here, text, step?.folder);
      break;
    case 'input':
    case 'output':
    case 'folder':
    case 'parameterFile':
      yield* pathMention(context, here, refersTo, text);
      if (refersTo === 'parameterFile') yield* namesInFile(context, here, text);
  }
  for (const { 1: name = '', index } of text.matchAll(TEMPLATE))
    yield* named(here, parameters, name, span.start + index + '${'.length);
}

const TEMPLATE = /(?<!\\)\$\{([^}]*)\}/g;

type Here = Pick<Mention, 'file' | 'span' | 'step'>;

/** The parameters that a step's own list names. */
function listed(
  { project, pipeline, step }: Context,
  { at }: Found,
): ReadonlyMap<string, Parameter> | undefined {
  const source = step && pipeline.listedSource(step, at);
  return source && project.parametersIn(source);
}

function* named(
  here: Here,
  parameters: ReadonlyMap<string, Parameter>,
  text: string,
  start: number,
): Generator<Mention> {
  for (const { name, span } of partsOf(text, start)) {
    const parameter = parameters.get(name);
    if (parameter)
      yield { ...here, span, subject: { kind: 'parameter', file: parameter.file, name }, role: 'uses' };
  }
}

/** The parameters of a file that DVC's variables take: `file:name,name`. */
function* namesInFile({ project, pipeline, step }: Context, here: Here, text: string): Generator<Mention> {
  const [file = '', names = ''] = text.split(':');
  const base = step ? step.folder : pipeline.folder;
  if (base === undefined) return;
  const parameters = project.parametersIn({ file: path.resolve(base, file), at: [] });
  const begin = here.span.start + file.length + ':'.length;
  for (const { 0: name, index } of names.matchAll(/[^,]+/g))
    yield* named(here, parameters, name, begin + index);
}

function* pathMention(
  { pipeline, step, parameters }: Context,
  here: Here,
  refersTo: RefersTo,
  text: string,
): Generator<Mention> {
  const base = step && refersTo !== 'folder' ? step.folder : pipeline.folder;
  // DVC names some of the parameters of a file after a colon.
  const [written = ''] = refersTo === 'parameterFile' ? text.split(':') : [text];
  if (base === undefined || written.trim() === '') return;
  const filled = written.replaceAll(TEMPLATE, (whole, name: string) => {
    const parameter = parameters.get(name.trim());
    return parameter && !parameter.isGroup ? String(parameter.value) : whole;
  });
  if (filled.includes('${')) return;
  const { start } = here.span;
  yield {
    ...here,
    span: { start, end: start + written.length },
    subject: { kind: 'path', path: path.resolve(base, filled) },
    role: refersTo === 'output' ? 'declares' : 'uses',
    ...(filled === written && { base }),
  };
}

const SOURCE_FOLDERS = ['.', 'src'];

/** The Python modules (`-m a.b`) and scripts (`x.py`) that a command names. */
function* code(here: Here, text: string, folder: string | undefined): Generator<Mention> {
  if (folder === undefined) return;
  const words = [...text.matchAll(/[^\s"'$]+/g)];
  for (const [position, { 0: word, index }] of words.entries()) {
    const isModule = words[position - 1]?.[0] === '-m' && /^[\w.]+$/.test(word);
    const candidates = isModule
      ? moduleFiles(folder, word)
      : word.endsWith('.py')
        ? [path.resolve(folder, word)]
        : [];
    const start = here.span.start + index;
    if (candidates.length > 0)
      yield {
        ...here,
        span: { start, end: start + word.length },
        subject: { kind: 'code', candidates },
        role: 'uses',
      };
  }
}

function moduleFiles(folder: string, module: string): string[] {
  const inPackage = module.split('.').join(path.sep);
  return SOURCE_FOLDERS.flatMap(source =>
    [`${inPackage}.py`, path.join(inPackage, '__main__.py'), path.join(inPackage, '__init__.py')].map(file =>
      path.resolve(folder, source, file),
    ),
  );
}
