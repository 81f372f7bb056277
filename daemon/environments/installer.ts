/** Making one environment, by uv where it is installed and can, else by venv and pip. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { ApiError } from '../contract/errors.ts';
import { inheritedEnvironment } from '../processes/environment.ts';
import { findProgram } from '../processes/programs.ts';
import { identify } from '../processes/table.ts';
import { endTree } from '../processes/tree.ts';
import type { Interpreter } from './interpreter.ts';

const WINDOWS = process.platform === 'win32';

/** Variables that tell the installers where packages come from; no other program gets them. */
const INSTALLER_VARIABLES = /^(PIP|UV)_/;

/** How many of an installer's last lines an error shows. */
const LAST_LINES = 15;

const MARK = 'MODELTHAT_INSTALL';

/** What is to be made, and who is told. */
export interface Installation {
  readonly interpreter: Interpreter;
  /** Absolute path of the requirements file. */
  readonly requirements: string;
  /** Folder that becomes the environment; it is not there yet. */
  readonly folder: string;
  /** Path of uv, where it is installed. */
  readonly uv: string | undefined;
  /** Told each line that the installers print. */
  readonly line: (line: string) => void;
  readonly signal: AbortSignal;
}

/** Folder of an environment's programs. */
export function binOf(folder: string): string {
  return path.join(folder, WINDOWS ? 'Scripts' : 'bin');
}

/** File in an environment with the exact version of everything in it. */
function lockOf(folder: string): string {
  return path.join(folder, 'modelthat.lock');
}

/** Path of uv; undefined where it is not installed. */
export function findUv(): string | undefined {
  const home = process.env.HOME ?? process.env.USERPROFILE ?? '';
  return findProgram('uv', [path.join(home, '.local', 'bin')]);
}

/**
 * Makes an environment with the requirements and writes its lock.
 *
 * @throws ApiError with the last lines of the installer that failed
 */
export async function install(installation: Installation): Promise<void> {
  const { uv, interpreter, line, folder, signal } = installation;
  if (uv !== undefined) {
    try {
      await installWithUv(installation, uv);
      return;
    } catch (error) {
      // uv does not read pip's configuration, for one: what it cannot reach, pip may.
      if (signal.aborted || !interpreter.canMakeEnvironments || !(error instanceof ApiError)) throw error;
      line('uv failed; trying venv and pip');
      await rm(folder, { recursive: true, force: true });
    }
  }
  await installWithPip(installation);
}

async function installWithUv(installation: Installation, uv: string): Promise<void> {
  const { interpreter, requirements, folder } = installation;
  const python = interpreter.executable;
  await command(installation, uv, ['venv', '--no-project', '--python', python, folder]);
  const resolve = ['pip', 'compile', '--no-header', '--no-annotate', '--python', python, requirements];
  await command(installation, uv, [...resolve, '--output-file', lockOf(folder)]);
  await command(installation, uv, [
    'pip',
    'sync',
    '--allow-empty-requirements',
    '--python',
    folder,
    lockOf(folder),
  ]);
}

async function installWithPip(installation: Installation): Promise<void> {
  const { interpreter, requirements, folder } = installation;
  await command(installation, interpreter.executable, ['-m', 'venv', folder]);
  const python = path.join(binOf(folder), WINDOWS ? 'python.exe' : 'python');
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];
  await command(installation, python, [...pip, 'install', '--progress-bar', 'off', '-r', requirements]);
  const lock: string[] = [];
  const quiet = { ...installation, line: (text: string) => void lock.push(text) };
  await command(quiet, python, [...pip, 'freeze'], 'stdout');
  await writeFile(lockOf(folder), `${lock.join('\n')}\n`);
}

/** Runs a program to its end, line by line. @throws ApiError when it fails */
async function command(
  { requirements, line, signal }: Installation,
  program: string,
  args: readonly string[],
  output: 'all' | 'stdout' = 'all',
): Promise<void> {
  signal.throwIfAborted();
  const mark = randomUUID();
  const child = spawn(program, args, {
    cwd: path.dirname(requirements),
    env: { ...inheritedEnvironment(INSTALLER_VARIABLES), PYTHONUNBUFFERED: '1', [MARK]: mark },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: !WINDOWS,
    windowsHide: true,
  });
  const exit = once(child, 'close') as Promise<[number | null]>;
  const last: string[] = [];
  const keep = (told: boolean) => (text: string) => {
    last.push(text);
    if (last.length > LAST_LINES) last.shift();
    if (told) line(text);
  };
  createInterface({ input: child.stdout.pipe(new PassThrough()) }).on('line', keep(true));
  createInterface({ input: child.stderr.pipe(new PassThrough()) }).on('line', keep(output === 'all'));
  const stop = () => void endInstaller(child.pid, mark);
  signal.addEventListener('abort', stop, { once: true });
  try {
    const [code] = await exit;
    signal.throwIfAborted();
    if (code === 0) return;
    throw new ApiError(
      'BAD_REQUEST',
      `The Python environment for ${requirements} could not be made: ${commandName(program, args)} failed:\n${last.join('\n')}`,
    );
  } catch (error) {
    if (error instanceof ApiError || signal.aborted) throw error;
    throw new ApiError('BAD_REQUEST', `${program} cannot be run: ${(error as Error).message}`);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

async function endInstaller(pid: number | undefined, mark: string): Promise<void> {
  const root = pid === undefined ? undefined : await identify(pid);
  if (root) await endTree({ root, mark: `${MARK}=${mark}` }, AbortSignal.abort());
}

function commandName(program: string, args: readonly string[]): string {
  const words = args.filter(arg => !arg.startsWith('-')).slice(0, 2);
  return [path.basename(program), ...words].join(' ');
}

/** The lock of an environment. */
export function readLock(folder: string): Promise<string> {
  return readFile(lockOf(folder), 'utf8');
}
