/** SQL of what was uploaded. The files themselves are in an `ArtifactStore`. */
import type { Database as Connection } from 'better-sqlite3';
import { statement } from '../database/statements.ts';
import type { StoredContent } from './model.ts';

const FORGOTTEN_AT_ONCE = 2_000;

export const writes = {
  'artifacts.record': (connection: Connection, input: { path: string } & StoredContent): void => {
    statement(
      connection,
      `INSERT OR REPLACE INTO artifact (path, size, modified_at, sha256)
       VALUES (@path, @size, @modifiedAt, @sha256)`,
    ).run(input);
  },

  /** Forgets a file, or what is below a folder: a part of it, so that other writes get their turn. @returns how many */
  'artifacts.forget': (connection: Connection, input: { path: string }): number =>
    statement(
      connection,
      `DELETE FROM artifact WHERE path = ? OR (path >= ? AND path < ?) LIMIT ${FORGOTTEN_AT_ONCE}`,
    ).run(
      input.path,
      `${input.path}/`,
      // The character after '/': all paths below the folder lie between.
      `${input.path}0`,
    ).changes,
};

export const reads = {
  'artifacts.recorded': (connection: Connection, input: { path: string }): StoredContent | null =>
    statement<StoredContent>(
      connection,
      'SELECT size, modified_at AS modifiedAt, sha256 FROM artifact WHERE path = ?',
    ).get(input.path) ?? null,

  /** Records in the order of their paths. @param input.after the last path of the page before; empty for the first */
  'artifacts.page': (
    connection: Connection,
    input: { after: string; limit: number },
  ): (StoredContent & { path: string })[] =>
    statement<StoredContent & { path: string }>(
      connection,
      `SELECT path, size, modified_at AS modifiedAt, sha256 FROM artifact WHERE path > ? ORDER BY path LIMIT ?`,
    ).all(input.after, input.limit),
};
