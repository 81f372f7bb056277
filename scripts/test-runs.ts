/** Runs of test runners, counted by the results that they write to a file. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { endDaemons } from '../tests/support/end-daemons.ts';

/** Numbers of tests by their result. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** No test at all. */
export const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

const root = path.resolve(import.meta.dirname, '..');
const SUITE_TIMEOUT_MS = 20 * 60_000;

/** In a command: stands for the file into which the test runner is to write its results. */
export const RESULTS = '{results}';

/** How to run a test runner. */
export interface RunOptions {
  /** Variables on top of this process's environment. */
  env?: Record<string, string>;
  /** Keeps what it prints, and our own remark, from the screen. */
  quiet?: boolean;
}

/**
 * Runs a test runner, and counts its tests by the results that it writes to a file: mocha finds
 * the name in MOCHA_COUNTS, others in place of RESULTS. A runner that crashes, or runs nothing, is one failed test.
 */
export async function runCounted(
  command: readonly string[],
  parse: (results: string) => Counts,
  { env, quiet = false }: RunOptions = {},
): Promise<Counts> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'modelthat-test-'));
  const results = path.join(scratch, 'results');
  const stateDir = path.join(scratch, 'state');
  try {
    const [program = '', ...args] = command.map(part => part.replace(RESULTS, results));
    const { failed, shortMessage } = await execa(program, args, {
      cwd: root,
      // Nothing may touch the state of whoever runs the tests.
      env: { ...env, MOCHA_COUNTS: results, MODELTHAT_STATE_DIR: stateDir },
      stdin: 'ignore',
      stdout: quiet ? 'ignore' : 'inherit',
      stderr: quiet ? 'ignore' : 'inherit',
      timeout: SUITE_TIMEOUT_MS,
      reject: false,
    });
    const counts = existsSync(results) ? parse(readFileSync(results, 'utf8')) : NOTHING;
    const problem = failed && counts.failed === 0 ? shortMessage : emptiness(counts);
    if (!problem) return counts;
    if (!quiet) console.error(`failed: ${problem}`);
    return { ...counts, failed: counts.failed + 1 };
  } finally {
    endDaemons(stateDir);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function emptiness({ passed, failed, skipped }: Counts): string | undefined {
  return passed + failed + skipped === 0 ? 'no test was run' : undefined;
}

/** Counts that tests/support/mocha-reporter.cjs has written. */
export function mochaCounts(results: string): Counts {
  return JSON.parse(results) as Counts;
}

/** Counts in a JUnit file, of which a pytest run has one test suite. */
export function junitCounts(results: string): Counts {
  const suite = /<testsuite [^>]*>/.exec(results)?.[0] ?? '';
  const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  const skipped = number('skipped');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}
