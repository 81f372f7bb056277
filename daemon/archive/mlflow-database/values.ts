/** Keys and values of a foreign table. */
import { ApiError } from '../../contract/errors.ts';
import { checkKey, type KeyValue } from '../../tracking/model.ts';
import { type ForeignDatabase, text } from './foreign.ts';

/** Whose rows are meant. */
export interface Owner {
  /** Column that names it. */
  readonly of: string;
  readonly id: unknown;
}

/** Params or tags of one owner; a pair that makes no sense is reported and left out. */
export function pairs(
  database: ForeignDatabase,
  table: string,
  owner: Owner,
  key = 'key',
  value = 'value',
): KeyValue[] {
  if (!database.has(table, owner.of) || !database.has(table, key)) return [];
  const values = database.has(table, value)
    ? value
    : // FastTrackML keeps params by their type.
      `coalesce(${['value_str', 'value_int', 'value_float'].map(each => database.column(table, each)).join(', ')}, '')`;
  return database
    .all(`SELECT ${key} AS key, ${values} AS value FROM ${table} WHERE ${owner.of} = ?`, owner.id)
    .flatMap(row => {
      const place = `${table}, ${owner.of} ${owner.id}`;
      const found = database.attempt(place, 'A pair was left out', () => ({
        key: text(row.key, 'key'),
        value: text(row.value, 'value'),
      }));
      return found && isKey(database, found.key, place) ? [found] : [];
    });
}

/** Whether a key is one that MLflow takes; another one is reported. */
export function isKey(database: ForeignDatabase, key: string, place: string): boolean {
  try {
    checkKey(key, 'key');
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    database.reporter.problem(
      place,
      `The key ${JSON.stringify(key.slice(0, 60))} was left out: ${error.message}`,
    );
    return false;
  }
}
