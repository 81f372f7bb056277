/** Starting the daemon's process. */
import { type ChildProcess, spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Connection } from './connection.ts';
import { installedProgram } from './install.ts';
import { privateFolder } from './state.ts';
import type { StorePlace } from './store.ts';

/** How a daemon that finds its store locked by another ends. */
export const EXIT_LOCKED = 75;

/** What a starting daemon tells its starter over IPC. */
export type StarterMessage =
  | { readonly listening: Connection }
  | { readonly locked: true }
  | { readonly failed: string };

/** The daemon's program and what runs it. */
export interface Program {
  /** Path of the daemon's main module. */
  readonly main: string;
  /** The Node to run it with; by default the one that runs this. */
  readonly node?: string;
  /** Minutes after which an idle daemon stops. */
  readonly idleMinutes?: number;
}

/** Variables of the starter that would change how the daemon's Node behaves, or that are not the daemon's business. */
const NOT_INHERITED =
  /^(NODE_OPTIONS|NODE_CHANNEL_FD|NODE_ENV|ELECTRON_.*|VSCODE_.*|MLFLOW_.*|MODELTHAT_(TOKEN|STEP|PARAMS))$/;

/**
 * Starts a daemon that outlives this process.
 *
 * @returns what it told; undefined when it ended, or the time was over, before it told anything
 */
export async function spawnDaemon(
  place: StorePlace,
  program: Program,
  timeoutMs: number,
): Promise<StarterMessage | undefined> {
  const installed = { ...program, main: await installedProgram(program.main) };
  const output = fs.openSync(startLog(place.state), 'w', 0o600);
  const child = spawn(program.node ?? process.execPath, daemonArguments(place, installed), {
    cwd: place.state,
    detached: true,
    windowsHide: true,
    env: daemonEnvironment(),
    stdio: ['ignore', output, output, 'ipc'],
  });
  fs.closeSync(output);
  try {
    return await firstMessage(child, timeoutMs);
  } finally {
    if (child.connected) child.disconnect();
    child.unref();
  }
}

/**
 * Young objects get a quarter of the memory that V8 would let each of the daemon's five threads have for them, which
 * takes no time that can be measured.
 */
const ENGINE = '--max-semi-space-size=4';

/** Arguments that start the daemon on a store. */
export function daemonArguments(place: StorePlace, program: Program): string[] {
  return [
    ENGINE,
    program.main,
    '--store',
    place.store,
    '--workspace',
    place.workspace,
    ...(program.idleMinutes ? ['--idle-minutes', String(program.idleMinutes)] : []),
  ];
}

/** This process's environment without what is not for the daemon; the editor's runtime becomes a plain Node. */
export function daemonEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  return {
    ...Object.fromEntries(kept),
    ...(process.versions.electron ? { ELECTRON_RUN_AS_NODE: '1' } : {}),
    // Compiled code is kept over starts: quicker to start, and smaller in memory.
    NODE_COMPILE_CACHE: privateFolder('compile-cache'),
    // For glibc, whose threads each keep what others have freed of their memory.
    MALLOC_ARENA_MAX: '2',
  };
}

function firstMessage(child: ChildProcess, timeoutMs: number): Promise<StarterMessage | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), timeoutMs);
    const done = (message: StarterMessage | undefined) => {
      clearTimeout(timer);
      resolve(message);
    };
    child.once('message', message => done(message as StarterMessage));
    // Not its exit, which may be seen before what it said last.
    child.once('disconnect', () => done(undefined));
    child.once('error', error => {
      clearTimeout(timer);
      reject(new Error(`${child.spawnfile} cannot be started: ${error.message}`));
    });
  });
}

/** The last lines that the daemon wrote before it could write its log. */
export function lastWords(state: string, lines = 20): string {
  const file = startLog(state);
  return fs.existsSync(file)
    ? fs.readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
    : '';
}

function startLog(state: string): string {
  return path.join(state, 'start.log');
}
