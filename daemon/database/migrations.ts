/**
 * The schema's history: numbered, forward only. Released migrations are never edited; a change is a new file
 * `migrations/NNNN-<domain>.ts`, added at the end of the list.
 */
import type { Database as Connection } from 'better-sqlite3';
import { backUp } from './backups.ts';
import { tracking } from './migrations/0001-tracking.ts';
import { registry } from './migrations/0002-registry.ts';
import { loggedModels } from './migrations/0003-logged-models.ts';
import { artifacts } from './migrations/0004-artifacts.ts';
import { pipelines } from './migrations/0005-pipelines.ts';
import { releases } from './migrations/0006-releases.ts';
import { housekeeping } from './migrations/0007-housekeeping.ts';
import { repeatableWrites } from './migrations/0008-repeatable-writes.ts';
import { stepResults } from './migrations/0009-step-results.ts';
import { metricBlocks } from './migrations/0010-metric-blocks.ts';
import { metricOrder } from './migrations/0011-metric-order.ts';
import { metricSpans } from './migrations/0012-metric-spans.ts';
import { paramOrder } from './migrations/0013-param-order.ts';
import { approvals } from './migrations/0014-approvals.ts';
import { queuedExecutions } from './migrations/0015-queued-executions.ts';
import { audit } from './migrations/0016-audit.ts';
import { webhooks } from './migrations/0017-webhooks.ts';
import { approvalRequests } from './migrations/0018-approval-requests.ts';
import { reproductions } from './migrations/0019-reproductions.ts';
import { registrars } from './migrations/0020-registrars.ts';
import { sources } from './migrations/0021-sources.ts';

/** Marks a file as a modelthat database ("MTHT"). */
export const APPLICATION_ID = 0x4d544854;

/** One step of the schema: SQL, statements separated by `;`. */
export type Migration = string;

/** In order: the first makes schema 1. */
const MIGRATIONS: readonly Migration[] = [
  tracking,
  registry,
  loggedModels,
  artifacts,
  pipelines,
  releases,
  housekeeping,
  repeatableWrites,
  stepResults,
  metricBlocks,
  metricOrder,
  metricSpans,
  paramOrder,
  approvals,
  queuedExecutions,
  audit,
  webhooks,
  approvalRequests,
  reproductions,
  registrars,
  sources,
];

/** The schema this daemon writes, kept in the file as `user_version`. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the schema up to date in one transaction, so that the file is exactly old or exactly new whenever this is
 * interrupted. A database that holds something is backed up first.
 *
 * @returns whether there was anything to do
 */
export function migrate(
  connection: Connection,
  file: string,
  migrations: readonly Migration[] = MIGRATIONS,
): boolean {
  const from = Number(connection.pragma('user_version', { simple: true }));
  if (from >= migrations.length) return false;
  if (from > 0) backUp(connection, file, from);
  connection.transaction(() => {
    applyMigrations(connection, migrations.slice(from));
    connection.pragma(`application_id = ${APPLICATION_ID}`);
    connection.pragma(`user_version = ${migrations.length}`);
  })();
  return true;
}

/** Runs migrations on a schema that is as the one before them left it: all of them, on an empty database. */
export function applyMigrations(connection: Connection, migrations: readonly Migration[] = MIGRATIONS): void {
  for (const migration of migrations) connection.exec(migration);
}
