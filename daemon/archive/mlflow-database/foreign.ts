/** A database of another program: its tables and columns are asked for before they are used. */
import SQLite, { type Database as Connection } from 'better-sqlite3';
import { invalid } from '../../contract/errors.ts';
import { Unreadable } from '../folder.ts';
import type { Reporter } from '../model.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Opens a private copy, and reads what is there. */
export class ForeignDatabase {
  readonly reporter: Reporter;
  readonly #connection: Connection;
  readonly #columns = new Map<string, ReadonlySet<string>>();

  /** @throws ApiError INVALID_PARAMETER_VALUE when the file is no SQLite database */
  constructor(copy: string, reporter: Reporter) {
    this.reporter = reporter;
    this.#connection = new SQLite(copy, { fileMustExist: true });
    try {
      this.#connection.pragma('trusted_schema = OFF');
      this.has('runs');
    } catch (error) {
      this.#connection.close();
      throw isDamage(error) ? invalid(`It is damaged, or no SQLite database: ${error.message}.`) : error;
    }
  }

  /** Whether there is a table, or a column of it. Views are none: what a database says of itself is not executed. */
  has(table: string, column?: string): boolean {
    let columns = this.#columns.get(table);
    if (!columns) {
      const found = this.#connection
        .prepare(
          `SELECT info.name FROM sqlite_schema JOIN pragma_table_info(sqlite_schema.name) AS info
           WHERE sqlite_schema.type = 'table' AND sqlite_schema.name = ?`,
        )
        .pluck()
        .all(table);
      columns = new Set(found.map(String));
      this.#columns.set(table, columns);
    }
    return column === undefined ? columns.size > 0 : columns.has(column);
  }

  /** `table.column`, or another expression where the column is missing. */
  column(table: string, column: string, otherwise = 'NULL'): string {
    return this.has(table, column) ? `${table}.${column}` : otherwise;
  }

  /** Makes an index on the copy, so that one run's rows are found without reading all of them. */
  index(table: string, column: string): void {
    if (this.has(table, column))
      this.attempt(table, 'It is read without an index', () =>
        this.#connection.exec(`CREATE INDEX IF NOT EXISTS "import ${table}" ON ${table} (${column})`),
      );
  }

  all(sql: string, ...values: readonly unknown[]): Row[] {
    return this.#connection.prepare<unknown[], Row>(sql).all(...values);
  }

  iterate(sql: string, ...values: readonly unknown[]): Iterable<Row> {
    return this.#connection.prepare<unknown[], Row>(sql).iterate(...values);
  }

  /** The result, or undefined and a problem when the database is damaged there, or a value makes no sense. */
  attempt<Result>(place: string, what: string, read: () => Result): Result | undefined {
    try {
      return read();
    } catch (error) {
      if (!isDamage(error) && !(error instanceof Unreadable)) throw error;
      this.reporter.problem(place, `${what}: ${error.message}.`);
      return undefined;
    }
  }

  close(): void {
    this.#connection.close();
  }
}

function isDamage(error: unknown): error is Error {
  return error instanceof SQLite.SqliteError;
}

/** A column's text; null is ''. SQLite keeps whatever was put in, so a type is only ever likely. */
export function text(value: unknown, column: string): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  throw new Unreadable(`'${column}' should be a text`);
}

/** A column's whole number, or null. */
export function integer(value: unknown, column: string): number | null {
  if (value === null || value === undefined) return null;
  if (Number.isSafeInteger(value)) return value as number;
  throw new Unreadable(
    `'${column}' should be a whole number, not ${JSON.stringify(String(value).slice(0, 40))}`,
  );
}

/** A column's text that must be there. */
export function required(value: unknown, column: string): string {
  const found = text(value, column);
  if (found === '') throw new Unreadable(`'${column}' is missing`);
  return found;
}

/** Whether MLflow's word says that something is in the bin. */
export function lifecycle(value: unknown): 'active' | 'deleted' {
  return value === 'deleted' ? 'deleted' : 'active';
}
