/** The floor: what better-sqlite3 alone does with the same bodies on one thread, a synced transaction for each. */
import path from 'node:path';
import SQLite from 'better-sqlite3';

/** A database with one table of metrics, into which bodies of log-batch and log-metric are parsed and inserted. */
export class Floor {
  readonly #database: SQLite.Database;
  readonly #insertAll: (body: Buffer) => void;

  constructor(folder: string) {
    this.#database = new SQLite(path.join(folder, 'floor.db'));
    this.#database.pragma('journal_mode = WAL');
    this.#database.pragma('synchronous = FULL');
    this.#database.exec(
      'CREATE TABLE metric (run TEXT, key TEXT, step INTEGER, timestamp INTEGER, value REAL)',
    );
    const insert = this.#database.prepare('INSERT INTO metric VALUES (?, ?, ?, ?, ?)');
    this.#insertAll = this.#database.transaction((body: Buffer) => {
      const parsed = JSON.parse(body.toString());
      for (const { key, step, timestamp, value } of parsed.metrics ?? [parsed])
        insert.run(parsed.run_id, key, step, timestamp, value);
    });
  }

  /** Inserts the bodies in turn, over and over, for about so long. @returns milliseconds of each */
  insertFor(seconds: number, bodies: readonly string[]): number[] {
    const buffers = bodies.map(body => Buffer.from(body));
    const latencies: number[] = [];
    const end = performance.now() + seconds * 1000;
    for (let index = 0; performance.now() < end; index += 1) {
      const start = performance.now();
      this.#insertAll(buffers[index % buffers.length] ?? Buffer.from(''));
      latencies.push(performance.now() - start);
    }
    return latencies;
  }

  close(): void {
    this.#database.close();
  }
}
