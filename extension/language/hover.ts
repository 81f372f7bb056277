import path from 'node:path';
import { formatBytes } from '../../daemon/contract/display.ts';
import { plain } from '../trees/row.ts';
import { describe } from './completion/keys.ts';
import { nextTimes } from './cron.ts';
import type { DaemonFacts } from './daemon-facts.ts';
import type { Files } from './files.ts';
import { isSame, type Mention, makersIn, mentionAt, mentionsOf, type Subject } from './mentions.ts';
import { type Parameter, showValue } from './parameters.ts';
import type { PipelineText } from './pipeline-text.ts';
import { Project } from './project.ts';
import { scalarsOf, schemaAt } from './vocabulary.ts';
import { contains, type Span, textOf, valueAt } from './yaml-text.ts';

export interface Hover {
  readonly span: Span;
  readonly markdown: string;
}

/** What there is to say about what stands at an offset. */
export async function hoverAt(
  files: Files,
  facts: () => Promise<DaemonFacts>,
  file: string,
  offset: number,
): Promise<Hover | undefined> {
  const project = await Project.read(files);
  const mentions = mentionsOf(project);
  const mention = mentionAt(mentions, file, offset);
  if (!mention) {
    const pipeline = project.pipeline(file);
    return pipeline && (keyHover(pipeline, offset) ?? scheduleHover(pipeline, offset, new Date()));
  }
  const lines = await describeSubject({ files, facts, project, mentions }, mention);
  return { span: mention.span, markdown: lines.filter(Boolean).join('\n\n') };
}

/** The documentation of a key. */
function keyHover({ yaml, format }: PipelineText, offset: number): Hover | undefined {
  for (const { at, scalar, isKey } of scalarsOf(yaml.contents, format.schema)) {
    const span = yaml.spanOf(scalar);
    if (!isKey || !contains(span, offset)) continue;
    const schema = schemaAt(format.schema, at);
    return schema?.description ? { span, markdown: describe(schema) } : undefined;
  }
  return undefined;
}

/** The next times of a schedule. @param now from when on */
export function scheduleHover({ yaml, format }: PipelineText, offset: number, now: Date): Hover | undefined {
  for (const { at, scalar, refersTo } of scalarsOf(yaml.contents, format.schema)) {
    const span = yaml.spanOf(scalar);
    if (refersTo !== 'cron' || !contains(span, offset)) continue;
    const zone = textOf(valueAt(yaml.contents, [...at.slice(0, -1), 'timezone']));
    const times = nextTimes(yaml.slice(span), zone, now);
    const lines = times.map(time => `- ${plain(time)}`);
    return lines.length > 0 ? { span, markdown: `Next times:\n\n${lines.join('\n')}` } : undefined;
  }
  return undefined;
}

interface Context {
  readonly files: Files;
  readonly facts: () => Promise<DaemonFacts>;
  readonly project: Project;
  readonly mentions: readonly Mention[];
}

async function describeSubject(context: Context, mention: Mention): Promise<string[]> {
  const { subject } = mention;
  switch (subject.kind) {
    case 'step':
      return describeStep(context, subject);
    case 'parameter':
      return describeParameter(context, mention, subject);
    case 'path':
      return describePath(context, mention, subject.path);
    default:
      return describeCode(context, mention, subject.candidates);
  }
}

async function describeStep(
  { project, facts, mentions }: Context,
  subject: Subject & { kind: 'step' },
): Promise<string[]> {
  const pipeline = project.pipeline(subject.file);
  const step = pipeline?.steps.find(({ name }) => name === subject.name);
  if (!pipeline || !step) return [`There is no step **${plain(subject.name)}**.`];
  const { yaml, format } = pipeline;
  const command = valueAt(step.body, [format.command]);
  const [start = 0, end = 0] = command?.range ?? [];
  const result = (await facts()).results.get(step.name);
  const makes = mentions.flatMap(({ role, file, span, step: maker, subject: { kind } }) =>
    role === 'declares' && kind === 'path' && maker === step.name && file === subject.file
      ? `\`${yaml.slice(span)}\``
      : [],
  );
  return [
    `Step **${plain(step.name)}**`,
    plain(textOf(valueAt(step.body, ['desc'])) ?? ''),
    command ? fenced(yaml.text.slice(start, end).trim()) : '',
    makes.length > 0 ? `makes ${makes.join(', ')}` : '',
    result ? `Last: ${plain(result)}` : '',
  ];
}

function describeParameter(
  { project, mentions }: Context,
  { file }: Mention,
  subject: Subject & { kind: 'parameter' },
): string[] {
  const declared = mentions.find(({ role, subject: other }) => role === 'declares' && isSame(other, subject));
  const parameter = declared && parameterNamed(project, subject);
  const place = parameter && project.position(subject.file, parameter.span.start);
  if (!place) return [];
  const users = mentions.flatMap(({ role, step, subject: other }) =>
    role === 'uses' && step !== undefined && isSame(other, subject) ? step : [],
  );
  const set = `Set in ${plain(shown(subject.file, file))}, line ${place.line + 1}`;
  const used = [...new Set(users)].map(name => `**${plain(name)}**`);
  return [
    fenced(`${subject.name}: ${showValue(parameter)}`),
    `${set}${used.length > 0 ? `; used by ${used.join(', ')}` : ''}.`,
  ];
}

function parameterNamed(
  project: Project,
  { file, name }: Subject & { kind: 'parameter' },
): Parameter | undefined {
  const sources = project.pipelines
    .flatMap(pipeline => pipeline.allSources())
    .filter(source => source.file === file);
  for (const source of [...sources, { file, at: [] }]) {
    const found = project.parametersIn(source).get(name);
    if (found) return found;
  }
  return undefined;
}

async function describePath(
  { files, mentions }: Context,
  mention: Mention,
  absolute: string,
): Promise<string[]> {
  const facts = await files.stat(absolute);
  const is = facts ? (facts.isFolder ? 'a folder' : formatBytes(facts.size)) : 'not there';
  const maker = makersIn(mentions)(absolute)?.step;
  const readers = mentions.flatMap(({ role, step, subject }) =>
    role === 'uses' && step && subject.kind === 'path' && subject.path === absolute ? step : [],
  );
  const bold = (name: string) => `**${plain(name)}**`;
  return [
    `\`${shown(absolute, mention.file)}\`: ${is}`,
    [
      ...(maker ? [`made by ${bold(maker)}`] : []),
      ...(readers.length > 0 ? [`read by ${[...new Set(readers)].map(bold).join(', ')}`] : []),
    ].join('; '),
  ];
}

async function describeCode(
  { files }: Context,
  mention: Mention,
  candidates: readonly string[],
): Promise<string[]> {
  for (const candidate of candidates) {
    const facts = await files.stat(candidate);
    if (facts && !facts.isFolder)
      return [`\`${shown(candidate, mention.file)}\`: ${formatBytes(facts.size)}`];
  }
  return [];
}

/** A path as seen from a file. */
function shown(absolute: string, from: string): string {
  return path.relative(path.dirname(from), absolute).split(path.sep).join('/') || '.';
}

/** Text in a code block that it cannot end. */
function fenced(text: string): string {
  const fence = '`'.repeat(Math.max(3, ...(text.match(/`+/g) ?? []).map(run => run.length + 1)));
  return `${fence}yaml\n${text}\n${fence}`;
}
