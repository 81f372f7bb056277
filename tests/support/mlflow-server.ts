/** MLflow's own server, on an empty SQLite store in a temporary folder: what the daemon is compared with. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const START_TIMEOUT_MS = 180_000;
const POLL_MS = 100;

/** A running MLflow server. */
export interface MlflowServer {
  readonly url: string;
  /** Ends it and removes its store. */
  dispose(): Promise<void>;
}

/**
 * Starts a server that keeps runs in SQLite and serves artifacts, and waits until it answers.
 *
 * @param python of an environment that has the whole of mlflow
 * @throws Error with what the server printed when it ends, or does not answer in three minutes
 */
export async function startMlflowServer(python: string): Promise<MlflowServer> {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'mlflow-server-')));
  const port = await freePort();
  const output = fs.openSync(path.join(folder, 'output'), 'w');
  const child = spawn(
    python,
    [
      ...['-m', 'mlflow', 'server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
      ...['--backend-store-uri', `sqlite:///${path.join(folder, 'mlflow.db')}`],
      ...['--artifacts-destination', path.join(folder, 'artifacts')],
    ],
    {
      cwd: folder,
      stdio: ['ignore', output, output],
      // A group of processes, which is ended together.
      detached: process.platform !== 'win32',
      env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: 'true', MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false' },
    },
  );
  fs.closeSync(output);
  const endOnExit = () => endGroup(child);
  process.once('exit', endOnExit);
  const ended = once(child, 'exit');
  const dispose = async () => {
    process.off('exit', endOnExit);
    endGroup(child);
    await ended;
    fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const url = `http://127.0.0.1:${port}`;
  if (await answers(url, child)) return { url, dispose };
  const printed = fs.readFileSync(path.join(folder, 'output'), 'utf8');
  await dispose();
  throw new Error(`The MLflow server does not answer. It printed:\n${printed}`);
}

async function answers(url: string, child: ChildProcess): Promise<boolean> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(`${url}/health`).catch(() => undefined);
    if (answer?.ok) return true;
    await pause(POLL_MS);
  }
  return false;
}

function endGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === 'win32') execFileSync('taskkill', ['/pid', String(child.pid), '/t', '/f']);
  else process.kill(-child.pid, 'SIGKILL');
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
