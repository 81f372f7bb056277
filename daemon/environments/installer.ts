/** Making one environment, by the tool that its packages are named for. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ApiError } from '../contract/errors.ts';
import { command, findInstaller, linesOf, type Purpose } from './command.ts';
import { installWithConda } from './conda.ts';
import type { Interpreter } from './interpreter.ts';
import { isTiedToFolder, kindOf, type RequirementsKind } from './requirements.ts';

const WINDOWS = process.platform === 'win32';

/** What is to be made, and who is told. */
export interface Installation extends Purpose {
  /** Not needed by conda, which brings its own. */
  readonly interpreter: Interpreter | undefined;
  /** Folder that becomes the environment; it is not there yet. */
  readonly folder: string;
}

/** Folder of an environment's programs. */
export function binOf(folder: string, kind: RequirementsKind): string {
  if (!WINDOWS) return path.join(folder, 'bin');
  return kind === 'conda' ? folder : path.join(folder, 'Scripts');
}

/** File in an environment with the exact version of everything in it. */
function lockOf(folder: string): string {
  return path.join(folder, 'modelthat.lock');
}

/** The lock of an environment. */
export function readLock(folder: string): Promise<string> {
  return readFile(lockOf(folder), 'utf8');
}

/**
 * Makes an environment with the requirements and writes its lock.
 *
 * @throws ApiError with the last lines of the installer that failed
 */
export async function install(installation: Installation): Promise<void> {
  const { requirements, interpreter, folder } = installation;
  const kind = kindOf(requirements);
  const lock =
    kind === 'conda' || !interpreter
      ? await installWithConda(installation)
      : kind === 'uv'
        ? await installProject(installation, interpreter)
        : await installRequirements(installation, interpreter);
  await writeFile(lockOf(folder), `${lock.join('\n')}\n`);
}

/** By uv where it is installed and can, else by venv and pip. */
async function installRequirements(installation: Installation, interpreter: Interpreter): Promise<string[]> {
  const { line, folder, signal } = installation;
  const uv = findInstaller('uv');
  if (uv !== undefined) {
    try {
      return await installWithUv(installation, uv, interpreter);
    } catch (error) {
      // uv does not read pip's configuration, for one: what it cannot reach, pip may.
      if (signal.aborted || !interpreter.canMakeEnvironments || !(error instanceof ApiError)) throw error;
      line('uv failed; trying venv and pip');
      await rm(folder, { recursive: true, force: true });
    }
  }
  return installWithPip(installation, interpreter);
}

async function installWithUv(
  installation: Installation,
  uv: string,
  { executable: python }: Interpreter,
): Promise<string[]> {
  const { requirements, folder } = installation;
  await command(installation, uv, ['venv', '--no-project', '--python', python, folder]);
  const resolve = ['pip', 'compile', '--no-header', '--no-annotate', '--python', python, requirements];
  await command(installation, uv, [...resolve, '--output-file', lockOf(folder)]);
  const sync = ['pip', 'sync', '--allow-empty-requirements', '--python', folder, lockOf(folder)];
  await command(installation, uv, sync);
  return (await readLock(folder)).trimEnd().split('\n');
}

async function installWithPip(installation: Installation, { executable }: Interpreter): Promise<string[]> {
  const { requirements, folder } = installation;
  await command(installation, executable, ['-m', 'venv', folder]);
  const python = path.join(binOf(folder, 'pip'), WINDOWS ? 'python.exe' : 'python');
  const pip = ['-m', 'pip', '--disable-pip-version-check', '--no-input'];
  await command(installation, python, [...pip, 'install', '--progress-bar', 'off', '-r', requirements]);
  return linesOf(installation, python, [...pip, 'freeze']);
}

/** What `uv.lock` says, exactly. The project itself is a part only where it is to be installed. */
async function installProject(installation: Installation, { executable }: Interpreter): Promise<string[]> {
  const { requirements, folder } = installation;
  const uv = findInstaller('uv');
  if (uv === undefined) throw new ApiError('BAD_REQUEST', `uv is needed for ${requirements}. ${INSTALL_UV}`);
  const own = isTiedToFolder(requirements) ? [] : ['--no-install-project'];
  await command(installation, uv, ['sync', '--frozen', '--python', executable, ...own], {
    variables: { UV_PROJECT_ENVIRONMENT: folder, UV_PYTHON_DOWNLOADS: 'never' },
  });
  return linesOf(installation, uv, ['pip', 'freeze', '--python', folder]);
}

const INSTALL_UV =
  'Install it (pipx install uv, or https://docs.astral.sh/uv), or name a requirements.txt: uv export -o requirements.txt.';
