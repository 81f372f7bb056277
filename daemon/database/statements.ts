import type { Database as Connection, Statement } from 'better-sqlite3';

const prepared = new WeakMap<Connection, Map<string, Statement>>();

/**
 * The prepared form of a fixed piece of SQL, made once per connection. Never for SQL that varies with its input (a
 * search): the cache is not bounded.
 */
export function statement<Row = unknown>(connection: Connection, sql: string): Statement<unknown[], Row> {
  let known = prepared.get(connection);
  if (!known) {
    known = new Map();
    prepared.set(connection, known);
  }
  let found = known.get(sql);
  if (!found) {
    found = connection.prepare(sql);
    known.set(sql, found);
  }
  return found as Statement<unknown[], Row>;
}
