/** The digests of files that need not be hashed again: a database of its own, which may be lost without harm. */
import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import Database, { type Database as Connection, type Statement } from 'better-sqlite3';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS digest (
  path TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  digest TEXT NOT NULL,
  PRIMARY KEY (path, algorithm)
) STRICT, WITHOUT ROWID`;

/** By which a digest was made: our own, that of DVC, and that of DVC 2. */
export type Algorithm = 'sha256' | 'md5' | 'md5-dos2unix';

/** How long another thread is waited for, and how often it is tried again, in milliseconds. */
const PATIENCE_MS = 10_000;
const RETRY_MS = 10;

type Row = readonly [path: string, algorithm: Algorithm, fingerprint: string, digest: string];

export class DigestStore {
  readonly #connection: Connection;
  readonly #find: Statement<[string, Algorithm, string], { digest: string }>;
  readonly #save: Statement<[string, Algorithm, string, string]>;
  readonly #remove: Statement<[string]>;
  #held: Row[] | undefined;

  /**
   * @param file made, with its folder, when it is missing; several threads may have it open. Where it cannot be used, on
   * a full disk for one, digests are remembered as long as this lives
   */
  constructor(file: string) {
    this.#connection = open(file);
    this.#find = this.#connection.prepare(
      'SELECT digest FROM digest WHERE path = ? AND algorithm = ? AND fingerprint = ?',
    );
    this.#remove = this.#connection.prepare('DELETE FROM digest WHERE path = ?');
    this.#save = this.#connection.prepare('INSERT OR REPLACE INTO digest VALUES (?, ?, ?, ?)');
  }

  /** The digest of a file with this fingerprint, if it was hashed before. */
  find(path: string, algorithm: Algorithm, fingerprint: string): string | undefined {
    return this.#find.get(path, algorithm, fingerprint)?.digest;
  }

  save(...row: Row): void {
    if (this.#held) this.#held.push(row);
    else unlessFull(() => this.#save.run(...row));
  }

  /** Forgets files. */
  remove(paths: readonly string[]): void {
    this.#connection.transaction(() => {
      for (const path of paths) this.#remove.run(path);
    })();
  }

  /**
   * Does work whose digests are saved together once it is done: much faster for many files. Not in one transaction with
   * the work, which may take minutes, and would hold up the other threads, or fail for having read before they wrote.
   */
  together<Result>(work: () => Result): Result {
    const held: Row[] = [];
    this.#held = held;
    try {
      return work();
    } finally {
      this.#held = undefined;
      const saveAll = () => {
        for (const row of held) this.#save.run(...row);
      };
      unlessFull(() => this.#connection.transaction(saveAll).immediate());
    }
  }
}

function open(file: string): Connection {
  try {
    mkdirSync(path.dirname(file), { recursive: true });
    return prepare(file);
  } catch (error) {
    if (!isDamage(error)) return prepare(':memory:');
    for (const ending of ['', '-wal', '-shm']) rmSync(file + ending, { force: true });
    return prepare(file);
  }
}

function prepare(file: string): Connection {
  const connection = new Database(file, { timeout: PATIENCE_MS });
  try {
    useLog(connection);
    // What is lost by a power cut is hashed again.
    connection.pragma('synchronous = OFF');
    connection.exec(SCHEMA);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** SQLite does not wait by itself where two connections to a new file turn the log on at the same moment. */
function useLog(connection: Connection): void {
  for (const until = performance.now() + PATIENCE_MS; ; ) {
    try {
      connection.pragma('journal_mode = WAL');
      return;
    } catch (error) {
      if (codeOf(error) !== 'SQLITE_BUSY' || performance.now() > until) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS);
    }
  }
}

/** What a full disk has no room for is hashed again. */
function unlessFull(save: () => void): void {
  try {
    save();
  } catch (error) {
    if (codeOf(error) !== 'SQLITE_FULL') throw error;
  }
}

function isDamage(error: unknown): boolean {
  return ['SQLITE_NOTADB', 'SQLITE_CORRUPT'].includes(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Database.SqliteError ? error.code : undefined;
}
