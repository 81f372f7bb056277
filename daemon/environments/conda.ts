/** Environments by conda, or by one of those that do the same faster. */
import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import { ApiError } from '../contract/errors.ts';
import { command, findInstaller, linesOf, type Purpose } from './command.ts';

/** The fastest first. */
const PROGRAMS = ['micromamba', 'mamba', 'conda'] as const;

const WINDOWS = process.platform === 'win32';

/** Nobody is there to answer a question. */
const ANSWERS = { CONDA_ALWAYS_YES: 'true', MAMBA_ALWAYS_YES: 'true' };

/** What conda keeps in an environment of each package that it has installed. */
const PackageRecord = z.object({ url: z.string(), md5: z.string().optional() });

/**
 * Makes the environment that an `environment.yml` describes.
 *
 * @returns its lock: the addresses of conda's packages, as `conda create --file` reads them, and pip's as comments
 * @throws ApiError with the last lines of what failed
 */
export async function installWithConda(purpose: Purpose & { readonly folder: string }): Promise<string[]> {
  const { requirements, folder } = purpose;
  const program = findConda();
  if (program === undefined)
    throw new ApiError(
      'BAD_REQUEST',
      `conda, mamba or micromamba is needed for ${requirements}, and none is on the PATH. Install one (https://conda-forge.org/download), or name a requirements.txt.`,
    );
  const isMicromamba = path.basename(program).startsWith('micromamba');
  const create = isMicromamba ? ['create'] : ['env', 'create'];
  await command(purpose, program, [...create, '--prefix', folder, '--file', requirements], {
    variables: ANSWERS,
  });
  return ['@EXPLICIT', ...(await condaPackages(folder)), ...(await pipPackages(purpose))];
}

/** Path of conda or the like; undefined where none is installed. */
export function findConda(): string | undefined {
  const named = [process.env.MAMBA_EXE, process.env.CONDA_EXE];
  return (
    PROGRAMS.map(findInstaller).find(found => found !== undefined) ??
    named.find(file => file !== undefined && existsSync(file))
  );
}

async function condaPackages(folder: string): Promise<string[]> {
  const records = path.join(folder, 'conda-meta');
  const names = await readdir(records).catch(() => []);
  const packages = names
    .filter(name => name.endsWith('.json'))
    .map(async name => {
      const { url, md5 } = PackageRecord.parse(JSON.parse(await readFile(path.join(records, name), 'utf8')));
      return md5 === undefined ? url : `${url}#${md5}`;
    });
  return (await Promise.all(packages)).sort();
}

/** What pip has installed beside; conda's own packages come from files. */
async function pipPackages(purpose: Purpose & { readonly folder: string }): Promise<string[]> {
  const python = WINDOWS
    ? path.join(purpose.folder, 'python.exe')
    : path.join(purpose.folder, 'bin', 'python');
  if (!existsSync(python)) return [];
  const frozen = await linesOf(purpose, python, ['-m', 'pip', 'freeze']).catch(() => []);
  return frozen.filter(line => !line.includes(' @ file:')).map(line => `# pip: ${line}`);
}
