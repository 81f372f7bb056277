/** What must be true of a database beyond what SQLite itself checks. */
import SQLite, { type Database as Connection } from 'better-sqlite3';
import { storePathOf } from '../../artifacts/uri.ts';
import { SCHEMA_VERSION } from '../../database/migrations.ts';
import { statement } from '../../database/statements.ts';

/** Problems of one kind that are named; one is enough to know that a backup is needed. */
const MOST_NAMED = 20;

/** What was found. */
export interface DatabaseCheck {
  readonly problems: string[];
  /** Whether the file itself is damaged, so that nothing in it can be relied on. */
  readonly damaged: boolean;
  /** What could not be checked, and why. */
  readonly skipped: string[];
}

/** Reads the whole database: SQLite's own checks, then ours. */
export function checkDatabase(connection: Connection, _input: Record<string, never>): DatabaseCheck {
  const damage = damageOf(connection);
  // What is said of the content of a damaged file means nothing.
  if (damage.length > 0) return { problems: damage, damaged: true, skipped: [] };
  const schema = Number(connection.pragma('user_version', { simple: true }));
  const references = brokenReferences(connection);
  if (schema !== SCHEMA_VERSION) {
    const why = `its schema is ${schema}, and this modelthat checks ${SCHEMA_VERSION}`;
    return {
      problems: references,
      damaged: false,
      skipped: [`whether the content of the database fits together: ${why}`],
    };
  }
  return {
    problems: [...references, ...wrongSummaries(connection), ...strayPoints(connection)],
    damaged: false,
    skipped: [],
  };
}

/** In SQLite's words; nothing when all is well. */
function damageOf(connection: Connection): string[] {
  try {
    const rows = connection.pragma(`integrity_check(${MOST_NAMED})`) as { integrity_check: string }[];
    return rows.map(row => row.integrity_check).filter(problem => problem !== 'ok');
  } catch (error) {
    // Damage may be such that not even the check can be made.
    if (error instanceof SQLite.SqliteError) return [error.message];
    throw error;
  }
}

function brokenReferences(connection: Connection): string[] {
  const rows = connection.pragma('foreign_key_check') as {
    table: string;
    rowid: number | null;
    parent: string;
  }[];
  const tables = Map.groupBy(rows, row => `${row.table} -> ${row.parent}`);
  return [...tables].map(([which, broken]) => `${broken.length} rows refer to what is gone (${which})`);
}

/** Metrics whose summary is not what their points come to. */
function wrongSummaries(connection: Connection): string[] {
  return statement<{ run: string; key: string; count: number; points: number }>(
    connection,
    `SELECT run.uuid AS run, metric.key, summary.count, point.points
     FROM metric_summary AS summary
     JOIN run ON run.id = summary.run JOIN metric ON metric.id = summary.metric
     LEFT JOIN (
       SELECT run, metric, sum(points) AS points, min(least) AS least, max(most) AS most FROM (
         SELECT run, metric, count(*) AS points,
           min(iif(typeof(value) = 'real', value, NULL)) AS least, max(iif(typeof(value) = 'real', value, NULL)) AS most
         FROM metric_point GROUP BY run, metric
         UNION ALL SELECT run, metric, count, min, max FROM metric_block
       ) GROUP BY run, metric
     ) AS point ON point.run = summary.run AND point.metric = summary.metric
     WHERE point.points IS NOT summary.count OR point.least IS NOT summary.min OR point.most IS NOT summary.max
     LIMIT ${MOST_NAMED}`,
  )
    .all()
    .map(({ run, key, count, points }) => {
      const found = `${points ?? 0} points`;
      return `the summary of metric '${key}' of run ${run} (${count} points) is not what its ${found} come to`;
    });
}

/** Points of runs that are not there. */
function strayPoints(connection: Connection): string[] {
  const runs = statement<{ run: number }>(
    connection,
    `SELECT DISTINCT run FROM metric_point WHERE run NOT IN (SELECT id FROM run) LIMIT ${MOST_NAMED}`,
  ).all();
  return runs.map(({ run }) => `there are points of a run that is not there (number ${run})`);
}

/** A version and where its files are said to be. */
export interface VersionFiles {
  readonly version: string;
  /** Their folder in this store; null when the run that they belong to is gone. */
  readonly path: string | null;
}

/** Versions with files in this store, to see whether they are there. */
export function versionFiles(connection: Connection, _input: Record<string, never>): VersionFiles[] {
  return statement<{ name: string; version: number; location: string }>(
    connection,
    `SELECT m.name, v.version, v.storage_location AS location
     FROM model_version v JOIN registered_model m ON m.id = v.model WHERE v.deleted_at IS NULL`,
  )
    .all()
    .flatMap(({ name, version, location }) => {
      const path = filesAt(connection, location);
      return path === undefined ? [] : [{ version: `${name} version ${version}`, path }];
    });
}

/** The folder in this store behind a version's location; undefined when it is elsewhere, null when its run is gone. */
export function filesAt(connection: Connection, location: string): string | null | undefined {
  const [, runId, path] = /^runs:\/*([0-9a-f]{32})\/(.+)$/i.exec(location) ?? [];
  if (!runId || !path) return storePathOf(location);
  const run = statement<{ artifact_uri: string }>(connection, 'SELECT artifact_uri FROM run WHERE uuid = ?');
  const uri = run.get(runId)?.artifact_uri;
  return uri === undefined ? null : storePathOf(`${uri}/${path}`);
}
