/** Keeping SQLite's write-ahead log small, also while reads overlap without a pause. */
import { statSync } from 'node:fs';
import SQLite, { type Database as Connection } from 'better-sqlite3';
import { LOG_LIMIT_BYTES } from './open.ts';
import type { ReadGate } from './read-gate.ts';

/** How long reads that are under way are waited for, in milliseconds. Writes wait as long. */
const PATIENCE_MS = 250;

/** By what part of the limit the log grows before it is tried again after reads took too long. */
const NEXT_TRY = 1 / 4;

/**
 * SQLite begins its log anew when nobody reads from it. While there is always somebody, it grows; so above a limit reads
 * are held back for a moment.
 */
export class LogSize {
  readonly #connection: Connection;
  readonly #gate: ReadGate;
  readonly #limit: number;
  #next: number;

  constructor(connection: Connection, gate: ReadGate, limit = LOG_LIMIT_BYTES) {
    this.#connection = connection;
    this.#gate = gate;
    this.#limit = limit;
    this.#next = limit;
  }

  /** To be called after a commit. */
  check(): void {
    const size = statSync(`${this.#connection.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    if (size < this.#next) return;
    const done = this.#gate.whileShut(PATIENCE_MS, () => this.#beginAnew());
    this.#next = done ? this.#limit : size + this.#limit * NEXT_TRY;
  }

  /** @returns whether the log is empty now */
  #beginAnew(): boolean {
    // A survey of the whole database may be under way, which nobody is to wait for.
    const timeout = this.#connection.pragma('busy_timeout', { simple: true });
    this.#connection.pragma('busy_timeout = 0');
    try {
      const [result] = this.#connection.pragma('wal_checkpoint(TRUNCATE)') as { busy: number }[];
      return result?.busy === 0;
    } catch (error) {
      // The next commit tells of a full disk.
      if (error instanceof SQLite.SqliteError && error.code === 'SQLITE_FULL') return false;
      throw error;
    } finally {
      this.#connection.pragma(`busy_timeout = ${timeout}`);
    }
  }
}
