/** What the database takes, by experiment. */
import type { Database as Connection } from 'better-sqlite3';
import { storePathOf } from '../../artifacts/uri.ts';
import { statement } from '../../database/statements.ts';

/** An experiment, and its share of the database. */
export interface ExperimentShare {
  readonly id: string;
  readonly name: string;
  readonly lifecycle: 'active' | 'deleted';
  /** Where its runs have their files; null when that is not in this store. */
  readonly folder: string | null;
  readonly runs: number;
  readonly points: number;
  /** In bytes: of each table the part that its rows are. */
  readonly bytes: number;
}

/** What the database takes, in bytes. */
export interface DatabaseUsage {
  readonly experiments: ExperimentShare[];
  /** Free inside the file. */
  readonly free: number;
}

/** Tables of what runs log, and how the rows of each are counted by experiment (`run.experiment`). */
const COUNTS: readonly { readonly tables: readonly string[]; readonly count: string }[] = [
  {
    tables: ['run', 'run_tag'],
    count: 'SELECT run.experiment, count(*) AS n FROM run_tag JOIN run ON run.id = run_tag.run GROUP BY 1',
  },
  {
    tables: ['param'],
    count: 'SELECT run.experiment, count(*) AS n FROM param JOIN run ON run.id = param.run GROUP BY 1',
  },
  {
    tables: ['metric_summary'],
    count:
      'SELECT run.experiment, count(*) AS n FROM metric_summary AS s JOIN run ON run.id = s.run GROUP BY 1',
  },
  { tables: ['metric_point', 'metric_block', 'metric_block_content', 'model_point'], count: 'points' },
];

const POINTS = `SELECT run.experiment, sum(s.count) AS n FROM metric_summary AS s JOIN run ON run.id = s.run GROUP BY 1`;

/** Measures tables by their pages, and shares each out by rows: points are counted by their summaries, never one by one. */
export function usage(connection: Connection, _input: Record<string, never>): DatabaseUsage {
  const size = sizesOfTables(connection);
  const bytes = new Map<number, number>();
  const points = countsOf(connection, POINTS);
  for (const { tables, count } of COUNTS) {
    const counts = count === 'points' ? points : countsOf(connection, count);
    const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
    const taken = tables.reduce((sum, table) => sum + (size.get(table) ?? 0), 0);
    for (const [experiment, n] of counts)
      bytes.set(experiment, (bytes.get(experiment) ?? 0) + (taken * n) / total);
  }
  const runs = countsOf(connection, 'SELECT experiment, count(*) AS n FROM run GROUP BY 1');
  const experiments = statement<{ id: number; name: string; lifecycle: 'active' | 'deleted'; uri: string }>(
    connection,
    'SELECT id, name, lifecycle, artifact_location AS uri FROM experiment',
  ).all();
  return {
    experiments: experiments.map(({ id, name, lifecycle, uri }) => ({
      id: String(id),
      name,
      lifecycle,
      folder: folderOf(uri),
      runs: runs.get(id) ?? 0,
      points: points.get(id) ?? 0,
      bytes: Math.round(bytes.get(id) ?? 0),
    })),
    free:
      Number(connection.pragma('freelist_count', { simple: true })) *
      Number(connection.pragma('page_size', { simple: true })),
  };
}

/** Bytes by table, its indexes included. */
function sizesOfTables(connection: Connection): ReadonlyMap<string, number> {
  const rows = statement<{ name: string; bytes: number }>(
    connection,
    `SELECT coalesce(s.tbl_name, d.name) AS name, sum(d.pgsize) AS bytes
     FROM dbstat AS d LEFT JOIN sqlite_schema AS s ON s.name = d.name WHERE d.aggregate = TRUE GROUP BY 1`,
  ).all();
  return new Map(rows.map(({ name, bytes }) => [name, bytes]));
}

function countsOf(connection: Connection, sql: string): ReadonlyMap<number, number> {
  const rows = statement<{ experiment: number; n: number }>(connection, sql).all();
  return new Map(rows.map(({ experiment, n }) => [experiment, n]));
}

function folderOf(uri: string): string | null {
  try {
    return storePathOf(uri) ?? null;
  } catch {
    return null;
  }
}
