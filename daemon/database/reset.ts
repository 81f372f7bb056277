/** Emptying the database of a daemon that is under test. */
import type { Database as Connection } from 'better-sqlite3';
import { applyMigrations } from './migrations.ts';
import { statement } from './statements.ts';

/** Brings the database back to what it was when it was made: every row goes, and ids are given from the start again. */
function reset(connection: Connection): void {
  // The newest first: what refers to a table was made after it.
  const tables = statement<{ name: string }>(
    connection,
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid DESC",
  ).all();
  connection.pragma('defer_foreign_keys = ON');
  for (const { name } of tables) connection.exec(`DROP TABLE "${name}"`);
  applyMigrations(connection);
}

export const writes = { 'database.reset': reset } as const;
