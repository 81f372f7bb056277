/** Has Aim's own package read a private copy of a store, in a process of its own: nothing else understands its format. */
import { spawn } from 'node:child_process';
import fs from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ApiError, invalid } from '../../contract/errors.ts';
import { inheritedEnvironment } from '../../processes/environment.ts';
import type { Reporter } from '../model.ts';
import { copyAim } from './copy.ts';

/** Of the program, when there is no package `aim`. */
const NO_MODULE = 3;

/** Of what the program says of itself, in characters. */
const KEPT_OUTPUT = 4_000;

/** What the reading works with. */
export interface AimWork {
  /** Path of a Python. */
  readonly python: string;
  /** A private folder for this import alone. */
  readonly scratch: string;
  readonly signal: AbortSignal;
}

/** How the program ended. */
interface Ended {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: string;
}

/** Where what was read is put. */
export function exportFolder(scratch: string): string {
  return path.join(scratch, 'export');
}

/**
 * Writes what is in a store to the export folder. A run at which the package breaks down is left out.
 *
 * @param store the `.aim` folder; it stays as it is
 * @throws ApiError when the package is not there or cannot read the store at all; AbortError by the signal
 */
export async function exportAim(store: string, work: AimWork, reporter: Reporter): Promise<void> {
  const repository = path.join(work.scratch, 'repository');
  await copyAim(store, path.join(repository, '.aim'), work.signal);
  const out = exportFolder(work.scratch);
  for (;;) {
    const ended = await read(repository, out, work);
    if (ended.code === 0) return;
    const broken = await takeBroken(path.join(out, 'runs'));
    if (broken.length === 0) throw failed(store, work.python, ended);
    for (const id of broken)
      reporter.problem(
        `run ${id}`,
        `The run was left out: Aim's package broke down on it${reasonOf(ended)}.`,
      );
  }
}

async function read(repository: string, out: string, { python, scratch, signal }: AimWork): Promise<Ended> {
  const program = fileURLToPath(new URL('./aim_export.py', import.meta.url));
  const child = spawn(python, [program, repository, out], {
    cwd: scratch,
    env: {
      ...inheritedEnvironment(),
      PYTHONUTF8: '1',
      PYTHONDONTWRITEBYTECODE: '1',
      // A repository's name elsewhere, which Aim would take from here.
      __AIM_REPO_NAME__: '.aim',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
    windowsHide: true,
    signal,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output = (output + text).slice(-KEPT_OUTPUT);
  });
  let failure: Error | undefined;
  child.on('error', error => {
    failure = error;
  });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  signal.throwIfAborted();
  if (failure) throw invalid(`${python} cannot be started: ${failure.message}.`);
  return { code, output };
}

/** Runs that were being read when the program ended; they are not tried again. */
async function takeBroken(runs: string): Promise<string[]> {
  const names = await fs.readdir(runs).catch(() => []);
  const broken = names.filter(name => name.endsWith('.part')).map(name => path.basename(name, '.part'));
  for (const id of broken) await fs.rename(path.join(runs, `${id}.part`), path.join(runs, `${id}.failed`));
  return broken;
}

function failed(store: string, python: string, ended: Ended): ApiError {
  if (ended.code === NO_MODULE)
    return invalid(
      `Only Aim's own package reads ${store}, and ${python} has none that works${reasonOf(ended)}. ` +
        `Install it by “${python} -m pip install aim”, or name a Python that has it by --python.`,
    );
  return invalid(`Aim's package cannot read ${store}${reasonOf(ended)}.`);
}

/** The last line of what it said: that of a Python error is its message. */
function reasonOf({ code, output }: Ended): string {
  const last = output.trim().split('\n').at(-1)?.trim();
  return ` (${last || `it ended with ${code === null ? 'a signal' : `exit code ${code}`}`})`;
}
