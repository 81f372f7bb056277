/** The first rows of a Parquet file, of which only the parts that hold them are read. */
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import type { Preview } from '../../daemon/contract/messages.ts';

const SHOWN_ROWS = 200;
/** Compressed bytes that are read for them, at most: row groups come as a whole. */
const MOST_BYTES = 32_000_000;

/** @param file reads parts of it @throws Error when it is no Parquet file */
export async function parquetPreview(file: AsyncBuffer): Promise<Preview> {
  const metadata = await parquetMetadataAsync(file);
  const header = parquetSchema(metadata).children.map(({ element }) => element.name);
  const rowCount = Number(metadata.num_rows);
  if (firstGroupBytes(metadata) > MOST_BYTES)
    return {
      kind: 'none',
      reason: `${rowCount.toLocaleString()} rows of ${header.join(', ')}: too much to show some.`,
    };
  const rowEnd = Math.min(SHOWN_ROWS, rowCount);
  const objects = rowCount === 0 ? [] : await parquetReadObjects({ file, metadata, rowEnd, compressors });
  const rows = objects.map(object => header.map(name => cellOf(object[name])));
  return { kind: 'table', header, rows, rowCount, cut: rowCount > SHOWN_ROWS };
}

function firstGroupBytes({ row_groups: groups }: FileMetaData): number {
  const columns = groups[0]?.columns ?? [];
  return columns.reduce((sum, { meta_data }) => sum + Number(meta_data?.total_compressed_size ?? 0), 0);
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object') return String(value);
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}
