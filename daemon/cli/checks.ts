/** The checks of `modelthat doctor`. */
import fs from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import { keptSecrets, readConnection } from '../client/connection.ts';
import { keptArtifactPlace } from '../client/settings.ts';
import type { Attached } from '../client/start.ts';
import type { StorePlace } from '../client/store.ts';
import { runOffline } from '../client/store-task.ts';
import { checkArtifacts, checkStore, getAbout } from '../contract/about.ts';
import { offlineProgram } from './context.ts';

/** What one check found. */
export interface Check {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'failed';
  readonly message: string;
  /** What to do about it. */
  readonly remedy?: string;
}

type Finding = Omit<Check, 'name'>;

const OLDEST_NODE = 22;
/** Older ones can lose a commit when a checkpoint resets the log at the wrong moment. */
const OLDEST_SQLITE = [3, 51, 3] as const;

/**
 * Runs all checks, in the order in which they are read.
 *
 * @param running the store's daemon, if one runs
 */
export async function runChecks(place: StorePlace, running: Attached | undefined): Promise<Check[]> {
  const checks: readonly (readonly [string, () => Finding | Promise<Finding>])[] = [
    ['Node', checkNode],
    ['Python', () => checkPython(place)],
    ['State folder', () => checkState(place)],
    ['Daemon', () => checkDaemon(place, running)],
    ['Port', () => checkPort(place, running)],
    ['SQLite', () => checkSqlite(running)],
    ['Store', () => checkIntegrity(place, running)],
    ['Artifacts', () => checkPlace(place, running)],
  ];
  return Promise.all(
    checks.map(async ([name, check]) => {
      try {
        return { name, ...(await check()) };
      } catch (error) {
        return { name, state: 'failed' as const, message: (error as Error).message };
      }
    }),
  );
}

function checkNode(): Finding {
  const { node } = process.versions;
  if (Number.parseInt(node, 10) >= OLDEST_NODE) return { state: 'ok', message: node };
  return { state: 'failed', message: `${node} is too old`, remedy: `Install Node ${OLDEST_NODE} or newer.` };
}

async function checkPython({ workspace }: StorePlace): Promise<Finding> {
  const { executable, version, maker } = await runOffline(offlineProgram(), { kind: 'python', workspace });
  return { state: 'ok', message: `${version} (${executable}); environments are made by ${maker}` };
}

function checkState({ state }: StorePlace): Finding {
  if (process.platform === 'win32') return { state: 'ok', message: state };
  const open = fs
    .readdirSync(state)
    .filter(name => (fs.lstatSync(`${state}/${name}`).mode & 0o077) !== 0 && name !== 'lock.db-journal');
  if (open.length === 0) return { state: 'ok', message: state };
  return {
    state: 'warning',
    message: `others could read ${open.join(', ')} in ${state}`,
    remedy: `chmod -R go-rwx '${state}'`,
  };
}

function checkDaemon({ state }: StorePlace, running: Attached | undefined): Finding {
  const reading = readConnection(state);
  if (running) {
    const { version, url, pid } = running.connection;
    return { state: 'ok', message: `modelthat ${version} at ${url} (pid ${pid})` };
  }
  if (reading.found === 'corrupt') return { state: 'warning', message: reading.message };
  return { state: 'ok', message: 'does not run; it starts when something needs it' };
}

async function checkPort({ state }: StorePlace, running: Attached | undefined): Promise<Finding> {
  const { port } = keptSecrets(state);
  if (running) return { state: 'ok', message: String(port) };
  if (!(await answers(port))) return { state: 'ok', message: `${port} is free` };
  return {
    state: 'warning',
    message: `${port}, which this store kept, is taken by another program`,
    remedy: 'The daemon will choose another; open new terminals then.',
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => done(true)).once('error', () => done(false));
  });
}

async function checkSqlite(running: Attached | undefined): Promise<Finding> {
  if (!running) return { state: 'ok', message: 'not checked: no daemon runs' };
  const { sqlite } = await running.client.call(getAbout, {});
  if (isAtLeast(sqlite, OLDEST_SQLITE)) return { state: 'ok', message: sqlite };
  return {
    state: 'failed',
    message: `${sqlite} can lose data`,
    remedy: `Reinstall modelthat, which brings SQLite ${OLDEST_SQLITE.join('.')} or newer.`,
  };
}

async function checkIntegrity({ store }: StorePlace, running: Attached | undefined): Promise<Finding> {
  const problems = await problemsOf(store, running);
  if (problems.length === 0) return { state: 'ok', message: store };
  return {
    state: 'failed',
    message: `${store} is damaged: ${problems.slice(0, 3).join('; ')}`,
    remedy: `Stop the daemon, and go back to a backup in ${store}/backups: modelthat store restore <folder> --force`,
  };
}

async function problemsOf(store: string, running: Attached | undefined): Promise<readonly string[]> {
  if (running) return (await running.client.call(checkStore, {})).problems;
  if (!fs.existsSync(path.join(store, 'modelthat.db'))) return [];
  return (await runOffline(offlineProgram(), { kind: 'check', store })).verification.database;
}

async function checkPlace({ state }: StorePlace, running: Attached | undefined): Promise<Finding> {
  if (!running) return { state: 'ok', message: `${keptArtifactPlace(state)} (not checked: no daemon runs)` };
  const { place, problem } = await running.client.call(checkArtifacts, {});
  return problem === null ? { state: 'ok', message: place } : { state: 'failed', message: problem };
}

function isAtLeast(version: string, oldest: readonly number[]): boolean {
  const parts = version.split('.').map(part => Number.parseInt(part, 10) || 0);
  for (const [at, least] of oldest.entries()) {
    const part = parts[at] ?? 0;
    if (part !== least) return part > least;
  }
  return true;
}
