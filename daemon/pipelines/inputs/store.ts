/** The digests of files that need not be hashed again: a database of its own, which may be lost without harm. */
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

type Row = readonly [path: string, algorithm: Algorithm, fingerprint: string, digest: string];

export class DigestStore {
  readonly #connection: Connection;
  readonly #find: Statement<[string, Algorithm, string], { digest: string }>;
  readonly #save: Statement<[string, Algorithm, string, string]>;
  readonly #remove: Statement<[string]>;
  #held: Row[] | undefined;

  /** @param file made when it is missing; several threads may have it open */
  constructor(file: string) {
    this.#connection = new Database(file, { timeout: 10_000 });
    this.#connection.pragma('journal_mode = WAL');
    // What is lost by a power cut is hashed again.
    this.#connection.pragma('synchronous = OFF');
    this.#connection.exec(SCHEMA);
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
    else this.#save.run(...row);
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
      this.#connection.transaction(saveAll).immediate();
    }
  }
}
