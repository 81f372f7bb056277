/** Keeps git from what DVC looks after, as DVC does: a line in the `.gitignore` beside each output. */
import { execFile } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { inheritedEnvironment } from '../../processes/environment.ts';

const run = promisify(execFile);

/** An output that git has already. */
export class TrackedError extends Error {
  override readonly name = 'TrackedError';

  constructor(place: string) {
    super(
      `git tracks ${place}, which DVC is to look after. Have git forget it: git rm -r --cached '${place}' && git commit`,
    );
  }
}

/**
 * Sees to it that git ignores an output.
 *
 * @param root the project's folder
 * @returns the `.gitignore` that got a line, if one did
 * @throws TrackedError
 */
export async function ignoreOutput(root: string, place: string): Promise<string[]> {
  const file = path.join(path.dirname(place), '.gitignore');
  const line = `/${path.basename(place).replace(/[\][!*#?]/g, '\\$&')}`;
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (text.split(/\r?\n/).includes(line) || !isInRepository(root)) return [];
  if (await git(root, ['ls-files', '--error-unmatch', '--', place])) throw new TrackedError(place);
  if (await git(root, ['check-ignore', '--quiet', '--no-index', '--', place])) return [];
  appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`);
  return [file];
}

/** Adds files to what the next commit will have. */
export async function stage(root: string, files: readonly string[]): Promise<void> {
  if (files.length > 0 && isInRepository(root)) await git(root, ['add', '--', ...files]);
}

function isInRepository(root: string): boolean {
  if (existsSync(path.join(root, '.git'))) return true;
  const parent = path.dirname(root);
  return parent !== root && isInRepository(parent);
}

/** @returns whether git did it, or answered yes; without git, no */
async function git(folder: string, args: readonly string[]): Promise<boolean> {
  try {
    // A file system monitor is a program that the repository names: it is not run for this.
    await run('git', ['-c', 'core.fsmonitor=false', ...args], { cwd: folder, env: inheritedEnvironment() });
    return true;
  } catch {
    return false;
  }
}
