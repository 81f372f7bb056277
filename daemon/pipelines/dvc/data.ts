/** Versions of data in `.dvc` files: as DVC does, what a stage has read is recorded as the data's version. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { isMap, isSeq, parseDocument, type YAMLMap } from 'yaml';
import type { DvcContent } from './content.ts';
import type { DvcData } from './model.ts';
import { replaceFile } from './replace.ts';

/** What such a file says of its data as a whole. */
interface Header {
  readonly deps?: unknown;
  readonly frozen?: unknown;
  readonly wdir?: string;
}

/**
 * Records what data holds in its `.dvc` file. One of data that comes from elsewhere, or is frozen, says where to get it
 * from, and stays as it is.
 *
 * @returns whether the file had another version
 */
export function recordVersion({ path: place, file }: DvcData, content: DvcContent): boolean {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const { contents } = document;
  const { deps, frozen, wdir = '.' } = (document.toJS() ?? {}) as Header;
  if (!isMap(contents) || deps !== undefined || frozen === true) return false;
  const folder = path.resolve(path.dirname(file), wdir);
  const out = outsOf(contents).find(each => path.resolve(folder, String(each.get('path'))) === place);
  if (!out || out.get('md5') === content.digest) return false;
  const { digest, size, files, executable } = content;
  out.set('md5', digest);
  out.set('size', size);
  for (const [key, value] of Object.entries({ nfiles: files, isexec: executable || null })) {
    if (value === null) out.delete(key);
    else out.set(key, value);
  }
  out.set('hash', 'md5');
  replaceFile(file, document.toString({ indentSeq: false, lineWidth: 0 }));
  return true;
}

function outsOf(contents: YAMLMap): YAMLMap[] {
  const outs = contents.get('outs');
  return isSeq(outs) ? outs.items.filter(each => isMap(each)) : [];
}
