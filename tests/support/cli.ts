/** The `modelthat` command, run from the sources as a person runs it. */

import path from 'node:path';
import { execa } from 'execa';
import type { TestPlace } from './daemon.ts';

const main = path.resolve(import.meta.dirname, '../../daemon/cli/main.ts');

/** How a command ended. */
export interface CliResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in the test's workspace. */
export function modelthat(place: TestPlace, ...args: readonly string[]): Promise<CliResult> {
  return modelthatReading(place, '', ...args);
}

/** The same with something on its standard input. */
export async function modelthatReading(
  place: TestPlace,
  input: string,
  ...args: readonly string[]
): Promise<CliResult> {
  const {
    exitCode = -1,
    stdout,
    stderr,
  } = await execa(process.execPath, [main, ...args], {
    cwd: place.workspace,
    env: { ...place.env, NO_COLOR: '1' },
    extendEnv: false,
    reject: false,
    input,
  });
  return { exitCode, stdout, stderr };
}
