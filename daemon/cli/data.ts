/** `modelthat data`: fetches and sends the data of a DVC project, by the project's own DVC, which has the credentials. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { findDvc, INSTALL_DVC } from '../client/dvc-program.ts';
import { EXIT_FAILED } from './context.ts';

const VERBS = {
  pull: 'fetch what the project’s files of data and its last runs name, by its own DVC',
  push: 'send what the project’s files of data and its last runs name, by its own DVC',
} as const;

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
  const dvc = findDvc(process.cwd());
  if (dvc === undefined)
    throw new Error(`DVC is neither in this project’s environment nor on the PATH. ${INSTALL_DVC}`);
  const child = spawn(dvc, [verb, ...args], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  process.exitCode = code ?? (signal ? 128 + constants.signals[signal] : EXIT_FAILED);
}
