/** Running installers: line by line, ended with all that they started, and quoted when they fail. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { ApiError } from '../contract/errors.ts';
import { inheritedEnvironment } from '../processes/environment.ts';
import { findProgram } from '../processes/programs.ts';
import { identify } from '../processes/table.ts';
import { endTree } from '../processes/tree.ts';

const WINDOWS = process.platform === 'win32';

/** Variables that tell the installers where packages come from; no other program gets them. */
const INSTALLER_VARIABLES = /^(PIP|UV|CONDA|MAMBA)_/;

/** How many of an installer's last lines an error shows. */
const LAST_LINES = 15;

const MARK = 'MODELTHAT_INSTALL';

/** What an installer is run for. */
export interface Purpose {
  /** Absolute path of the file that names the packages. */
  readonly requirements: string;
  /** Told each line that the installer prints. */
  readonly line: (line: string) => void;
  readonly signal: AbortSignal;
}

/** The path of uv or the like; undefined where it is not installed. */
export function findInstaller(name: string): string | undefined {
  const home = process.env.HOME ?? process.env.USERPROFILE ?? '';
  return findProgram(name, [path.join(home, '.local', 'bin')]);
}

/**
 * Runs an installer to its end, line by line.
 *
 * @param more.output what is told and kept; by default all that it prints
 * @param more.variables of its environment
 * @throws ApiError with its last lines when it fails
 */
export async function command(
  { requirements, line, signal }: Purpose,
  program: string,
  args: readonly string[],
  more: { output?: 'all' | 'stdout'; variables?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  signal.throwIfAborted();
  const mark = randomUUID();
  const child = spawn(program, args, {
    cwd: path.dirname(requirements),
    env: {
      ...inheritedEnvironment(INSTALLER_VARIABLES),
      ...more.variables,
      PYTHONUNBUFFERED: '1',
      [MARK]: mark,
    },
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
  createInterface({ input: child.stderr.pipe(new PassThrough()) }).on('line', keep(more.output !== 'stdout'));
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

/** What a program prints on its standard output, line by line. @throws ApiError when it fails */
export async function linesOf(purpose: Purpose, program: string, args: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  await command({ ...purpose, line: text => void lines.push(text) }, program, args, { output: 'stdout' });
  return lines;
}

async function endInstaller(pid: number | undefined, mark: string): Promise<void> {
  const root = pid === undefined ? undefined : await identify(pid);
  if (root) await endTree({ root, mark: `${MARK}=${mark}` }, AbortSignal.abort());
}

function commandName(program: string, args: readonly string[]): string {
  const words = args.filter(arg => !arg.startsWith('-')).slice(0, 2);
  return [path.basename(program), ...words].join(' ');
}
