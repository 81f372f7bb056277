/** The files that tables of runs are written to, a part after the other: no table is held in memory. */
import { type FileHandle, open } from 'node:fs/promises';
import type { BasicType } from 'hyparquet-writer';
import type { Run } from '../../contract/runs.ts';
import type { ExportColumn } from './columns.ts';

export const EXPORT_FORMATS = ['csv', 'json', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** A file that runs are written to. */
export interface RunFile {
  write(runs: readonly Run[]): Promise<void>;
  /** Writes what comes last, and closes the file. */
  end(): Promise<void>;
}

/** Begins a file. */
export type OpenRunFile = (file: string, columns: readonly ExportColumn[]) => Promise<RunFile>;

/** How each format is begun. */
export const openRunFile: Readonly<Record<ExportFormat, OpenRunFile>> = {
  csv: openCsv,
  json: openJson,
  parquet: openParquet,
};

/** RFC 4180; times in ISO 8601. */
async function openCsv(file: string, columns: readonly ExportColumn[]): Promise<RunFile> {
  const handle = await open(file, 'w');
  const line = (cells: readonly string[]) => `${cells.map(quoted).join(',')}\r\n`;
  await handle.write(line(columns.map(({ name }) => name)));
  return {
    write: async runs => {
      await handle.write(runs.map(run => line(columns.map(column => cellOf(column, run)))).join(''));
    },
    end: () => close(handle),
  };
}

function cellOf(column: ExportColumn, run: Run): string {
  if (column.type === 'time') return column.value(run)?.toISOString() ?? '';
  return String(column.value(run) ?? '');
}

function quoted(cell: string): string {
  return /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A list of runs as the native API has them, with all of their metrics' summaries. */
async function openJson(file: string): Promise<RunFile> {
  const handle = await open(file, 'w');
  let written = 0;
  await handle.write('[');
  return {
    async write(runs) {
      const items = runs.map(run => `\n${JSON.stringify(run)}`).join(',');
      await handle.write(written > 0 ? `,${items}` : items);
      written += runs.length;
    },
    async end() {
      await handle.write('\n]\n');
      await close(handle);
    },
  };
}

const PARQUET_TYPES: Readonly<Record<ExportColumn['type'], BasicType>> = {
  text: 'STRING',
  number: 'DOUBLE',
  time: 'TIMESTAMP',
};

/** Each part is a row group. */
async function openParquet(file: string, columns: readonly ExportColumn[]): Promise<RunFile> {
  // Loaded when it is used: nothing else needs it.
  const { fileWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');
  const columnData = (runs: readonly Run[]) =>
    columns.map(column => ({
      name: column.name,
      type: PARQUET_TYPES[column.type],
      data: runs.map(run => column.value(run)),
    }));
  const writer = new ParquetWriter({
    writer: fileWriter(file),
    schema: schemaFromColumnData({ columnData: columnData([]) }),
    createdBy: 'modelthat',
  });
  return {
    write: async runs => writer.write({ columnData: columnData(runs), rowGroupSize: runs.length }),
    end: async () => writer.finish(),
  };
}

async function close(handle: FileHandle): Promise<void> {
  await handle.sync();
  await handle.close();
}
