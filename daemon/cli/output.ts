/** How commands speak: results on standard output (a table, or JSON with `--json`), all else on standard error. */
import { styleText } from 'node:util';

/** One column of a table. */
export interface Column<Row> {
  readonly title: string;
  readonly value: (row: Row) => string | number | null | undefined;
  readonly align?: 'left' | 'right';
}

/** Prints a value as JSON. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Prints a line of the result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Says something about the work itself: progress, hints. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Longest text in a column that others follow: one endless name must not push them out of sight. */
const CELL_LENGTH = 60;

/** Text for a table: of bounded length, and without what would steer the terminal, for names come from anywhere. */
function cellOf(text: string, length: number): string {
  const plain = text.replace(/\p{Cc}/gu, '�');
  return plain.length <= length ? plain : `${plain.slice(0, length - 1)}…`;
}

/** Prints rows under their titles, or `empty` when there are none. */
export function printTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  empty = 'Nothing yet.',
): void {
  if (rows.length === 0) {
    say(empty);
    return;
  }
  const last = columns.length - 1;
  const cells = rows.map(row =>
    columns.map((column, at) =>
      cellOf(String(column.value(row) ?? ''), at === last ? Infinity : CELL_LENGTH),
    ),
  );
  const widths = columns.map((column, at) =>
    Math.max(column.title.length, ...cells.map(line => line[at]?.length ?? 0)),
  );
  const lay = (line: readonly string[]) =>
    line
      .map((cell, at) => {
        const width = widths[at] ?? 0;
        return columns[at]?.align === 'right' ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  print(style('bold', lay(columns.map(column => column.title))));
  for (const line of cells) print(lay(line));
}

/** Prints names and values below each other. */
export function printFields(fields: Readonly<Record<string, string | number | null | undefined>>): void {
  const width = Math.max(...Object.keys(fields).map(name => name.length));
  for (const [name, value] of Object.entries(fields)) print(`${name.padEnd(width)}  ${value ?? ''}`);
}

/** Text in a style, where the terminal shows styles and NO_COLOR is not set. */
export function style(format: Parameters<typeof styleText>[0], text: string): string {
  return styleText(format, text, { stream: process.stdout });
}

/** A time (milliseconds since the epoch) as a person reads it: local date and time to the second. */
export function formatTime(time: number | null): string {
  return time === null ? '' : new Date(time).toLocaleString('sv-SE');
}

/** A span in milliseconds as a person reads it: `850 ms`, `12.4 s`, `3 min 20 s`, `2 h 5 min`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.floor(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** A number as tables show it: six significant digits. */
export function formatNumber(value: number | string): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(6))) : value;
}
