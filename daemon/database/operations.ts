/**
 * Every statement-running operation of the daemon, by name. A domain's `store.ts` exports `writes` and `reads` whose keys
 * begin with the domain (`'tracking.createRun'`); the writer thread runs the former, the reader threads the latter.
 */
import type { Database as Connection } from 'better-sqlite3';
import * as artifacts from '../artifacts/store.ts';
import * as audit from '../audit/store.ts';
import * as housekeeping from '../housekeeping/store.ts';
import * as lineage from '../lineage/store.ts';
import * as models from '../models/store.ts';
import * as results from '../pipelines/cache/store.ts';
import * as pipelines from '../pipelines/store.ts';
import * as registry from '../registry/store.ts';
import * as reproductions from '../reproduction/store.ts';
import * as sources from '../sources/store.ts';
import * as tracking from '../tracking/store.ts';
import * as webhooks from '../webhooks/store.ts';
import { giveBackSpace } from './free-space.ts';
import * as reset from './reset.ts';
import * as soundness from './soundness.ts';

/** One operation: plain data in, plain data out (both cross a thread). */
export type Operation<Input, Output> = (connection: Connection, input: Input) => Output;

export const writes = {
  ...reset.writes,
  ...tracking.writes,
  ...models.writes,
  ...registry.writes,
  ...audit.writes,
  ...webhooks.writes,
  ...artifacts.writes,
  ...pipelines.writes,
  ...housekeeping.writes,
  ...results.writes,
  ...reproductions.writes,
  ...sources.writes,
} as const satisfies Record<string, Operation<never, unknown>>;
export const reads = {
  ...soundness.reads,
  ...housekeeping.reads,
  ...tracking.reads,
  ...models.reads,
  ...registry.reads,
  ...audit.reads,
  ...webhooks.reads,
  ...artifacts.reads,
  ...pipelines.reads,
  ...results.reads,
  ...reproductions.reads,
  ...lineage.reads,
  ...sources.reads,
} as const satisfies Record<string, Operation<never, unknown>>;

/** What the writer thread does in between, see IdleWork. */
export function idleWork(connection: Connection): (idle: boolean) => boolean {
  const seal = tracking.idleWork(connection);
  return idle => seal(idle) || (idle && giveBackSpace(connection));
}

export type Writes = typeof writes;
export type Reads = typeof reads;
