/** A disk that loses its power: of what was not synced, some is there and some is not. */
import fs from 'node:fs';
import path from 'node:path';
import type { FileCall } from './file-calls.ts';

/** What a disk writes at once: what is written at the moment of the cut may be there in part. */
const SECTOR = 512;

/** The content of a file: what was synced, and what was written since. */
class DiskFile {
  #synced: Buffer = Buffer.alloc(0);
  #pending: Change[] = [];

  change(change: Change): void {
    this.#pending.push(change);
  }

  /** Makes sure of what was written before a moment. */
  sync(before: number): void {
    const made = this.#pending.filter(change => change.at <= before);
    this.#synced = made.reduce(apply, this.#synced);
    this.#pending = this.#pending.filter(change => change.at > before);
  }

  /** What may be there after a cut. @param kept whether a sector, or a change of the size, that was not synced is there */
  after(kept: () => boolean): Buffer {
    return this.#pending.flatMap(change => sectorsOf(change).filter(kept)).reduce(apply, this.#synced);
  }
}

/** A write, or a change of the size. */
type Change = { readonly at: number } & (
  | { readonly offset: number; readonly data: Buffer }
  | { readonly size: number }
);

function apply(content: Buffer, change: Change): Buffer {
  if ('size' in change) return resized(content, change.size);
  const whole = resized(content, Math.max(content.length, change.offset + change.data.length));
  const result = whole === content ? Buffer.from(content) : whole;
  change.data.copy(result, change.offset);
  return result;
}

function resized(content: Buffer, size: number): Buffer {
  if (content.length === size) return content;
  const result = Buffer.alloc(size);
  content.copy(result);
  return result;
}

function sectorsOf(change: Change): Change[] {
  if ('size' in change) return [change];
  const { at, offset, data } = change;
  const parts: Change[] = [];
  for (let from = 0; from < data.length; ) {
    const to = Math.min(data.length, from + SECTOR - ((offset + from) % SECTOR));
    parts.push({ at, offset: offset + from, data: data.subarray(from, to) });
    from = to;
  }
  return parts;
}

/** A name that came, went, or was changed. */
type Naming = { readonly at: number; readonly folders: readonly string[] } & (
  | { readonly kind: 'file'; readonly path: string; readonly file: DiskFile }
  | { readonly kind: 'folder' | 'remove'; readonly path: string }
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
);

type Names = Map<string, DiskFile | 'folder'>;

/**
 * A disk below one folder, to which calls are made. It is one of a file system with a journal, as ext4, XFS, APFS and
 * NTFS are: names change in the order in which they were changed, and syncing a folder makes sure of all that came
 * before. It is strict where those are kinder: syncing a file makes sure of its content alone, not of its name.
 */
export class Disk {
  readonly #folder: string;
  /** Names as the programs see them. */
  readonly #now: Names = new Map();
  /** Names that are sure. */
  readonly #sure: Names = new Map();
  #journal: Naming[] = [];

  constructor(folder: string) {
    this.#folder = folder;
    for (const names of [this.#now, this.#sure]) names.set(folder, 'folder');
  }

  /** Makes a call. What a sync makes sure of is what was asked for before the sync was. */
  make(call: FileCall): void {
    const naming = namingOf(call);
    if (naming) {
      rename(this.#now, naming);
      this.#journal.push(naming);
      return;
    }
    const found = this.#now.get(call.path);
    if (found === 'folder') this.#syncFolder(call.path, call.at);
    else if (call.kind === 'sync') found?.sync(call.at);
    else if (call.kind === 'write') found?.change(call);
    else found?.change({ at: call.at, size: call.kind === 'truncate' ? call.size : 0 });
  }

  /**
   * Makes the folder what it may be after a cut.
   *
   * @param kept whether something that is not sure is there; asked once for each such thing
   */
  cut(kept: () => boolean): void {
    const names = new Map(this.#sure);
    for (const naming of this.#journal) {
      if (!kept()) break;
      rename(names, naming);
    }
    fs.rmSync(this.#folder, { recursive: true, force: true });
    for (const [place, what] of [...names].sort(([a], [b]) => (a < b ? -1 : 1))) {
      if (!fs.existsSync(path.dirname(place))) continue;
      if (what === 'folder') fs.mkdirSync(place, { recursive: true, mode: 0o700 });
      else fs.writeFileSync(place, what.after(kept), { mode: 0o600 });
    }
  }

  #syncFolder(place: string, before: number): void {
    const last = this.#journal.findLastIndex(({ at, folders }) => at <= before && folders.includes(place));
    for (const naming of this.#journal.slice(0, last + 1)) rename(this.#sure, naming);
    this.#journal = this.#journal.slice(last + 1);
  }
}

/** The change of a name that a call is; undefined for one of a content. */
function namingOf(call: FileCall): Naming | undefined {
  const { at, path: place } = call;
  const folders = [path.dirname(place)];
  switch (call.kind) {
    case 'create':
      return { at, folders, kind: 'file', path: place, file: new DiskFile() };
    case 'makeFolder':
      return { at, folders, kind: 'folder', path: place };
    case 'remove':
      return { at, folders, kind: 'remove', path: place };
    case 'rename':
      return { at, folders: [...folders, path.dirname(call.to)], kind: 'rename', path: place, to: call.to };
    default:
      return undefined;
  }
}

/** Changes names as they were changed. */
function rename(names: Names, naming: Naming): void {
  if (naming.kind === 'file') names.set(naming.path, naming.file);
  else if (naming.kind === 'folder') names.set(naming.path, 'folder');
  else if (naming.kind === 'remove') names.delete(naming.path);
  else if (naming.kind === 'rename') {
    const below = naming.path + path.sep;
    for (const [place, what] of [...names]) {
      if (place !== naming.path && !place.startsWith(below)) continue;
      names.delete(place);
      names.set(naming.to + place.slice(naming.path.length), what);
    }
  }
}
