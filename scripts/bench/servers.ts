/** Starting the servers that are measured, each on a store in a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { daemonArguments, daemonEnvironment } from '../../daemon/client/spawn.ts';
import { openPlace, STORE_FOLDER } from '../../daemon/client/store.ts';
import { identify } from '../../daemon/processes/table.ts';
import { endTree, type Tree } from '../../daemon/processes/tree.ts';
import { request, type Target } from './load.ts';
import type { Programs, ServerName } from './programs.ts';

export interface Server extends Target {
  readonly name: ServerName;
  readonly pid: number;
  readonly databaseFile: string;
  /** From the start of its process to its first answer, in milliseconds. */
  readonly startMs: number;
  /** Ends all its processes, and waits. */
  stop(): Promise<void>;
}

/** How long a server may take to answer for the first time. */
const START_LIMIT_MS = 180_000;
const POLL_MS = 2;
/** How long it may take over one answer: on a busy machine the peers are slow before they are ready. */
const ANSWER_LIMIT_MS = 10_000;
/** How long one may take to end by itself: a peer that works on a request that nobody waits for would go on with it. */
const STOP_GRACE_MS = 5_000;

/** The process to start, and what it will be like once it answers. */
interface Plan {
  readonly command: readonly [string, ...string[]];
  readonly env: NodeJS.ProcessEnv;
  readonly url: string;
  readonly databaseFile: string;
  /** Read once it answers: the daemon makes its secrets when it first starts. */
  readonly headers: () => Target['headers'];
}

/**
 * Starts a server. On a folder in which the same server has been before, it finds what it kept there.
 *
 * @throws Error when it ends, or does not answer in time, with the last lines that it wrote
 */
export async function startServer(
  name: ServerName,
  folder: string,
  programs: Programs,
  signal: AbortSignal,
): Promise<Server> {
  signal.throwIfAborted();
  const program = programs[name];
  if (!('command' in program)) throw new Error(program.absent);
  const port = await freePort();
  const plan = plans[name](program.command, folder, port);
  const [file, ...args] = plan.command;
  const log = path.join(folder, 'server.log');
  const output = fs.openSync(log, 'w');
  const mark = `MODELTHAT_BENCH=${randomBytes(8).toString('hex')}`;
  const start = performance.now();
  const child = spawn(file, args, {
    cwd: folder,
    detached: true,
    windowsHide: true,
    stdio: ['ignore', output, output],
    env: { ...plan.env, MODELTHAT_BENCH: mark.slice(mark.indexOf('=') + 1) },
  });
  fs.closeSync(output);
  const failure = once(child, 'error').then(([error]) => Promise.reject(error));
  failure.catch(() => {});
  const root = child.pid === undefined ? undefined : await identify(child.pid);
  const stop = () => end(child, root && { root, mark });
  try {
    await Promise.race([answering(plan.url, child, log, signal), failure]);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    url: plan.url,
    headers: plan.headers(),
    pid: child.pid ?? 0,
    databaseFile: plan.databaseFile,
    startMs: performance.now() - start,
    stop,
  };
}

type Planner = (command: readonly [string, ...string[]], folder: string, port: number) => Plan;

const plans: Record<ServerName, Planner> = {
  modelthat: ([node, main = ''], folder, port) => {
    process.env.MODELTHAT_STATE_DIR = path.join(folder, 'state');
    const workspace = path.join(folder, 'workspace');
    fs.mkdirSync(workspace, { recursive: true });
    const place = openPlace(path.join(workspace, STORE_FOLDER));
    return {
      command: [node, ...daemonArguments(place, { main }), '--port', String(port), '--foreground'],
      env: daemonEnvironment(),
      url: `http://127.0.0.1:${port}`,
      databaseFile: path.join(place.store, 'modelthat.db'),
      headers: () => ({ authorization: `Bearer ${keptSecrets(place.state).tracking}` }),
    };
  },
  MLflow: ([python], folder, port) => {
    const databaseFile = path.join(folder, 'mlflow.db');
    return {
      command: [
        ...([python, '-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port)] as const),
        ...['--backend-store-uri', `sqlite:///${databaseFile}`],
        ...['--artifacts-destination', path.join(folder, 'artifacts')],
      ],
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
      url: `http://127.0.0.1:${port}`,
      databaseFile,
      headers: () => ({}),
    };
  },
  FastTrackML: ([fml], folder, port) => ({
    command: [fml, 'server', '--listen-address', `127.0.0.1:${port}`],
    env: process.env,
    url: `http://127.0.0.1:${port}`,
    databaseFile: path.join(folder, 'fasttrackml.db'),
    headers: () => ({}),
  }),
};

async function answering(url: string, child: ChildProcess, log: string, signal: AbortSignal): Promise<void> {
  const target = { url, headers: {} };
  for (const deadline = Date.now() + START_LIMIT_MS; Date.now() < deadline; ) {
    signal.throwIfAborted();
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error(`it ended instead of answering:\n${lastLines(log)}`);
    const answered = await request(target, '/health', { signal: AbortSignal.timeout(ANSWER_LIMIT_MS) }).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await pause(POLL_MS);
  }
  throw new Error(`it has not answered for ${START_LIMIT_MS / 1000} s:\n${lastLines(log)}`);
}

function lastLines(log: string): string {
  return fs.readFileSync(log, 'utf8').trimEnd().split('\n').slice(-10).join('\n');
}

/** Asks first, so that it leaves its database as it would for good. */
async function end(child: ChildProcess, tree: Tree | undefined): Promise<void> {
  const ended = child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
  const gone = ended ? undefined : once(child, 'exit');
  if (tree) await endTree(tree, AbortSignal.timeout(STOP_GRACE_MS));
  await gone;
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}
