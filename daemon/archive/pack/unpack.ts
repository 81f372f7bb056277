/** Unpacking an archive that anybody may have made: checked as a whole before anything of it is used. */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { checkArtifactFile } from '../../artifacts/paths.ts';
import { ARCHIVE_LIMITS } from '../../contract/archives.ts';
import { formatBytes } from '../../contract/display.ts';
import { ApiError, invalid } from '../../contract/errors.ts';
import { FOLDERS, MANIFEST, MANIFEST_BYTES, Manifest } from './format.ts';

/** The kind of a file in the upper half of a Unix mode. */
const KIND = 0o170000;
const REGULAR = 0o100000;

/** What is taken of an archive. */
export interface UnpackLimits {
  /** Of all files together, unpacked. */
  readonly bytes: number;
  readonly files: number;
}

/**
 * Unpacks an archive into a folder, which is made. All that it says of itself is checked first, then every file against
 * its digest.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE that says what is wrong with it, INSUFFICIENT_STORAGE where there is no room:
 * nothing of it may be used then
 */
export async function unpackArchive(
  archive: string,
  folder: string,
  { limits, signal }: { limits: UnpackLimits; signal: AbortSignal },
): Promise<void> {
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const zip = await opened(archive);
  try {
    const entries = await listEntries(zip, limits, (await fs.stat(archive)).size);
    const manifest = await readManifest(zip, entries);
    for (const file of manifest.files) {
      signal.throwIfAborted();
      const entry = entries.get(file.path);
      if (!entry) throw refused(`${file.path} is missing`);
      if (entry.uncompressedSize !== file.size)
        throw refused(`${file.path} is not of the size that it should be`);
      const sha256 = await unpackEntry(zip, entry, path.join(folder, ...file.path.split('/')), signal).catch(
        (error: Error) => {
          if (signal.aborted || isFull(error)) throw error;
          throw refused(`${file.path} cannot be unpacked: ${error.message}`);
        },
      );
      if (sha256 !== file.sha256)
        throw refused(`${file.path} is damaged: its content is not what was packed`);
    }
    const listed = new Set([MANIFEST, ...manifest.files.map(file => file.path)]);
    const stray = [...entries.keys()].find(name => !listed.has(name));
    if (stray !== undefined) throw refused(`${stray} is not in its list of files`);
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error;
    if (isFull(error as Error)) throw noRoom(folder);
    throw refused((error as Error).message);
  } finally {
    zip.close();
  }
}

async function opened(archive: string): Promise<ZipFile> {
  try {
    return await openPromise(archive, { autoClose: false, strictFileNames: true });
  } catch (error) {
    throw refused(`${(error as Error).message}. It may have been cut off`);
  }
}

/** Everything that is in the archive, by its path. Nothing is unpacked for it. */
async function listEntries(
  zip: ZipFile,
  limits: UnpackLimits,
  packedBytes: number,
): Promise<Map<string, Entry>> {
  if (zip.entryCount > limits.files)
    throw refused(`it has ${zip.entryCount} files, more than ${limits.files} (--max-files takes more)`);
  const entries = new Map<string, Entry>();
  const taken = new Set<string>();
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const name = checkEntry(entry);
    // Disks that mind neither case nor the composition of accents take both for one.
    const comparable = name.normalize('NFC').toLowerCase();
    if (taken.has(comparable)) throw refused(`it has ${name} twice`);
    taken.add(comparable);
    entries.set(name, entry);
    bytes += entry.uncompressedSize;
    if (bytes > limits.bytes)
      throw refused(`unpacked, it is larger than ${formatBytes(limits.bytes)} (--max-bytes takes more)`);
  }
  if (bytes > ARCHIVE_LIMITS.freeBytes && bytes > packedBytes * ARCHIVE_LIMITS.ratio)
    throw refused(`unpacked, it is more than ${ARCHIVE_LIMITS.ratio} times as large as packed`);
  return entries;
}

/** @returns the path of a file that an archive may have */
function checkEntry(entry: Entry): string {
  const name = entry.fileName;
  checkPath(name);
  const kind = (entry.externalFileAttributes >>> 16) & KIND;
  if (kind !== 0 && kind !== REGULAR) throw refused(`${name} is no file: it may be a link or a device`);
  if (name !== MANIFEST && !Object.values(FOLDERS).some(folder => name.startsWith(`${folder}/`)))
    throw refused(`${name} is nothing that an archive of modelthat has`);
  if (entry.isEncrypted()) throw refused(`${name} is encrypted`);
  return name;
}

/** What holds for artifacts holds for all files: they are written below a folder of this machine. */
function checkPath(name: string): void {
  try {
    if (checkArtifactFile(name) === name) return;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
  }
  throw refused(`${JSON.stringify(name)} is no path of a file`);
}

async function readManifest(zip: ZipFile, entries: ReadonlyMap<string, Entry>): Promise<Manifest> {
  const entry = entries.get(MANIFEST);
  if (!entry) throw refused(`there is no ${MANIFEST} in it`);
  if (entry.uncompressedSize > MANIFEST_BYTES) throw refused(`its ${MANIFEST} is too large`);
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const parsed = Manifest.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused(
    `its ${MANIFEST} says nothing that this version reads (${issue?.path.join('.')}: ${issue?.message})`,
  );
}

/** @returns the SHA-256 of its content, hex */
async function unpackEntry(zip: ZipFile, entry: Entry, target: string, signal: AbortSignal): Promise<string> {
  await fs.mkdir(path.dirname(target), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const content = await zip.openReadStreamPromise(entry);
  await pipeline(content, hashing, createWriteStream(target, { flags: 'wx', mode: 0o600 }), { signal });
  return hash.digest('hex');
}

function isFull(error: NodeJS.ErrnoException): boolean {
  return error.code === 'ENOSPC' || error.code === 'EDQUOT';
}

function noRoom(folder: string): ApiError {
  return new ApiError(
    'INSUFFICIENT_STORAGE',
    `There is no room to unpack the archive: the disk of ${folder} is full. Free some space and import it again.`,
  );
}

function refused(why: string): ApiError {
  return invalid(`The archive is refused: ${why}.`);
}
