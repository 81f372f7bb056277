/** What is measured: a daemon of ours, and an MLflow server, each on an empty store in a temporary folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { ensureDaemon, stopAndWait } from '../../daemon/client/start.ts';
import { openPlace, STORE_FOLDER } from '../../daemon/client/store.ts';
import type { Target } from './load.ts';

export interface RunningTarget extends Target {
  readonly name: string;
  readonly databaseFile: string;
  /** Memory of its process, in MB; undefined where `ps` cannot tell. */
  memory(): number | undefined;
  stop(): Promise<void>;
}

/** Starts the built daemon. */
export async function startDaemon(folder: string, main: string): Promise<RunningTarget> {
  process.env.MODELTHAT_STATE_DIR = path.join(folder, 'state');
  const workspace = path.join(folder, 'workspace');
  fs.mkdirSync(workspace);
  const place = openPlace(path.join(workspace, STORE_FOLDER));
  const attached = await ensureDaemon(place, { main });
  const { tracking } = keptSecrets(place.state);
  return {
    name: 'modelthat',
    url: attached.connection.url,
    headers: { authorization: `Bearer ${tracking}` },
    databaseFile: path.join(place.store, 'modelthat.db'),
    memory: () => residentMb(attached.connection.pid),
    stop: () => stopAndWait(attached, false),
  };
}

/** Starts MLflow's server with its SQLite store. @param python of an environment that has mlflow */
export async function startMlflow(folder: string, python: string): Promise<RunningTarget> {
  const port = await freePort();
  const databaseFile = path.join(folder, 'mlflow.db');
  const child = spawn(
    python,
    [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port)],
      ...[
        '--backend-store-uri',
        `sqlite:///${databaseFile}`,
        '--artifacts-destination',
        path.join(folder, 'artifacts'),
      ],
    ],
    {
      cwd: folder,
      stdio: 'ignore',
      detached: true,
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true' },
    },
  );
  const url = `http://127.0.0.1:${port}`;
  await answering(url, child);
  return {
    name: 'MLflow server',
    url,
    headers: {},
    databaseFile,
    memory: () => undefined,
    stop: async () => {
      // The server is a group of processes.
      if (child.pid) process.kill(-child.pid, 'SIGTERM');
      await once(child, 'exit');
    },
  };
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the MLflow server ended with ${child.exitCode}`);
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return;
    await pause(200);
  }
  throw new Error('the MLflow server does not answer');
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  return port;
}

function residentMb(pid: number): number | undefined {
  if (process.platform === 'win32') return undefined;
  const kilobytes = Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }));
  return kilobytes / 1024;
}
