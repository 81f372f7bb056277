import type { Files } from './files.ts';
import { isSame, type Mention, makersIn, mentionAt, mentionsOf } from './mentions.ts';
import { Project } from './project.ts';
import type { Span } from './yaml-text.ts';

/** A part of a file; without a span, the file itself. */
export interface Place {
  readonly file: string;
  readonly span?: Span;
}

/** A place in a text that leads elsewhere. */
export interface Link {
  /** What is underlined. */
  readonly from: Span;
  readonly to: Place;
}

/** Where what stands at an offset is defined: a step, a parameter, the step that makes a file, the file itself. */
export async function definitionAt(files: Files, file: string, offset: number): Promise<Link | undefined> {
  const project = await Project.read(files);
  const mentions = mentionsOf(project);
  const mention = mentionAt(mentions, file, offset);
  const to = mention && (await definitionOf(files, mentions, mention));
  return to && { from: mention.span, to };
}

async function definitionOf(
  files: Files,
  mentions: readonly Mention[],
  mention: Mention,
): Promise<Place | undefined> {
  const { subject } = mention;
  if (subject.kind === 'code') return firstFile(files, subject.candidates);
  if (subject.kind === 'path') {
    const maker = mention.role === 'uses' ? makersIn(mentions)(subject.path) : undefined;
    return maker ?? firstFile(files, [subject.path]);
  }
  return mentions.find(other => other.role === 'declares' && isSame(other.subject, subject));
}

async function firstFile(files: Files, candidates: readonly string[]): Promise<Place | undefined> {
  const found = await Promise.all(candidates.map(candidate => files.stat(candidate)));
  const file = candidates[found.findIndex(facts => facts?.isFolder === false)];
  return file === undefined ? undefined : { file };
}

/** Every place where what stands at an offset is mentioned. */
export async function referencesAt(
  files: Files,
  file: string,
  offset: number,
  options: { readonly declaration: boolean },
): Promise<Mention[]> {
  const mentions = mentionsOf(await Project.read(files));
  const mention = mentionAt(mentions, file, offset);
  if (!mention) return [];
  return mentions.filter(
    other => isSame(other.subject, mention.subject) && (options.declaration || other.role === 'uses'),
  );
}

/** Links of a pipeline file to the files that its paths name, but for what a step makes: that has a definition. */
export async function linksIn(files: Files, file: string): Promise<Link[]> {
  const mentions = mentionsOf(await Project.read(files, file));
  const makerOf = makersIn(mentions);
  const links = mentions.map(async (mention): Promise<Link | undefined> => {
    const { subject, span: from } = mention;
    if (mention.file !== file || subject.kind !== 'path') return undefined;
    if (mention.role === 'uses' && makerOf(subject.path)) return undefined;
    const to = await firstFile(files, [subject.path]);
    return to && { from, to };
  });
  return (await Promise.all(links)).filter(link => link !== undefined);
}
