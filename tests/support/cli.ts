/** The `modelthat` command, run as a person runs it. */

import { execa } from 'execa';
import type { TestPlace } from './daemon.ts';
import { CLI_MAIN } from './programs.ts';

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
  } = await execa(process.execPath, [CLI_MAIN, ...args], {
    cwd: place.workspace,
    env: { ...place.env, NO_COLOR: '1' },
    extendEnv: false,
    reject: false,
    input,
  });
  return { exitCode, stdout, stderr };
}
