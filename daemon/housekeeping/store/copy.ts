/** Copies of the database for backups. */
import SQLite, { type Database as Connection } from 'better-sqlite3';
import type { StoredContent } from '../../artifacts/model.ts';
import { ApiError } from '../../contract/errors.ts';

/**
 * Copies the database as it is committed now, in one piece, while others write on.
 *
 * @param input.target a file that is not there yet
 * @returns the schema of the copy
 * @throws ApiError INSUFFICIENT_STORAGE when there is no room for it
 */
export function copyDatabase(connection: Connection, { target }: { target: string }): { schema: number } {
  // The connection itself cannot write; this lets it write the copy.
  connection.pragma('query_only = OFF');
  try {
    connection.prepare('VACUUM INTO ?').run(target);
    return { schema: Number(connection.pragma('user_version', { simple: true })) };
  } catch (error) {
    if (!(error instanceof SQLite.SqliteError) || error.code !== 'SQLITE_FULL') throw error;
    throw new ApiError(
      'INSUFFICIENT_STORAGE',
      `There is no room for a copy of the database at ${target}. Free some space, or name another folder.`,
    );
  } finally {
    connection.pragma('query_only = ON');
  }
}

/** Has the copy say of artifacts what the backup holds of them. @param file the copy, which nobody else has open */
export function recordArtifacts(
  file: string,
  artifacts: readonly (StoredContent & { readonly path: string })[],
): void {
  const connection = new SQLite(file, { fileMustExist: true });
  try {
    const insert = connection.prepare(
      'INSERT INTO artifact (path, size, modified_at, sha256) VALUES (@path, @size, @modifiedAt, @sha256)',
    );
    connection.transaction(() => {
      connection.exec('DELETE FROM artifact');
      for (const artifact of artifacts) insert.run(artifact);
    })();
  } finally {
    connection.close();
  }
}
