import path from 'node:path';
import { parse } from 'yaml';
import type { Files } from './files.ts';
import { isSame, type Mention, mentionAt, mentionsOf, type Subject } from './mentions.ts';
import type { PipelineText } from './pipeline-text.ts';
import { Project } from './project.ts';
import { mappingOf, memberOf } from './vocabulary.ts';
import { entriesOf, type Span, valueAt, YamlText } from './yaml-text.ts';

/** A text in place of another. */
export interface Edit {
  readonly file: string;
  readonly span: Span;
  readonly text: string;
}

/** Why a name cannot be changed, or not to that. */
export class RenameError extends Error {
  override readonly name = 'RenameError';
}

/** What would be renamed at an offset. @throws RenameError */
export async function renameableAt(files: Files, file: string, offset: number): Promise<Span> {
  return renameable(mentionsOf(await Project.read(files)), file, offset).span;
}

/**
 * The edits that rename what stands at an offset, in all files that mention it. Files and folders stay where they are.
 *
 * @throws RenameError
 */
export async function renameAt(files: Files, file: string, offset: number, to: string): Promise<Edit[]> {
  const project = await Project.read(files);
  const mentions = mentionsOf(project);
  const mention = renameable(mentions, file, offset);
  const { subject } = mention;
  if (subject.kind === 'path') return movePath(mentions, mention, subject.path, to);
  if (subject.kind === 'step') checkStepName(project, subject, to);
  if (subject.kind === 'parameter') checkParameterName(mentions, subject, to);
  const edits = mentions
    .filter(other => isSame(other.subject, subject))
    .map(({ file, span }) => ({ file, span, text: to }));
  return subject.kind === 'step' ? [...edits, ...(await lockEdits(files, project, subject, to))] : edits;
}

/** Renames what DVC's lock file has of a stage, or of all that it is repeated as: otherwise they would be run again. */
async function lockEdits(
  files: Files,
  project: Project,
  { file, name }: Subject & { kind: 'step' },
  to: string,
): Promise<Edit[]> {
  const pipeline = project.pipeline(file);
  if (!pipeline?.format.dvc) return [];
  const lock = path.join(pipeline.folder, pipeline.format.dvc.lock);
  const yaml = new YamlText((await files.read(lock)) ?? '');
  return entriesOf(valueAt(yaml.contents, [pipeline.format.steps]))
    .filter(entry => entry.name === name || entry.name.startsWith(`${name}@`))
    .map(({ key }) => {
      const { start } = yaml.spanOf(key);
      return { file: lock, span: { start, end: start + name.length }, text: to };
    });
}

function renameable(mentions: readonly Mention[], file: string, offset: number): Mention {
  const mention = mentionAt(mentions, file, offset);
  if (!mention)
    throw new RenameError('Steps, parameters and paths can be renamed, and here is none of them.');
  if (mention.subject.kind === 'code')
    throw new RenameError('Rename the Python file itself, and then what the command says.');
  if (mention.subject.kind === 'parameter' && path.extname(mention.subject.file) === '.py')
    throw new RenameError(
      `“${mention.subject.name}” is set in Python code, which may use it elsewhere: rename it there, and then what names it in the pipelines.`,
    );
  if (mention.subject.kind === 'path' && mention.base === undefined)
    throw new RenameError('The path is made from parameters: rename those, or write the path out.');
  return mention;
}

function checkStepName(project: Project, { file, name }: Subject & { kind: 'step' }, to: string): void {
  const pipeline = project.pipeline(file);
  const pattern = pipeline && stepPattern(pipeline);
  if (pattern && !new RegExp(pattern, 'u').test(to))
    throw new RenameError(`“${to}” is not a name for a step: use letters, digits, “_” and “-”.`);
  checkIsText(to);
  if (to !== name && pipeline?.steps.some(step => step.name === to))
    throw new RenameError(`There is a step “${to}” already.`);
}

function stepPattern({ format }: PipelineText): string | undefined {
  const steps = memberOf(format.schema, format.steps);
  return steps && mappingOf(steps)?.propertyNames?.pattern;
}

const FIRST_PART = /^[\p{L}_][\p{L}\p{N}_-]*$/u;
const FURTHER_PART = /^[\p{L}\p{N}_-]+$/u;

function checkParameterName(
  mentions: readonly Mention[],
  { file, name }: Subject & { kind: 'parameter' },
  to: string,
): void {
  const group = name.slice(0, name.lastIndexOf('.') + 1);
  if (!(group === '' ? FIRST_PART : FURTHER_PART).test(to))
    throw new RenameError(`“${to}” is not a name for a parameter: use letters, digits, “_” and “-”.`);
  checkIsText(to);
  const renamed: Subject = { kind: 'parameter', file, name: `${group}${to}` };
  if (renamed.name !== name && mentions.some(({ subject }) => isSame(subject, renamed)))
    throw new RenameError(`There is a parameter “${renamed.name}” already.`);
}

/** YAML reads some words as numbers or as true, false and null. */
function checkIsText(name: string): void {
  if (typeof parse(name) !== 'string')
    throw new RenameError(`YAML reads “${name}” as ${JSON.stringify(parse(name))}, not as a name.`);
}

/** Rewrites a path and those below it, each relative to its own folder. */
function movePath(mentions: readonly Mention[], { base = '' }: Mention, from: string, to: string): Edit[] {
  const text = to.trim();
  if (text === '' || text.includes('${'))
    throw new RenameError('A path is needed, without parameters in it.');
  const target = path.resolve(base, text);
  const isTaken = mentions.some(
    ({ role, subject }) => role === 'declares' && subject.kind === 'path' && subject.path === target,
  );
  if (isTaken && target !== from) throw new RenameError(`A step makes “${text}” already.`);
  return mentions.flatMap(mention => {
    const { subject, file, span, base } = mention;
    if (subject.kind !== 'path' || base === undefined) return [];
    if (subject.path !== from && !subject.path.startsWith(`${from}${path.sep}`)) return [];
    const moved = `${target}${subject.path.slice(from.length)}`;
    const written = path.relative(base, moved).split(path.sep).join('/') || '.';
    checkIsPlain(written);
    return [{ file, span, text: written }];
  });
}

/** It may stand in a list between brackets, or after a key. */
function checkIsPlain(text: string): void {
  let read: unknown;
  try {
    read = parse(`[${text}]`);
  } catch {
    // Told below.
  }
  if (Array.isArray(read) && read.length === 1 && read[0] === text) return;
  throw new RenameError(`“${text}” would need quotes in YAML: choose another path, or edit the text.`);
}
