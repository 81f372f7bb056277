import type { Database as Connection } from 'better-sqlite3';
import { missing } from '../contract/errors.ts';
import type { Reproduction } from '../contract/reproductions.ts';
import { statement } from '../database/statements.ts';

interface Row {
  readonly record: string;
}

function toReproduction({ record }: Row): Reproduction {
  return JSON.parse(record) as Reproduction;
}

/** Keeps a reproduction, in place of what was kept of it before. */
function save(connection: Connection, reproduction: Reproduction): void {
  const { id, of, execution, startTime } = reproduction;
  const run = 'run' in of ? of.run : null;
  const [model, version] = 'model' in of ? [of.model, of.version] : [null, null];
  statement(
    connection,
    `INSERT INTO reproduction (id, execution, run, model, version, start_time, record) VALUES (?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT (id) DO UPDATE SET record = excluded.record`,
  ).run(id, execution, run, model, version, startTime, JSON.stringify(reproduction));
}

/** @throws ApiError RESOURCE_DOES_NOT_EXIST */
function get(connection: Connection, { id }: { id: string }): Reproduction {
  const row = statement<Row>(connection, 'SELECT record FROM reproduction WHERE id = ?').get(id);
  if (!row) throw missing(`There is no reproduction “${id}”; see modelthat reproductions.`);
  return toReproduction(row);
}

/** Newest first, those that are of all that is given. */
function list(
  connection: Connection,
  input: {
    execution: string | null;
    run: string | null;
    model: string | null;
    version: number | null;
    limit: number;
  },
): Reproduction[] {
  return statement<Row>(
    connection,
    `SELECT record FROM reproduction
     WHERE (@execution IS NULL OR execution = @execution) AND (@run IS NULL OR run = @run)
       AND (@model IS NULL OR model = @model) AND (@version IS NULL OR version = @version)
     ORDER BY start_time DESC, rowid DESC LIMIT @limit`,
  )
    .all(input)
    .map(toReproduction);
}

/** Those without a verdict. */
function unfinished(connection: Connection, _input: Record<string, never>): Reproduction[] {
  return statement<Row>(
    connection,
    "SELECT record FROM reproduction WHERE record ->> '$.status' = 'running' ORDER BY start_time",
  )
    .all()
    .map(toReproduction);
}

export const writes = { 'reproductions.save': save };
export const reads = {
  'reproductions.get': get,
  'reproductions.list': list,
  'reproductions.unfinished': unfinished,
};
