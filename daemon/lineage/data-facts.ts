/** Rows and columns of data, and what DVC calls it, where that can be had without reading much. */
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { DataField, DataNode } from '../contract/lineage.ts';
import { countRows, readColumns } from './delimited.ts';
import { dvcFileOf, dvcNameOf } from './dvc-name.ts';
import { footerLength, readFooter } from './parquet.ts';

/** Larger files are not read whole: their rows are not counted, nor is it checked what they hold. */
const WHOLE_BYTES = 8 * 2 ** 20;
const START_BYTES = 64 * 2 ** 10;
/** The end of a Parquet file that is read at first: most footers are in it. */
const END_BYTES = 64 * 2 ** 10;
const FOOTER_BYTES = 8 * 2 ** 20;
/** Versions of data that are looked at for one answer, unless it says otherwise. */
const LOOKED_AT = 30;
/** Versions that are remembered. */
const REMEMBERED = 1_000;

const DELIMITERS: Readonly<Record<string, string>> = { '.csv': ',', '.tsv': '\t' };

/** Of a table; both null where nothing can be found. */
interface TableFacts {
  readonly rows: number | null;
  readonly schema: DataField[] | null;
}

const NO_TABLE: TableFacts = { rows: null, schema: null };

/** What was found. */
interface Facts extends TableFacts {
  /** DVC's name of the version. */
  readonly dvc: string | null;
}

const NONE: Facts = { ...NO_TABLE, dvc: null };

/** Reads what versions of data are made of: from the cache of outputs, or from where they lie, if they still do. */
export class DataFacts {
  readonly #cache: string;
  /** By path and digest: what a digest names does not change. */
  readonly #known = new Map<string, Facts>();

  /** @param cache folder with the outputs of steps by their content */
  constructor(cache: string) {
    this.#cache = cache;
  }

  /**
   * Nodes with what neither steps nor runs have told of them.
   *
   * @param most versions that are looked at, besides those that are remembered
   */
  async complete<Node extends { readonly kind: string }>(
    nodes: readonly Node[],
    most = LOOKED_AT,
  ): Promise<Node[]> {
    let left = most;
    const completed: Node[] = [];
    for (const node of nodes) {
      const data = asData(node);
      if (!data || left <= 0 || data.digest === null) {
        completed.push(node);
        continue;
      }
      const { facts, known } = await this.#of(data, data.digest);
      if (!known) left -= 1;
      const { rows, schema, dvc } = facts;
      completed.push({
        ...node,
        rows: data.rows ?? rows,
        schema: data.schema ?? schema,
        dvc: data.dvc ?? dvc,
      });
    }
    return completed;
  }

  async #of(data: DataNode, digest: string): Promise<{ facts: Facts; known: boolean }> {
    const key = `${data.path} ${digest}`;
    const known = this.#known.get(key);
    if (known) return { facts: known, known: true };
    const extension = path.extname(data.path).toLowerCase();
    const isTracked = data.file !== null && (await isFile(dvcFileOf(data.file)));
    if (!isTable(extension) && !isTracked) return { facts: NONE, known: true };
    const facts = await this.#read(data, digest, extension).catch(() => undefined);
    // What lies elsewhere now can come back.
    if (facts) this.#remember(key, facts);
    return { facts: facts ?? NONE, known: false };
  }

  #remember(key: string, facts: Facts): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= REMEMBERED && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, facts);
  }

  /** Undefined when the content is nowhere that is looked at. */
  async #read(data: DataNode, digest: string, extension: string): Promise<Facts | undefined> {
    const kept = path.join(this.#cache, 'objects', digest.slice(0, 2), digest.slice(2));
    const isKept = /^[0-9a-f]{64}$/.test(digest) && (await isFile(kept));
    if (isKept) return { ...(await tableFacts(kept, extension)), dvc: null };
    const content = data.file === null ? undefined : await contentOf(data.file, digest);
    if (data.file === null || !content) return undefined;
    return { ...(await tableFacts(data.file, extension)), dvc: await dvcNameOf(data.file, content) };
  }
}

function isTable(extension: string): boolean {
  return DELIMITERS[extension] !== undefined || extension === '.parquet';
}

function asData(node: { readonly kind: string }): DataNode | undefined {
  return node.kind === 'data' ? (node as DataNode) : undefined;
}

async function isFile(file: string): Promise<boolean> {
  return (await fs.stat(file).catch(() => undefined))?.isFile() ?? false;
}

/** What a file holds, if that is still what a digest names. */
async function contentOf(file: string, digest: string): Promise<Buffer | undefined> {
  const algorithm = { 32: 'md5', 64: 'sha256' }[digest.length];
  const status = await fs.stat(file).catch(() => undefined);
  if (algorithm === undefined || !status?.isFile() || status.size > WHOLE_BYTES) return undefined;
  const content = await fs.readFile(file);
  return createHash(algorithm).update(content).digest('hex') === digest ? content : undefined;
}

async function tableFacts(file: string, extension: string): Promise<TableFacts> {
  if (!isTable(extension)) return NO_TABLE;
  const handle = await fs.open(file);
  try {
    const { size } = await handle.stat();
    const delimiter = DELIMITERS[extension];
    if (delimiter === undefined) return await readParquet(handle, size);
    const start = await readPart(handle, 0, Math.min(size, START_BYTES));
    return {
      rows: size <= WHOLE_BYTES ? countRows(await readPart(handle, 0, size)) : null,
      schema: readColumns(start.toString('utf8'), delimiter, size <= START_BYTES) ?? null,
    };
  } finally {
    await handle.close();
  }
}

async function readParquet(handle: fs.FileHandle, size: number): Promise<TableFacts> {
  const tail = await readPart(handle, Math.max(0, size - END_BYTES), Math.min(size, END_BYTES));
  const length = footerLength(tail);
  if (length === undefined || length > Math.min(size, FOOTER_BYTES)) return NO_TABLE;
  return readFooter(
    length <= tail.length
      ? tail.subarray(tail.length - length)
      : await readPart(handle, size - length, length),
  );
}

async function readPart(handle: fs.FileHandle, from: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, from);
  return buffer.subarray(0, bytesRead);
}
