/** Python environments of the tests, each made once per list of requirements and kept outside of version control. */

import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { execa } from 'execa';

const WINDOWS = process.platform === 'win32';
const CACHE = path.resolve(import.meta.dirname, '../../.cache/python');

/**
 * Makes the environment with these requirements unless it is there: by uv where it is installed, else by venv and pip.
 *
 * @param requirements a pip requirements file
 * @returns the environment's Python
 * @throws Error when there is no Python, or when an installation fails
 */
export async function ensurePythonEnvironment(requirements: string): Promise<string> {
  const wanted = await readRequirements(requirements);
  const hash = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const folder = path.join(CACHE, hash);
  const complete = path.join(folder, '.complete');
  const python = path.join(folder, ...(WINDOWS ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  if (existsSync(complete)) return python;

  console.error(`Installing ${requirements}`);
  await rm(folder, { recursive: true, force: true });
  if (await hasUv()) {
    await show('uv', ['venv', folder]);
    await show('uv', ['pip', 'install', '--python', python, '-r', requirements]);
  } else {
    await show(WINDOWS ? 'python' : 'python3', ['-m', 'venv', folder]);
    await show(python, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ]);
  }
  await writeFile(complete, '');
  return python;
}

/** The text of a requirements file, followed by that of the files it includes with `-r`. */
async function readRequirements(file: string): Promise<string> {
  const text = await readFile(file, 'utf8');
  const included = [...text.matchAll(/^-r\s+(.+?)\s*$/gm)].map(([, name = '']) =>
    readRequirements(path.resolve(path.dirname(file), name)),
  );
  return [text, ...(await Promise.all(included))].join('\n');
}

async function hasUv(): Promise<boolean> {
  return !(await execa('uv', ['--version'], { reject: false })).failed;
}

/** On stderr: stdout may be a program's answer. */
async function show(command: string, args: string[]): Promise<void> {
  await execa(command, args, { stdio: ['inherit', 2, 2] });
}
