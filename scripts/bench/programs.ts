/** The programs that are compared: where they are, and of which version. */
import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { PRODUCT_VERSION } from '../../daemon/client/version.ts';
import { ensurePythonEnvironment } from '../../tests/support/python-environment.ts';
import { buildAll } from '../build.ts';
import type { ContestantName } from './results.ts';

export const SERVERS = ['modelthat', 'MLflow', 'FastTrackML'] as const satisfies readonly ContestantName[];
export type ServerName = (typeof SERVERS)[number];

/** What starts a server, or why there is none. */
export type Program =
  | { readonly command: readonly [string, ...string[]]; readonly version: string }
  | { readonly absent: string };

export type Programs = Readonly<Record<ServerName, Program>>;

const run = promisify(execFile);
const root = path.resolve(import.meta.dirname, '../..');

/**
 * Builds the daemon and installs its peers from the Python package index, once, into a cache outside of version control.
 * A peer that does not install is absent, and the measurement goes on without it.
 */
export async function ensurePrograms(wanted: ReadonlySet<ServerName>): Promise<Programs> {
  const unless = async (name: ServerName, ensure: () => Promise<Program>): Promise<Program> => {
    if (!wanted.has(name)) return { absent: 'not asked for' };
    return ensure().catch((error: Error) => ({ absent: `it cannot be installed: ${error.message}` }));
  };
  await buildAll();
  const main = path.join(root, 'dist/daemon/main.mjs');
  return {
    modelthat: { command: [process.execPath, main], version: PRODUCT_VERSION },
    MLflow: await unless('MLflow', ensureMlflow),
    FastTrackML: await unless('FastTrackML', ensureFastTrackMl),
  };
}

async function ensureMlflow(): Promise<Program> {
  const python = await ensurePythonEnvironment(path.join(import.meta.dirname, 'requirements-mlflow.txt'));
  const { stdout } = await run(python, [
    '-c',
    'from importlib.metadata import version; print(version("mlflow"))',
  ]);
  return { command: [python], version: stdout.trim() };
}

async function ensureFastTrackMl(): Promise<Program> {
  const requirements = path.join(import.meta.dirname, 'requirements-fasttrackml.txt');
  const python = await ensurePythonEnvironment(requirements);
  const name = process.platform === 'win32' ? 'fml.exe' : 'fml';
  const fml = path.join(path.dirname(python), name);
  if (!fs.existsSync(fml)) throw new Error(`${name} is not in the package for this platform`);
  const { stdout } = await run(fml, ['--version']);
  return { command: [fml], version: stdout.trim().split(' ').at(-1) ?? '' };
}
