/** What files and folders hold, by DVC's digests. Runs in a thread: everything here may take long. */
import { createHash } from 'node:crypto';
import { type BigIntStats, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { type Content, fingerprint, isSettled, NoContentError } from '../inputs/content.ts';
import { hashFile } from '../inputs/hash-file.ts';
import type { DigestStore } from '../inputs/store.ts';
import { IGNORE_FILE, IgnoreRules } from './ignore.ts';
import type { HashName } from './lock-entry.ts';
import { compareText, jsonText } from './python.ts';

/** What a path holds; the digest is an MD5, of a folder that of its tree with `.dir`. */
export interface DvcContent extends Content {
  /** How many files a folder has. */
  readonly files: number | null;
}

/** A file of a folder: its path with `/`, and its digest. */
export type TreeEntry = readonly [path: string, digest: string];

/** A folder's files in the order of their paths. */
export type Tree = readonly TreeEntry[];

/** Reads content, and hashes no file again whose size, times and inode have not changed. */
export class DvcReader {
  readonly #digests: DigestStore;
  readonly #root: string;

  /** @param root folder of the project */
  constructor(digests: DigestStore, root: string) {
    this.#digests = digests;
    this.#root = root;
  }

  /** @returns null when nothing is there. @throws NoContentError for what DVC cannot hash */
  read(place: string, hash: HashName): DvcContent | null {
    return this.readWhole(place, hash)?.content ?? null;
  }

  /** The same with the files of a folder. */
  readWhole(place: string, hash: HashName): { content: DvcContent; tree?: Tree } | null {
    const stats = statSync(place, { bigint: true, throwIfNoEntry: false });
    if (!stats) return null;
    if (!stats.isDirectory()) return { content: this.#file(place, stats, hash) };
    const { tree, size } = this.#tree(place, hash);
    const digest = digestOf(tree);
    return { content: { kind: 'folder', digest, size, files: tree.length, executable: false }, tree };
  }

  #file(place: string, stats: BigIntStats, hash: HashName): DvcContent {
    if (!stats.isFile()) throw new NoContentError(`${place} is neither a file nor a folder`);
    const digest = this.#digest(place, stats, hash);
    const executable = (stats.mode & 0o111n) !== 0n;
    return { kind: 'file', digest, size: Number(stats.size), files: null, executable };
  }

  #tree(folder: string, hash: HashName): { tree: Tree; size: number } {
    const tree: TreeEntry[] = [];
    let size = 0;
    const walk = (at: string, prefix: string, rules: IgnoreRules): void => {
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        const { name } = entry;
        if (rules.ignores(at, name, entry.isDirectory())) continue;
        const place = path.join(at, name);
        if (entry.isDirectory()) {
          walk(place, `${prefix}${name}/`, rules.below(place));
          continue;
        }
        const stats = statSync(place, { bigint: true });
        // DVC follows links to files alone.
        if (stats.isDirectory()) continue;
        if (name === IGNORE_FILE)
          throw new NoContentError(`${place} lies in data, which DVC refuses: move it to a folder above`);
        const found = this.#file(place, stats, hash);
        tree.push([prefix + name, found.digest]);
        size += found.size;
      }
    };
    walk(folder, '', IgnoreRules.of(this.#root, folder));
    tree.sort(([a], [b]) => compareText(a, b));
    return { tree, size };
  }

  #digest(file: string, stats: BigIntStats, hash: HashName): string {
    const print = fingerprint(stats);
    const known = this.#digests.find(file, hash, print);
    if (known !== undefined) return known;
    const digest = hash === 'md5' ? md5Of(file) : md5OfText(file);
    // A file written this very moment could be written again without a trace in its times.
    if (isSettled(stats, BigInt(Date.now()) * 1_000_000n)) this.#digests.save(file, hash, print, digest);
    return digest;
  }
}

/** The digest of a folder with these files. */
function digestOf(tree: Tree): string {
  return `${createHash('md5').update(treeText(tree)).digest('hex')}.dir`;
}

/** A tree as DVC keeps it in its cache: as Python's `json` writes it. */
export function treeText(tree: Tree): string {
  const entries = tree.map(([name, digest]) => `{"md5": "${digest}", "relpath": ${jsonText(name)}}`);
  return `[${entries.join(', ')}]`;
}

/** @throws Error when it is none */
export function readTree(text: string): Tree {
  return (JSON.parse(text) as { md5: string; relpath: string }[]).map(({ md5, relpath }) => [relpath, md5]);
}

/** MD5 of a file's bytes, hex. */
export function md5Of(file: string): string {
  return hashFile(file, 'md5');
}

/** The same as DVC 2 made it: with the line ends of text as on Unix. */
function md5OfText(file: string): string {
  return hashFile(file, 'md5', chunk => (isText(chunk.subarray(0, 512)) ? toUnix(chunk) : chunk));
}

/** DVC's guess: no zero byte, and hardly anything but printable ASCII. */
function isText(block: Buffer): boolean {
  if (block.includes(0)) return false;
  const others = block.filter(byte => byte > 126 || (byte < 32 && ![8, 9, 10, 12, 13].includes(byte)));
  return others.length / Math.max(1, block.length) <= 0.3;
}

function toUnix(chunk: Buffer): Buffer {
  return Buffer.from(chunk.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
}
