/** A real daemon, started on a temporary store, with its state in a temporary folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DaemonClient } from '../../daemon/client/client.ts';
import { type Connection, keptSecrets, type Secrets } from '../../daemon/client/connection.ts';
import { daemonArguments, type StarterMessage } from '../../daemon/client/spawn.ts';
import { logFile } from '../../daemon/client/state.ts';
import { openPlace, STORE_FOLDER, type StorePlace } from '../../daemon/client/store.ts';
import { mlflowVariables } from '../../daemon/client/variables.ts';
import { DAEMON_MAIN } from './programs.ts';

/** How much of its log is shown of a daemon that ended by itself. */
const LOG_LINES = 5;

/** A temporary workspace with the store and the state folder of one test. */
export interface TestPlace extends StorePlace {
  /** Environment that makes clients (the CLI, for one) use this test's state folder. */
  readonly env: NodeJS.ProcessEnv;
  /** Removes everything. */
  remove(): void;
}

/** Makes a workspace. This process's own `MODELTHAT_STATE_DIR` is set for the client's functions, too. */
export function testPlace(): TestPlace {
  const scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-')));
  const workspace = path.join(scratch, 'work space');
  fs.mkdirSync(workspace);
  process.env.MODELTHAT_STATE_DIR = path.join(scratch, 'state');
  return {
    ...openPlace(path.join(workspace, STORE_FOLDER)),
    env: { ...process.env },
    remove: () => fs.rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** A running daemon. */
export interface TestDaemon {
  readonly place: TestPlace;
  readonly connection: Connection;
  readonly url: string;
  readonly secrets: Secrets;
  /** With the owner token. */
  readonly client: DaemonClient;
  /** With the tracking token. */
  readonly trackingClient: DaemonClient;
  /** What the daemon's children, or an MLflow client, need in their environment. */
  readonly mlflowEnv: Readonly<Record<string, string>>;
  /** Resolves when its process has ended, however it did. */
  readonly ended: Promise<unknown>;
  /** Ends it as `modelthat stop` does, and waits. */
  stop(): Promise<void>;
  /** Ends it as a power cut would, and waits. */
  kill(): Promise<void>;
  /** Stops it and removes its store, unless the place was given. */
  dispose(): Promise<void>;
}

/**
 * Starts a daemon and waits until it listens.
 *
 * @param options.place to start on the store of an earlier daemon
 * @param options.args further arguments
 * @param options.env further variables of its environment
 * @param options.main main module of the daemon, when it is to be another than usual
 * @param options.under a program, with its arguments, that it runs under
 */
export async function startDaemon(
  options: {
    place?: TestPlace;
    args?: readonly string[];
    env?: NodeJS.ProcessEnv;
    main?: string;
    under?: readonly string[];
  } = {},
): Promise<TestDaemon> {
  const place = options.place ?? testPlace();
  const [program = '', ...args] = [
    ...(options.under ?? []),
    process.execPath,
    ...daemonArguments(place, { main: options.main ?? DAEMON_MAIN }),
    ...(options.args ?? []),
  ];
  const child = spawn(program, args, {
    cwd: place.workspace,
    env: { ...place.env, ...options.env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const ended = once(child, 'exit');
  const connection = await listening(child).catch(async (error: unknown) => {
    // Until then it holds the lock of its store.
    await ended.catch(() => {});
    process.off('exit', killOnExit);
    throw error;
  });
  // A test that fails before it ends the daemon must not keep the test runner waiting.
  child.unref();
  let expected = false;
  child.once('exit', (code, signal) => {
    if (!expected && code !== 0) tellOfDeath(place, signal ?? code);
  });
  const secrets = keptSecrets(place.state);
  const { url } = connection;
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    process.off('exit', killOnExit);
    expected = true;
    if (child.exitCode !== null || child.signalCode !== null) return;
    try {
      // Not whatever it runs under, which ends a moment later than it.
      process.kill(connection.pid, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    // This process is to wait for it now.
    child.ref();
    await ended;
  };
  return {
    place,
    connection,
    url,
    secrets,
    client: new DaemonClient({ url, token: secrets.owner }),
    trackingClient: new DaemonClient({ url, token: secrets.tracking }),
    mlflowEnv: mlflowVariables(url, secrets.tracking),
    ended,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    dispose: async () => {
      await end('SIGTERM');
      if (!options.place) place.remove();
    },
  };
}

/** What a test sees of a daemon that ended by itself is a request that got no answer. */
function tellOfDeath({ state }: TestPlace, how: string | number | null): void {
  const log = logFile(state);
  const lines = fs.existsSync(log)
    ? fs.readFileSync(log, 'utf8').trimEnd().split('\n').slice(-LOG_LINES)
    : [];
  const text = `The daemon ended by itself (${how}); the end of its log:\n${lines.join('\n')}`;
  process.stderr.write(`\n${text}\n`);
  // Told again with the test that fails by it.
  process.emit('daemonDied' as 'exit', text as never);
}

async function listening(child: ChildProcess): Promise<Connection> {
  const message = await new Promise<StarterMessage>((resolve, reject) => {
    child.once('message', told => resolve(told as StarterMessage));
    child.once('error', reject);
    child.once('disconnect', () => reject(new Error('the daemon ended before it listened')));
  });
  if ('listening' in message) return message.listening;
  throw new Error('failed' in message ? message.failed : 'another daemon holds the lock of this store');
}
