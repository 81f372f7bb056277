/** Which files belong to a snapshot of the code, and which are left out of it. */
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../../contract/display.ts';

/** Files of code are smaller; data has versions of its own, by its digest. */
const FILE_BYTES = 10_000_000;
const ALL_BYTES = 100_000_000;
const FILES = 10_000;

/** Files that are looked at together. */
const AT_ONCE = 64;
/** How many files a remark names. */
const NAMED = 3;

/** What was chosen. */
export interface Chosen {
  readonly names: readonly string[];
  /** What was left out, and why. */
  readonly remarks: readonly string[];
}

/**
 * Chooses the files that a snapshot holds: small ones first, until there is no more room. Hidden files, which may hold
 * secrets, are left out; so is what is neither a file nor a link.
 *
 * @param folder what the names are relative to
 */
export async function choose(folder: string, names: readonly string[]): Promise<Chosen> {
  const seen = names.filter(name => !isHidden(name));
  const sized = (await sizes(folder, seen)).toSorted((a, b) => a.size - b.size);
  const small = sized.filter(({ size }) => size <= FILE_BYTES);
  const fitting = howManyFit(small);
  return {
    names: namesOf(small.slice(0, fitting)),
    remarks: [
      ...remark(names.filter(isHidden), 'hidden, and not in version control'),
      ...remark(namesOf(sized.slice(small.length)), `larger than ${formatBytes(FILE_BYTES)}`),
      ...remark(
        namesOf(small.slice(fitting)),
        `beyond the ${formatBytes(ALL_BYTES)} or ${FILES} files that a snapshot may have`,
      ),
    ],
  };
}

function howManyFit(files: readonly Sized[]): number {
  let bytes = 0;
  const over = files.findIndex(({ size }, index) => {
    bytes += size;
    return bytes > ALL_BYTES || index >= FILES;
  });
  return over < 0 ? files.length : over;
}

/** Says that files are not in the snapshot; says nothing of none. */
export function remark(names: readonly string[], because: string): string[] {
  if (names.length === 0) return [];
  const rest = names.length - NAMED;
  const named = names.slice(0, NAMED).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  return [`left out: ${named} (${because})`];
}

interface Sized {
  readonly name: string;
  readonly size: number;
}

async function sizes(folder: string, names: readonly string[]): Promise<Sized[]> {
  const found: Sized[] = [];
  for (let start = 0; start < names.length; start += AT_ONCE) {
    const some = names.slice(start, start + AT_ONCE).map(async (name): Promise<Sized[]> => {
      // One that is gone by now is no part of the code.
      const stats = await lstat(path.join(folder, name)).catch(() => undefined);
      return stats?.isFile() || stats?.isSymbolicLink() ? [{ name, size: stats.size }] : [];
    });
    found.push(...(await Promise.all(some)).flat());
  }
  return found;
}

function namesOf(sized: readonly Sized[]): string[] {
  return sized.map(({ name }) => name);
}

function isHidden(name: string): boolean {
  return name.split('/').some(part => part.startsWith('.'));
}
