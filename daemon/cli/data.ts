/** `modelthat data`: fetches and sends the data of a DVC project, by the project's own DVC, which has the credentials. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { Command } from 'commander';
import { EXIT_FAILED } from './context.ts';

const VERBS = {
  pull: 'fetch what the project’s files of data and its last runs name, by its own DVC',
  push: 'send what the project’s files of data and its last runs name, by its own DVC',
} as const;

/** Folders that environments are usually made in. */
const ENVIRONMENTS = ['.venv', 'venv', 'env'];

export function register(program: Command): void {
  const data = program.command('data').description('move the data of a DVC project');
  for (const [verb, description] of Object.entries(VERBS)) {
    data
      .command(verb)
      .description(description)
      .argument('[arguments...]', 'passed on to DVC')
      .allowUnknownOption()
      .action((_, __, command: Command) => run(verb, command.args));
  }
}

async function run(verb: string, args: readonly string[]): Promise<void> {
  const child = spawn(findDvc(), [verb, ...args], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.exitCode = code ?? (signal ? 128 + constants.signals[signal] : EXIT_FAILED);
}

/** @throws Error when there is none, with what to do */
function findDvc(folder = process.cwd(), env: NodeJS.ProcessEnv = process.env): string {
  const own = foldersUp(folder).flatMap(at => ENVIRONMENTS.map(name => path.join(at, name)));
  const active = env.VIRTUAL_ENV === undefined ? [] : [env.VIRTUAL_ENV];
  const windows = process.platform === 'win32';
  const bins = [...active, ...own].map(environment => path.join(environment, windows ? 'Scripts' : 'bin'));
  const onPath = (env.PATH ?? '').split(path.delimiter).filter(Boolean);
  const found = [...bins, ...onPath]
    .map(bin => path.join(bin, windows ? 'dvc.exe' : 'dvc'))
    .find(file => fs.existsSync(file));
  if (found !== undefined) return found;
  throw new Error(
    'DVC is neither in this project’s environment nor on the PATH. Install it with what your storage needs: pip install "dvc[s3]" (or gs, azure, ssh …)',
  );
}

/** A folder and those above it, up to the one that holds the DVC project. */
function foldersUp(folder: string): string[] {
  const parent = path.dirname(folder);
  if (parent === folder || fs.existsSync(path.join(folder, '.dvc'))) return [folder];
  return [folder, ...foldersUp(parent)];
}
