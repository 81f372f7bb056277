/** SQL of what was uploaded. The files themselves are in an `ArtifactStore`. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../database/statements.ts';
import type { StoredContent } from './model.ts';

export const writes = {
  'artifacts.record': (connection: Connection, input: { path: string } & StoredContent): void => {
    statement(
      connection,
      `INSERT OR REPLACE INTO artifact (path, size, modified_at, sha256)
       VALUES (@path, @size, @modifiedAt, @sha256)`,
    ).run(input);
  },

  /** Forgets a file, or all below a folder. */
  'artifacts.forget': (connection: Connection, input: { path: string }): void => {
    statement(connection, 'DELETE FROM artifact WHERE path = ? OR (path >= ? AND path < ?)').run(
      input.path,
      `${input.path}/`,
      // The character after '/': all paths below the folder lie between.
      `${input.path}0`,
    );
  },
};

export const reads = {
  'artifacts.recorded': (connection: Connection, input: { path: string }): StoredContent | null =>
    statement<StoredContent>(
      connection,
      'SELECT size, modified_at AS modifiedAt, sha256 FROM artifact WHERE path = ?',
    ).get(input.path) ?? null,
};
