/** The digests of files that need not be hashed again: a database of its own, which may be lost without harm. */
import Database, { type Database as Connection, type Statement } from 'better-sqlite3';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS file_digest (
  path TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID`;

type Row = readonly [path: string, fingerprint: string, digest: string];

export class DigestStore {
  readonly #connection: Connection;
  readonly #find: Statement<[string, string], { digest: string }>;
  readonly #save: Statement<[string, string, string]>;
  #held: Row[] | undefined;

  /** @param file made when it is missing; several threads may have it open */
  constructor(file: string) {
    this.#connection = new Database(file, { timeout: 10_000 });
    this.#connection.pragma('journal_mode = WAL');
    // What is lost by a power cut is hashed again.
    this.#connection.pragma('synchronous = OFF');
    this.#connection.exec(SCHEMA);
    this.#find = this.#connection.prepare(
      'SELECT digest FROM file_digest WHERE path = ? AND fingerprint = ?',
    );
    this.#save = this.#connection.prepare('INSERT OR REPLACE INTO file_digest VALUES (?, ?, ?)');
  }

  /** The digest of a file with this fingerprint, if it was hashed before. */
  find(path: string, fingerprint: string): string | undefined {
    return this.#find.get(path, fingerprint)?.digest;
  }

  save(path: string, fingerprint: string, digest: string): void {
    const row = [path, fingerprint, digest] as const;
    if (this.#held) this.#held.push(row);
    else this.#save.run(...row);
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
