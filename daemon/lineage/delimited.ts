/** What a file of delimited values (RFC 4180) says of its columns. */
import type { DataField } from '../contract/lineage.ts';

const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** Rows that are looked at for the types of columns. */
const SAMPLED = 100;

/** @param start of the file, which can end within a row. @param whole whether it is all of the file */
export function readColumns(start: string, delimiter: string, whole: boolean): DataField[] | undefined {
  const rows = rowsOf(start, delimiter, SAMPLED + 2);
  const [header, ...sample] = whole ? rows : rows.slice(0, -1);
  if (!header || header.length === 0) return undefined;
  return header.map((name, at) => ({
    name: at === 0 ? name.replace(/^\uFEFF/, '') : name,
    type: typeOf(sample.flatMap(row => row[at] ?? [])),
  }));
}

/** Rows of a whole file, without that of the names. */
export function countRows(content: Buffer): number {
  let quoted = false;
  let rows = 0;
  let length = 0;
  for (const byte of content) {
    if (byte === QUOTE) quoted = !quoted;
    if (byte === NEWLINE && !quoted) {
      rows += length > 0 ? 1 : 0;
      length = 0;
    } else length += 1;
  }
  return Math.max(0, rows + (length > 0 ? 1 : 0) - 1);
}

function rowsOf(text: string, delimiter: string, most: number): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  // A value in quotes, in which quotes are doubled; or one without; and what ends it.
  const value = new RegExp(`(?:"((?:[^"]|"")*)"|([^${delimiter}\\r\\n]*))(${delimiter}|\\r?\\n|$)`, 'y');
  while (value.lastIndex < text.length && rows.length < most) {
    const found = value.exec(text);
    if (!found) return rows;
    const [, quoted, plain = '', end] = found;
    row.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === delimiter) continue;
    rows.push(row);
    row = [];
  }
  return row.length > 0 ? [...rows, row] : rows;
}

function typeOf(values: readonly string[]): string {
  const given = values.filter(each => each !== '');
  if (given.length === 0) return '';
  if (given.every(each => /^[+-]?\d+$/.test(each))) return 'integer';
  if (given.every(each => Number.isFinite(Number(each)))) return 'number';
  return 'string';
}
