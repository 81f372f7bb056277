/** VS Code's server on a loopback port, with a data folder of its own. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { onProcessEnd } from './cleanup.ts';
import { ensureEditorHost, VSCODE_SERVER } from './setup.ts';

const SERVER_MAIN = path.join(VSCODE_SERVER, 'out/server-main.js');
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 5_000;
const STARTED = /listening on (\d+).*Extension host agent started/s;

/** How to start an editor server. */
export interface EditorServerOptions {
  /** User settings on top of settings.json. */
  settings?: Record<string, unknown>;
  /** VSIX files to install before the start. */
  vsix?: string[];
  /** Folders of unpacked extensions to install before the start. */
  unpacked?: string[];
  /** Variables on top of this process's environment; the extension host sees them too. */
  env?: Record<string, string>;
  /** Port on 127.0.0.1; 0 (the default) takes a free one. */
  port?: number;
  /** Receives what the server prints. */
  onOutput?: (text: string) => void;
}

/** A running editor server. */
export interface EditorServer {
  /** Address with the token that opens it: whoever reaches the port could otherwise run programs. */
  readonly url: URL;
  /** Process that starts the extension host, once a window is opened. */
  readonly pid: number;
  /** Ends the server and removes its data folder. */
  stop(): Promise<void>;
}

/**
 * Starts an editor server, installed first if need be, and waits until it answers.
 *
 * @throws Error when it exits or stays silent, with what it printed
 */
export async function startEditorServer(options: EditorServerOptions = {}): Promise<EditorServer> {
  await ensureEditorHost();
  const dataDir = newDataDir(options.settings);
  const token = randomUUID();
  writeFileSync(tokenFile(dataDir), token, { mode: 0o600 });
  const forget = onProcessEnd(() => rmSync(dataDir, { recursive: true, force: true }));
  const env = serverEnvironment(options.env);
  for (const folder of options.unpacked ?? [])
    cpSync(folder, path.join(dataDir, 'extensions', path.basename(folder)), { recursive: true });
  for (const file of options.vsix ?? []) await installVsix(file, dataDir, env);

  const server = spawn(process.execPath, serverArguments(dataDir, options.port ?? 0), {
    env,
    // A process group of its own: an extension host whose window has died would wait for it, hours, and outlive the server.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const forgetServer = onProcessEnd(() => signalGroup(server, 'SIGTERM'));
  const port = await listeningPort(server, options.onOutput);
  return {
    url: new URL(`http://127.0.0.1:${port}/?tkn=${token}`),
    pid: server.pid ?? 0,
    async stop() {
      await end(server);
      forgetServer();
      rmSync(dataDir, { recursive: true, force: true });
      forget();
    },
  };
}

/** Settings must be there before the first page opens: later changes of the file on disk are not seen. */
function newDataDir(settings: Record<string, unknown> = {}): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'editor-host-'));
  const quiet: object = JSON.parse(readFileSync(path.join(import.meta.dirname, 'settings.json'), 'utf8'));
  mkdirSync(path.join(dir, 'data/User'), { recursive: true });
  writeFileSync(
    path.join(dir, 'data/User/settings.json'),
    JSON.stringify({ ...quiet, ...settings }, null, 2),
  );
  return dir;
}

/** Without the variables of an editor around us, which would redirect this one, and without an extension gallery. */
function serverEnvironment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  const outer = Object.entries(process.env).filter(([name]) => !/^(VSCODE_(?!TEST_)|ELECTRON_)/.test(name));
  return { ...Object.fromEntries(outer), EXTENSIONS_GALLERY: '{}', ...extra };
}

/** A file, because other users of the machine can see arguments. */
function tokenFile(dataDir: string): string {
  return path.join(dataDir, 'token');
}

function serverArguments(dataDir: string, port: number): string[] {
  return [
    SERVER_MAIN,
    ...['--host', '127.0.0.1', '--port', String(port), '--connection-token-file', tokenFile(dataDir)],
    ...['--server-data-dir', dataDir, '--accept-server-license-terms', '--telemetry-level', 'off'],
    ...['--disable-experiments', '--enable-smoke-test-driver'],
  ];
}

async function installVsix(file: string, dataDir: string, env: NodeJS.ProcessEnv): Promise<void> {
  const where = ['--accept-server-license-terms', '--server-data-dir', dataDir];
  await promisify(execFile)(
    process.execPath,
    [SERVER_MAIN, ...where, '--install-extension', file, '--force'],
    { env },
  );
}

function listeningPort(server: ChildProcess, onOutput: (text: string) => void = () => {}): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const fail = (what: string) => reject(new Error(`The editor server ${what}. It printed:\n${printed}`));
    const timer = setTimeout(() => fail(`did not start in ${START_TIMEOUT_MS / 1000} s`), START_TIMEOUT_MS);
    const read = (chunk: Buffer) => {
      onOutput(String(chunk));
      printed += chunk;
      const port = STARTED.exec(printed)?.[1];
      if (!port) return;
      clearTimeout(timer);
      resolve(Number(port));
    };
    server.stdout?.on('data', read);
    server.stderr?.on('data', read);
    server.once('error', reject);
    server.once('exit', code => {
      clearTimeout(timer);
      fail(`exited with ${code}`);
    });
  });
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode === null && server.signalCode === null) {
    const exited = once(server, 'exit');
    signalGroup(server, 'SIGTERM');
    const force = setTimeout(() => signalGroup(server, 'SIGKILL'), STOP_TIMEOUT_MS);
    await exited;
    clearTimeout(force);
  }
  signalGroup(server, 'SIGKILL');
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Nothing of the group is left.
  }
}
