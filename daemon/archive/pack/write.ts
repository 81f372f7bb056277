/** Writing an archive: it has its name only once all of it is on the disk. */
import { createHash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { PRODUCT_VERSION } from '../../client/version.ts';
import { ApiError, invalid } from '../../contract/errors.ts';
import { FORMAT, MANIFEST, MANIFEST_BYTES, type Manifest } from './format.ts';

/** Contents that are packed already. */
const PACKED = /\.(gz|bz2|xz|zst|zip|npz|parquet|png|jpe?g|webp|mp4|pt|keras|onnx|ubj|cbm)$/i;

/** A file of an archive that is being written. */
export interface PackedFile {
  readonly path: string;
  readonly content: Readable;
}

/** An export writes more often. */
const ABANDONED_MS = 10 * 60_000;

/** Writes one archive, file by file. */
export class ArchiveWriter {
  readonly #zip = new ZipFile();
  readonly #partial: string;
  readonly #target: string;
  readonly #files: Manifest['files'] = [];
  readonly #failed = new AbortController();
  readonly #ended: AbortSignal;
  readonly #written: Promise<void>;

  private constructor(target: string, partial: string, signal: AbortSignal) {
    this.#target = target;
    this.#partial = partial;
    this.#ended = AbortSignal.any([this.#failed.signal, signal]);
    this.#zip.on('error', error => this.#failed.abort(error));
    // In its types, the stream is the oldest kind of all.
    const output = this.#zip.outputStream as Readable;
    this.#written = pipeline(output, createWriteStream(partial, { flags: 'wx', mode: 0o600 }));
    this.#written.catch(error => this.#failed.abort(error));
  }

  /**
   * @param signal ends it early
   * @throws ApiError RESOURCE_ALREADY_EXISTS when there is something at the path, INVALID_PARAMETER_VALUE
   */
  static async create(target: string, signal: AbortSignal): Promise<ArchiveWriter> {
    if (!path.isAbsolute(target)) throw invalid(`The path of an archive must be absolute, not ${target}.`);
    if (await fs.lstat(target).catch(() => undefined))
      throw new ApiError(
        'RESOURCE_ALREADY_EXISTS',
        `There is something at ${target} already. Name a new file.`,
      );
    const folder = path.dirname(target);
    if (!(await fs.stat(folder).catch(() => undefined))?.isDirectory())
      throw invalid(`There is no folder ${folder}. Make it first, or name another one.`);
    await removeLeftovers(target);
    return new ArchiveWriter(target, `${target}.partial-${randomBytes(4).toString('hex')}`, signal);
  }

  /** Adds a file, and waits until it is packed. @throws what its content throws */
  async add({ path: name, content }: PackedFile): Promise<void> {
    const hash = createHash('sha256');
    let size = 0;
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk);
        size += chunk.length;
        done(null, chunk);
      },
    });
    const passed = pipeline(content, counted, { signal: this.#ended });
    this.#zip.addReadStream(counted, name, { compress: !PACKED.test(name), mode: 0o100644 });
    await Promise.all([passed, finished(counted, { signal: this.#ended })]);
    this.#files.push({ path: name, size, sha256: hash.digest('hex') });
  }

  /** Adds plain data as JSON. */
  addJson(name: string, data: unknown): Promise<void> {
    return this.add({ path: name, content: Readable.from([Buffer.from(JSON.stringify(data))]) });
  }

  /** Writes the list of all files, and gives the archive its name. @returns its size in bytes */
  async end(of: string): Promise<number> {
    const files = [...this.#files];
    const manifest: Manifest = { format: FORMAT, madeAt: Date.now(), version: PRODUCT_VERSION, of, files };
    const list = Buffer.from(JSON.stringify(manifest));
    if (list.length > MANIFEST_BYTES)
      throw invalid(
        `It would have ${files.length} files, more than an archive can list. Export single models or runs.`,
      );
    await this.add({ path: MANIFEST, content: Readable.from([list]) });
    this.#zip.end();
    await this.#written;
    const handle = await fs.open(this.#partial, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(this.#partial, this.#target);
    return (await fs.stat(this.#target)).size;
  }

  /** Leaves nothing of it behind. */
  async discard(): Promise<void> {
    this.#failed.abort(new Error('the archive is not wanted any more'));
    (this.#zip.outputStream as Readable).destroy();
    await this.#written.catch(() => {});
    await fs.rm(this.#partial, { force: true });
  }
}

/** Removes what exports of this name left that were killed: nobody writes to it any more. */
async function removeLeftovers(target: string): Promise<void> {
  const folder = path.dirname(target);
  const beginning = `${path.basename(target)}.partial-`;
  for (const name of await fs.readdir(folder)) {
    if (!name.startsWith(beginning) || !/^[0-9a-f]{8}$/.test(name.slice(beginning.length))) continue;
    const file = path.join(folder, name);
    const status = await fs.lstat(file).catch(() => undefined);
    if (status?.isFile() && Date.now() - status.mtimeMs > ABANDONED_MS) await fs.rm(file, { force: true });
  }
}
