/** What files and folders hold, by digest. Runs in a thread: everything here may take long. */
import { createHash } from 'node:crypto';
import { type BigIntStats, readdirSync, readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { isTemporary } from '../cache/transfer.ts';
import { hashFile } from './hash-file.ts';
import type { DigestStore } from './store.ts';

/** What a path holds. */
export interface Content {
  readonly kind: 'file' | 'folder';
  /** SHA-256, hex: of a file's bytes; of a folder's manifest. */
  readonly digest: string;
  /** Bytes, those of all files of a folder together. */
  readonly size: number;
  readonly executable: boolean;
}

/** A file of a folder: its path with `/`, its digest, and whether it may be executed. */
export type ManifestEntry = readonly [path: string, digest: string, executable: boolean];

/** A folder's files in the order of their paths. Empty folders do not count, as in git. */
export type Manifest = readonly ManifestEntry[];

/** What a folder gets beside its content, without anybody's asking. */
export const NOT_CONTENT: ReadonlySet<string> = new Set([
  '__pycache__',
  '.ipynb_checkpoints',
  '.git',
  '.DS_Store',
]);

/** File systems with whole-second times cannot tell a write from one within the same two seconds. */
const COARSE_CLOCK_NS = 2_000_000_000n;
/** Others stamp with the kernel's tick. */
const FINE_CLOCK_NS = 20_000_000n;
const SECOND_NS = 1_000_000_000n;

/** A path that is neither a file nor a folder of files. */
export class NoContentError extends Error {
  override readonly name = 'NoContentError';
}

/** Stands for the digest of what cannot be read, with the reason; it is the same as nothing, itself included. */
export const UNREADABLE = 'unreadable: ';

/** Reads content, and hashes no file again whose size, times and inode have not changed. */
export class ContentReader {
  readonly #digests: DigestStore;

  constructor(digests: DigestStore) {
    this.#digests = digests;
  }

  /** @returns null when nothing is there. @throws NoContentError for a socket, a device, a link to a folder in a folder */
  read(place: string): Content | null {
    return this.readWhole(place)?.content ?? null;
  }

  /** The same with the files of a folder. */
  readWhole(place: string): { content: Content; manifest?: Manifest } | null {
    const stats = statSync(place, { bigint: true, throwIfNoEntry: false });
    if (!stats) return null;
    if (stats.isFile()) {
      const digest = this.#digest(place, stats);
      return { content: { kind: 'file', digest, size: Number(stats.size), executable: isExecutable(stats) } };
    }
    const { manifest, size } = this.#manifest(place);
    return { content: { kind: 'folder', digest: digestOf(manifest), size, executable: false }, manifest };
  }

  /**
   * Says what a file holds that was just made from known content, so that it is not hashed.
   *
   * @param written its stats when its content was written: renamed, linked or protected since, but not changed
   */
  note(place: string, digest: string, written: Pick<BigIntStats, 'size' | 'mtimeNs' | 'ino'>): void {
    const stats = statSync(place, { bigint: true, throwIfNoEntry: false });
    if (!stats || !isSettled({ mtimeNs: stats.mtimeNs, ctimeNs: 0n }, now())) return;
    const same =
      stats.size === written.size && stats.mtimeNs === written.mtimeNs && stats.ino === written.ino;
    if (same) this.#digests.save(place, 'sha256', fingerprint(stats), digest);
  }

  /** Forgets the digests of files that are gone. */
  forget(places: readonly string[]): void {
    this.#digests.remove(places);
  }

  #manifest(folder: string): { manifest: Manifest; size: number } {
    const manifest: ManifestEntry[] = [];
    let size = 0n;
    const walk = (at: string, prefix: string): void => {
      for (const entry of readdirSync(at, { withFileTypes: true })) {
        // A restoring that was interrupted leaves what it had not put into place.
        if (NOT_CONTENT.has(entry.name) || isTemporary(entry.name)) continue;
        const place = path.join(at, entry.name);
        const name = prefix + entry.name;
        if (entry.isDirectory()) {
          walk(place, `${name}/`);
          continue;
        }
        const stats = statSync(place, { bigint: true, throwIfNoEntry: false });
        if (!stats?.isFile())
          throw new NoContentError(`${place} is ${describe(place, entry.isSymbolicLink())}`);
        manifest.push([name, this.#digest(place, stats), isExecutable(stats)]);
        size += stats.size;
      }
    };
    walk(folder, '');
    manifest.sort(([a], [b]) => (a < b ? -1 : 1));
    return { manifest, size: Number(size) };
  }

  #digest(file: string, stats: BigIntStats): string {
    const print = fingerprint(stats);
    const known = this.#digests.find(file, 'sha256', print);
    if (known !== undefined) return known;
    const digest = hashFile(file, 'sha256');
    // A file written this very moment could be written again without a trace in its times.
    if (isSettled(stats, now())) this.#digests.save(file, 'sha256', print, digest);
    return digest;
  }
}

/** The digest of a folder with these files. */
export function digestOf(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}

/** Changes whenever the file is written, replaced or touched. */
export function fingerprint({ size, mtimeNs, ctimeNs, ino }: BigIntStats): string {
  return `${size}-${mtimeNs}-${ctimeNs}-${ino}`;
}

/** Whether what is written to a file from now on shows in its times. */
export function isSettled(
  { mtimeNs, ctimeNs }: Pick<BigIntStats, 'mtimeNs' | 'ctimeNs'>,
  at: bigint,
): boolean {
  const latest = mtimeNs > ctimeNs ? mtimeNs : ctimeNs;
  const resolution = latest % SECOND_NS === 0n ? COARSE_CLOCK_NS : FINE_CLOCK_NS;
  return at - latest > resolution;
}

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function isExecutable({ mode }: BigIntStats): boolean {
  return (mode & 0o111n) !== 0n;
}

function describe(place: string, link: boolean): string {
  return link ? `a link to ${readlinkSync(place)}, which is no file` : 'neither a file nor a folder';
}
