/** Uploads in parts: each part is staged in a file of its own, and all are stored as one artifact at the end. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import { Readable } from 'node:stream';
import { ApiError, invalid, missing } from '../contract/errors.ts';
import { LocalArtifactStore } from './local.ts';
import type { ArtifactService } from './service.ts';

/** Most parts of one upload, and the largest of them in bytes: as in S3. */
export const MAX_PARTS = 10_000;
export const MAX_PART_BYTES = 5 * 1024 ** 3;

/** How long an upload that nothing is sent for is kept, in milliseconds. */
const LIFETIME_MS = 24 * 3600_000;

/** A token that opens the parts of one upload, and nothing else. */
export interface UploadToken {
  readonly token: string;
  revoke(): void;
}

/** What uploads in parts work with. */
export interface MultipartParts {
  readonly artifacts: ArtifactService;
  readonly tokens: { issueForUpload(uploadId: string): UploadToken };
  /** Where parts are staged: a folder of their own, which is emptied. */
  readonly folder: string;
}

/** An upload that has begun. */
export interface BegunUpload {
  readonly id: string;
  readonly token: string;
}

/** A part as who sent it knows it. */
export interface SentPart {
  /** From 1. */
  readonly number: number;
  /** As it was answered to the part. */
  readonly etag: string;
}

interface StagedPart {
  /** In the staging folder. */
  readonly file: string;
  readonly etag: string;
}

interface Upload {
  readonly id: string;
  /** Of the artifact that it becomes. */
  readonly path: string;
  readonly count: number;
  readonly parts: Map<number, StagedPart>;
  readonly revokeToken: () => void;
  expiry?: NodeJS.Timeout;
  /** From when it is being put together on; stays when it is stored. */
  completion?: Promise<void>;
}

/** Uploads in progress. They are known to this process alone: a daemon that starts removes what another left of them. */
export class MultipartUploads {
  readonly #parts: MultipartParts;
  readonly #uploads = new Map<string, Upload>();
  #staging: Promise<LocalArtifactStore> | undefined;

  private constructor(parts: MultipartParts) {
    this.#parts = parts;
  }

  /** Removes what an earlier daemon left behind. */
  static async open(parts: MultipartParts): Promise<MultipartUploads> {
    await fs.rm(parts.folder, { recursive: true, force: true });
    return new MultipartUploads(parts);
  }

  /**
   * Begins an upload.
   *
   * @param path of the artifact
   * @param count number of parts
   * @throws ApiError as `ArtifactService.checkUpload` does; INVALID_PARAMETER_VALUE for a count that cannot be
   */
  async create(path: string, count: number): Promise<BegunUpload> {
    if (count < 1 || count > MAX_PARTS)
      throw invalid(`An upload has 1 to ${MAX_PARTS} parts, not ${count}: choose another size for them.`);
    const checked = await this.#parts.artifacts.checkUpload(path);
    const id = randomUUID();
    const { token, revoke } = this.#parts.tokens.issueForUpload(id);
    const upload: Upload = { id, path: checked, count, parts: new Map(), revokeToken: revoke };
    this.#uploads.set(id, upload);
    this.#keep(upload);
    return { id, token };
  }

  /**
   * Stages a part, in the place of an earlier one of that number.
   *
   * @returns its ETag, the SHA-256 of what was received
   * @throws ApiError RESOURCE_DOES_NOT_EXIST for an unknown upload, RESOURCE_CONFLICT for one that is being completed,
   * INVALID_PARAMETER_VALUE for a number that it does not have; and as `ArtifactStore.write` does
   */
  async receive(id: string, number: number, content: Readable): Promise<string> {
    const upload = this.#findOpen(id);
    if (!Number.isInteger(number) || number < 1 || number > upload.count)
      throw invalid(`The upload '${id}' has the parts 1 to ${upload.count}, and no part ${number}.`);
    const staging = await this.#stage();
    const file = `${id}/${number}-${randomUUID()}`;
    const { sha256 } = await staging.write(file, content);
    try {
      this.#findOpen(id);
    } catch (error) {
      // Its folder may have gone meanwhile, and come back with this part.
      await staging.delete(this.#uploads.has(id) ? file : id);
      throw error;
    }
    const replaced = upload.parts.get(number);
    upload.parts.set(number, { file, etag: sha256 });
    if (replaced) await staging.delete(replaced.file);
    this.#keep(upload);
    return sha256;
  }

  /**
   * Stores the parts as one artifact. The same call again, while that goes on or later, waits for the same outcome: a
   * client may lose patience and ask anew.
   *
   * @param sent all parts, in any order
   * @throws ApiError RESOURCE_DOES_NOT_EXIST for an unknown upload; INVALID_PARAMETER_VALUE for another path than it
   * began with, a part that is missing or another than was received; and as `ArtifactService.upload` does
   */
  async complete(id: string, path: string, sent: readonly SentPart[]): Promise<void> {
    const upload = this.#find(id, path);
    refuseOthers(upload, sent);
    upload.completion ??= this.#putTogether(upload).catch(error => {
      delete upload.completion;
      throw error;
    });
    await upload.completion;
  }

  /**
   * Ends an upload and removes its parts.
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST for an unknown upload, INVALID_PARAMETER_VALUE for another path than it
   * began with
   */
  async abort(id: string, path: string): Promise<void> {
    await this.#discard(this.#find(id, path));
  }

  /** Ends all uploads. */
  async close(): Promise<void> {
    for (const upload of this.#uploads.values()) this.#forget(upload);
    await fs.rm(this.#parts.folder, { recursive: true, force: true });
  }

  /** For another day. */
  #keep(upload: Upload): void {
    clearTimeout(upload.expiry);
    upload.expiry = setTimeout(() => void this.#discard(upload), LIFETIME_MS).unref();
  }

  async #putTogether(upload: Upload): Promise<void> {
    const content = Readable.from(this.#contentOf(upload), { objectMode: false });
    await this.#parts.artifacts.upload(upload.path, content);
    upload.revokeToken();
    await this.#removeParts(upload);
  }

  async *#contentOf(upload: Upload): AsyncGenerator<Uint8Array> {
    const staging = await this.#stage();
    for (let number = 1; number <= upload.count; number += 1) {
      const part = await staging.open(upload.parts.get(number)?.file ?? '');
      for await (const chunk of await part.read()) {
        this.#find(upload.id);
        yield chunk;
      }
    }
  }

  async #discard(upload: Upload): Promise<void> {
    this.#forget(upload);
    // Its reading ends at the next chunk; a file that is open cannot be removed everywhere.
    await upload.completion?.catch(() => {});
    await this.#removeParts(upload);
  }

  async #removeParts(upload: Upload): Promise<void> {
    // What cannot be removed now is at the next start.
    await this.#staging?.then(staging => staging.delete(upload.id)).catch(() => {});
  }

  #forget(upload: Upload): void {
    this.#uploads.delete(upload.id);
    clearTimeout(upload.expiry);
    upload.revokeToken();
  }

  /** The upload, if it takes parts. */
  #findOpen(id: string): Upload {
    const upload = this.#find(id);
    if (!upload.completion) return upload;
    throw new ApiError('RESOURCE_CONFLICT', `The upload '${id}' is complete and takes no more parts.`);
  }

  #find(id: string, path?: string): Upload {
    const upload = this.#uploads.get(id);
    if (!upload)
      throw missing(
        `There is no upload in parts with the id '${id}': it has been aborted or completed, or the daemon has ` +
          'restarted since. Begin it anew.',
      );
    if (path !== undefined && path !== upload.path)
      throw invalid(`The upload '${id}' is one of '${upload.path}', not of '${path}'.`);
    return upload;
  }

  /** The folder is made when it is first needed. */
  async #stage(): Promise<LocalArtifactStore> {
    this.#staging ??= LocalArtifactStore.open(this.#parts.folder);
    try {
      return await this.#staging;
    } catch (error) {
      this.#staging = undefined;
      throw error;
    }
  }
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless the parts are those that were received, each once */
function refuseOthers({ id, count, parts }: Upload, sent: readonly SentPart[]): void {
  const etags = new Map(sent.map(({ number, etag }) => [number, etag]));
  if (sent.length !== count || etags.size !== count)
    throw invalid(`The upload '${id}' has ${count} parts, each to be named once; ${sent.length} are named.`);
  for (const [number, etag] of etags) {
    const staged = parts.get(number);
    if (!staged) throw invalid(`Part ${number} of the upload '${id}' has not been received.`);
    if (etag.replace(/^"(.*)"$/, '$1') !== staged.etag)
      throw invalid(
        `Part ${number} of the upload '${id}' was received with the ETag "${staged.etag}", not ${etag}.`,
      );
  }
}
