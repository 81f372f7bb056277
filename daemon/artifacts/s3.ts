import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import type { S3Place } from '../client/settings.ts';
import { ApiError, missing } from '../contract/errors.ts';
import { type CachedFile, FolderCache } from './folder-cache.ts';
import type { ArtifactEntry, ArtifactStore, OpenArtifact, StoredContent } from './model.ts';
import { checkArtifactFile, checkArtifactPath, invalidPath } from './paths.ts';
import { explained, isMissing } from './s3-errors.ts';

/** Of an upload in parts, in bytes. With at most 10,000 parts: files of up to 160 GB. */
const PART_SIZE = 16 * 1024 * 1024;
/** Parts that are held and sent at the same time. */
const PARTS_AT_ONCE = 2;
/** More is not answered by S3. */
const MAX_PAGE_SIZE = 1_000;
/** Objects that are deleted at the same time. */
const DELETIONS_AT_ONCE = 16;

/** An object, with its ETag. */
interface Found {
  readonly entry: ArtifactEntry;
  readonly etag: string | undefined;
}

/** Artifacts in a bucket of S3-compatible storage, under a prefix. Nothing is asked of it before it is used. */
export class S3ArtifactStore implements ArtifactStore {
  readonly place: string;
  readonly checksContent = true;
  readonly #client: S3Client;
  readonly #bucket: string;
  /** With a slash at its end, unless it is empty. */
  readonly #prefix: string;
  readonly #cache: FolderCache;
  readonly #pageSize: number;

  private constructor(place: S3Place, cache: FolderCache, pageSize: number) {
    const { bucket, prefix, endpoint, region, pathStyle } = place;
    this.place = `s3://${[bucket, prefix].filter(Boolean).join('/')}`;
    this.#bucket = bucket;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#cache = cache;
    this.#pageSize = pageSize;
    this.#client = new S3Client({
      forcePathStyle: pathStyle,
      ...(endpoint === undefined ? {} : { endpoint, region: 'us-east-1' }),
      ...(region === undefined ? {} : { region }),
      // Other services than AWS do not know the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  /**
   * @param cache folder for copies of what has to be on the local disk
   * @param pageSize how many objects are listed at once
   */
  static async open(place: S3Place, cache: string, pageSize = MAX_PAGE_SIZE): Promise<S3ArtifactStore> {
    return new S3ArtifactStore(place, await FolderCache.open(cache), pageSize);
  }

  async *list(folder: string): AsyncGenerator<ArtifactEntry> {
    const checked = checkArtifactPath(folder);
    for await (const page of this.#pages(this.#below(checked), '/')) {
      const folders = (page.CommonPrefixes ?? []).map(({ Prefix = '' }) =>
        this.#entry(Prefix.slice(0, -1), true),
      );
      const files = (page.Contents ?? []).map(({ Key = '', Size, LastModified }) =>
        this.#entry(Key, false, Size, LastModified),
      );
      const entries = [...folders, ...files].filter(entry => entry !== undefined && entry.path !== checked);
      yield* (entries as ArtifactEntry[]).sort((a, b) => (a.path < b.path ? -1 : 1));
    }
  }

  async stat(artifact: string): Promise<ArtifactEntry | undefined> {
    const checked = checkArtifactPath(artifact);
    const found = checked === '' ? undefined : await this.#head(checked);
    if (found) return found.entry;
    return checked === '' || (await this.#isFolder(checked))
      ? this.#entry(this.#key(checked), true)
      : undefined;
  }

  async open(artifact: string): Promise<OpenArtifact> {
    const checked = checkArtifactFile(artifact);
    const found = await this.#head(checked);
    if (!found) throw missing(`No such artifact: '${checked}'`);
    return {
      entry: found.entry,
      read: async range => this.#get(checked, found, range && { Range: `bytes=${range.start}-${range.end}` }),
      close: async () => {},
    };
  }

  async write(artifact: string, content: Readable, confirm?: () => Promise<void>): Promise<StoredContent> {
    const checked = checkArtifactFile(artifact);
    await this.#refuseOtherKind(checked);
    const hash = createHash('sha256');
    let size = 0;
    async function* measured(): AsyncGenerator<Uint8Array> {
      for await (const chunk of content as AsyncIterable<Uint8Array>) {
        hash.update(chunk);
        size += chunk.byteLength;
        yield chunk;
      }
      // The last part is sent, and the object appears, only after this.
      await confirm?.();
    }
    const upload = new Upload({
      client: this.#client,
      params: {
        Bucket: this.#bucket,
        Key: this.#key(checked),
        Body: Readable.from(measured(), { objectMode: false }),
      },
      partSize: PART_SIZE,
      queueSize: PARTS_AT_ONCE,
    });
    try {
      await upload.done();
    } catch (error) {
      throw this.#explained(endedEarly(content, checked) ?? error);
    }
    const stored = await this.#head(checked);
    return { size, sha256: hash.digest('hex'), modifiedAt: stored?.entry.modifiedAt ?? 0 };
  }

  async delete(artifact: string): Promise<void> {
    const checked = checkArtifactFile(artifact);
    await this.#deleteKeys([this.#key(checked)]);
    for await (const page of this.#pages(this.#below(checked)))
      await this.#deleteKeys((page.Contents ?? []).map(({ Key = '' }) => Key));
  }

  async localFolder(folder: string): Promise<string | undefined> {
    const checked = checkArtifactPath(folder);
    const below = this.#below(checked);
    const files: CachedFile[] = [];
    for await (const page of this.#pages(below))
      for (const { Key = '', Size = 0, LastModified, ETag } of page.Contents ?? []) {
        const entry = this.#entry(Key, false, Size, LastModified);
        if (entry)
          files.push({
            path: Key.slice(below.length),
            version: `${Size} ${ETag}`,
            read: () => this.#get(entry.path, { entry, etag: ETag }),
          });
      }
    return files.length === 0 ? undefined : this.#cache.folder(files);
  }

  async check(): Promise<void> {
    // Not a HEAD of the bucket: its answer has no body that says what is wrong.
    const request = { Bucket: this.#bucket, Prefix: this.#prefix, MaxKeys: 1 };
    await this.#send(() => this.#client.send(new ListObjectsV2Command(request)));
  }

  /** The key of a checked path: always below the prefix, as a key is a text in which `..` means nothing. */
  #key(checked: string): string {
    return this.#prefix + checked;
  }

  /** What the keys of all that is in a folder begin with. */
  #below(checked: string): string {
    return checked === '' ? this.#prefix : `${this.#key(checked)}/`;
  }

  /** Undefined for keys that are no artifacts of ours: no store could take their names. */
  #entry(key: string, isDir: boolean, size = 0, modifiedAt?: Date): ArtifactEntry | undefined {
    const name = key.slice(this.#prefix.length);
    try {
      if (checkArtifactPath(name) !== name) return undefined;
    } catch {
      return undefined;
    }
    return { path: name, isDir, size, modifiedAt: modifiedAt?.getTime() ?? 0 };
  }

  async #head(checked: string): Promise<Found | undefined> {
    try {
      const { ContentLength, LastModified, ETag } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#key(checked) }),
      );
      const entry = this.#entry(this.#key(checked), false, ContentLength, LastModified);
      return entry && { entry, etag: ETag };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw this.#explained(error);
    }
  }

  /** Reads an object as it was found. @throws ApiError RESOURCE_CONFLICT when it was replaced since */
  async #get(checked: string, { etag }: Found, options: { Range?: string } = {}): Promise<Readable> {
    const { Body } = await this.#send(() =>
      this.#client.send(
        new GetObjectCommand({
          Bucket: this.#bucket,
          Key: this.#key(checked),
          ...(etag === undefined ? {} : { IfMatch: etag }),
          ...options,
        }),
      ),
    );
    if (Body instanceof Readable) return Body;
    throw new Error('the AWS client answered without a stream');
  }

  async *#pages(prefix: string, delimiter?: string): AsyncGenerator<ListObjectsV2CommandOutput> {
    const pages = paginateListObjectsV2(
      { client: this.#client, pageSize: this.#pageSize },
      { Bucket: this.#bucket, Prefix: prefix, ...(delimiter === undefined ? {} : { Delimiter: delimiter }) },
    );
    try {
      yield* pages;
    } catch (error) {
      throw this.#explained(error);
    }
  }

  async #isFolder(checked: string): Promise<boolean> {
    for await (const page of this.#pages(this.#below(checked))) return (page.KeyCount ?? 0) > 0;
    return false;
  }

  /** On a disk one name is either a file or a folder; so it is here, as far as one can know. */
  async #refuseOtherKind(checked: string): Promise<void> {
    const names = checked.split('/');
    const above = names.slice(1).map((_, index) => names.slice(0, index + 1).join('/'));
    const [isFolder, ...files] = await Promise.all([
      this.#isFolder(checked),
      ...above.map(folder => this.#head(folder)),
    ]);
    if (isFolder) throw invalidPath(checked, 'there is a folder of that name');
    if (files.some(Boolean)) throw invalidPath(checked, 'a part of it names a file');
  }

  async #deleteKeys(keys: readonly string[]): Promise<void> {
    for (let from = 0; from < keys.length; from += DELETIONS_AT_ONCE)
      await Promise.all(
        keys
          .slice(from, from + DELETIONS_AT_ONCE)
          .map(Key =>
            this.#send(() => this.#client.send(new DeleteObjectCommand({ Bucket: this.#bucket, Key }))),
          ),
      );
  }

  async #send<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call();
    } catch (error) {
      throw this.#explained(error);
    }
  }

  #explained(error: unknown): unknown {
    return explained(error, this.place, this.#bucket);
  }
}

/** The error of an upload whose sender has gone, if that is why it failed. */
function endedEarly(content: Readable, checked: string): ApiError | undefined {
  return content.readableAborted || content.errored
    ? new ApiError('BAD_REQUEST', `The upload of '${checked}' ended early; nothing of it was kept.`)
    : undefined;
}
