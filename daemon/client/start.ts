/** Attaching to a store's daemon, and starting one where there is none. */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { CONTRACT_VERSION, drainDaemon, getAbout, getStatus, stopDaemon } from '../contract/about.ts';
import { ApiError } from '../contract/errors.ts';
import { DaemonClient } from './client.ts';
import {
  type Connection,
  keptSecrets,
  PROOF_HEADER,
  proofHolds,
  proofOf,
  readConnection,
  type Secrets,
} from './connection.ts';
import { lastWords, type Program, spawnDaemon } from './spawn.ts';
import type { StorePlace } from './store.ts';
import { PRODUCT_VERSION } from './version.ts';

const START_TIMEOUT_MS = 60_000;
const HEALTH_TIMEOUT_MS = 3_000;
/** A daemon that was there a moment ago is given longer: the whole machine may be busy. */
const STILL_THERE_TIMEOUT_MS = 30_000;
const POLL_MS = 50;
/** How long a daemon that holds the lock is given to listen, before another start is tried. */
const LISTEN_SOON_MS = 2_000;

/** A daemon that was found or started. */
export interface Attached {
  readonly client: DaemonClient;
  readonly connection: Connection;
  /** Whether this call started it. */
  readonly started: boolean;
}

/** Told what is being done, in a person's words. */
export type Progress = (message: string) => void;

/**
 * Attaches to the store's daemon; starts one when none answers, and replaces one that is older than this client.
 *
 * @throws Error that carries the daemon's last words when it does not start
 */
export async function ensureDaemon(
  place: StorePlace,
  program: Program,
  progress: Progress = () => {},
): Promise<Attached> {
  const running = await attach(place, progress);
  if (running && (await isCurrent(running, program, progress))) return running;
  const deadline = Date.now() + START_TIMEOUT_MS;
  progress('Starting the daemon…');
  while (Date.now() < deadline) {
    const told = await spawnDaemon(place, program, deadline - Date.now());
    if (told === undefined) throw startFailure(place, 'it ended, or hangs, without a word');
    if ('failed' in told) throw startFailure(place, told.failed);
    const attached = await attachSoon(place);
    // The one that hands over may still answer while it ends.
    if (attached && attached.connection.pid !== running?.connection.pid)
      return { ...attached, started: 'listening' in told };
    // Another daemon holds the lock and does not come to listen: it is about to end.
    await pause(POLL_MS);
  }
  throw startFailure(place, whoHolds(place));
}

/**
 * Attaches to the store's daemon if one runs.
 *
 * The token is sent only to a program that has proved to know the store's secret: another may have taken the port.
 */
export async function attach(
  place: StorePlace,
  progress: Progress = () => {},
): Promise<Attached | undefined> {
  const reading = readConnection(place.state);
  if (reading.found === 'corrupt') progress(reading.message);
  const secrets = keptSecrets(place.state);
  // The successor of a daemon that was killed listens before it writes the file anew.
  const current = reading.found === 'connection' && runs(reading.connection.pid);
  return current ? attachTo(reading.connection, secrets) : attachToKeptPort(secrets);
}

async function attachTo(connection: Connection, secrets: Secrets): Promise<Attached | undefined> {
  if (!(await provesItself(connection, secrets.proof))) return undefined;
  return { client: clientOf(connection, secrets), connection, started: false };
}

function clientOf(place: Listening, { owner, proof }: Secrets): DaemonClient {
  const stillThere = () => provesItself(place, proof, STILL_THERE_TIMEOUT_MS);
  return new DaemonClient({ url: place.url, token: owner }, stillThere);
}

/** A daemon whose connection file was damaged or removed, or tells of an earlier one, is where it always listens. */
async function attachToKeptPort(secrets: Secrets): Promise<Attached | undefined> {
  const { port } = secrets;
  const address = { url: `http://127.0.0.1:${port}`, port };
  if (!(await provesItself(address, secrets.proof))) return undefined;
  const client = clientOf(address, secrets);
  try {
    const { pid, startTime, version, contract } = await client.call(getAbout, {});
    const connection = { ...address, pid, startTime, version, contract, main: '' };
    return { client, connection, started: false };
  } catch {
    // It was about to end, or did not come up.
    return undefined;
  }
}

async function attachSoon(place: StorePlace): Promise<Attached | undefined> {
  const deadline = performance.now() + LISTEN_SOON_MS;
  for (;;) {
    const attached = await attach(place);
    if (attached || performance.now() > deadline) return attached;
    await pause(POLL_MS);
  }
}

type Listening = Pick<Connection, 'url' | 'port'>;

async function provesItself(
  { url, port }: Listening,
  key: string,
  timeoutMs = HEALTH_TIMEOUT_MS,
): Promise<boolean> {
  const nonce = randomBytes(16).toString('hex');
  try {
    const response = await fetch(`${url}/health?nonce=${nonce}`, {
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    await response.body?.cancel();
    return proofHolds(response.headers.get(PROOF_HEADER), proofOf(key, nonce, port));
  } catch {
    return false;
  }
}

/**
 * Whether to go on with this daemon. An older one hands over: at once when nothing runs or when it speaks another
 * contract (what runs is then adopted by its successor), else when it has nothing left to do.
 *
 * @throws ApiError when the daemon is too new for this client
 */
async function isCurrent(
  { client, connection }: Attached,
  program: Program,
  progress: Progress,
): Promise<boolean> {
  const { contract, version } = connection;
  if (contract > CONTRACT_VERSION) {
    throw new ApiError(
      'NOT_IMPLEMENTED',
      `The daemon is modelthat ${version}, too new for this ${PRODUCT_VERSION}; update this one, or stop the daemon.`,
    );
  }
  const foreign = contract < CONTRACT_VERSION;
  const outdated = compareVersions(version, PRODUCT_VERSION) < 0 || isRebuilt(connection, program);
  if (!foreign && !outdated) return true;
  if (!foreign && (await client.call(getStatus, {})).runningExecutions > 0) {
    progress(`The daemon is still modelthat ${version}; ${PRODUCT_VERSION} takes over when nothing runs.`);
    return true;
  }
  progress(`Replacing the daemon of modelthat ${version} by ${PRODUCT_VERSION}…`);
  if (foreign) await client.call(stopDaemon, { body: {} });
  else await client.call(drainDaemon, { body: { reason: `replaced by ${PRODUCT_VERSION}` } });
  return false;
}

/** Whether the very file that the daemon runs, in a checkout, has been built anew since. */
function isRebuilt({ main, startTime }: Connection, program: Program): boolean {
  return main === program.main && fs.statSync(main).mtimeMs > startTime;
}

/** Whether `a` is older than (< 0), the same as, or newer than `b`; both `major.minor.patch`. */
export function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** Asks a daemon to stop and waits until it has. */
export async function stopAndWait(attached: Attached, cancelRunning: boolean): Promise<void> {
  await attached.client.call(stopDaemon, { body: { cancelRunning } });
  while (runs(attached.connection.pid)) await pause(POLL_MS);
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process has ended and waits to be collected, which for an orphan may take its time in containers. */
function isZombie(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return fs.existsSync(stat) && / Z /.test(fs.readFileSync(stat, 'latin1'));
}

function whoHolds({ state, store }: StorePlace): string {
  const reading = readConnection(state);
  const which = reading.found === 'connection' ? ` (process ${reading.connection.pid})` : '';
  return `another daemon${which} holds the lock of ${store} and does not answer. End it, and try again.`;
}

function startFailure(place: StorePlace, why: string): Error {
  const words = lastWords(place.state);
  return new Error(
    `The daemon did not start: ${why}${words && words !== `modelthat: ${why}` ? `\n${words}` : ''}`,
  );
}
