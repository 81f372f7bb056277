import path from 'node:path';
import type { RefersTo } from '../../../daemon/contract/references.ts';
import { mentionsOf } from '../mentions.ts';
import { type Completion, type ValueContext, wordAt } from './item.ts';

const HIDDEN = /^\.|^(node_modules|__pycache__)$/;

/** Files and folders below where a path is relative to, and what other steps make. */
export async function completePaths(context: ValueContext, refersTo: RefersTo): Promise<Completion[]> {
  const { files, pipeline, step, cursor } = context;
  const base = step && refersTo !== 'folder' ? step.folder : pipeline.folder;
  if (base === undefined) return [];
  const span = refersTo === 'command' ? wordAt(cursor) : cursor.span;
  const typed = pipeline.yaml.text.slice(span.start, cursor.span.start + cursor.typed.length);
  const folder = typed.slice(0, typed.lastIndexOf('/') + 1);
  const entries = await files.list(path.resolve(base, folder));
  const found = entries
    .toSorted((a, b) => Number(b.isFolder) - Number(a.isFolder) || a.name.localeCompare(b.name))
    .filter(({ name, isFolder }) => !HIDDEN.test(name) && (isFolder || refersTo !== 'folder'))
    .map(
      ({ name, isFolder }): Completion => ({
        label: isFolder ? `${name}/` : name,
        kind: isFolder ? 'folder' : 'file',
        insert: isFolder ? `${name}/` : name,
        span: { start: span.start + folder.length, end: span.end },
        goesOn: isFolder,
      }),
    );
  return refersTo === 'input' ? [...madeElsewhere(context, base), ...found] : found;
}

/** The outputs of other steps, relative to a folder. */
function madeElsewhere({ project, step, cursor }: ValueContext, base: string): Completion[] {
  return mentionsOf(project).flatMap(({ role, subject, step: maker }): Completion[] => {
    if (role !== 'declares' || subject.kind !== 'path' || maker === step?.name) return [];
    const label = path.relative(base, subject.path).split(path.sep).join('/');
    return [{ label, kind: 'file', detail: `made by ${maker}`, insert: label, span: cursor.span }];
  });
}
