import type { Database as Connection } from 'better-sqlite3';

/**
 * A read of several statements that all see the same state: between two of them the writer may move points from rows into
 * blocks. While it runs, the log cannot begin anew, so this is for reads of about a second at most.
 */
export function snapshot<Input, Output>(
  read: (connection: Connection, input: Input) => Output,
): (connection: Connection, input: Input) => Output {
  return (connection, input) => connection.transaction(() => read(connection, input))();
}
