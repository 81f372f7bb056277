/** Runs of test runners, with the results that they write to a file. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { endDaemons } from '../tests/support/end-daemons.ts';

/** A test that failed. */
export interface Failure {
  title: string;
  /** What was thrown, with its stack where there is one. */
  reason: string;
}

/** What became of some tests. */
export interface Results {
  passed: number;
  skipped: number;
  failures: Failure[];
}

/** The results of some runs together. */
export function sum(results: readonly Results[]): Results {
  return {
    passed: results.reduce((total, { passed }) => total + passed, 0),
    skipped: results.reduce((total, { skipped }) => total + skipped, 0),
    failures: results.flatMap(({ failures }) => failures),
  };
}

const root = path.resolve(import.meta.dirname, '..');
/** Long enough for the environments that a suite makes on its first run. */
const SUITE_TIMEOUT_MS = 40 * 60_000;

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
 * Runs a test runner, and reads the results that it writes to a file: mocha finds the name in
 * MOCHA_RESULTS, others in place of RESULTS. A runner that crashes, or runs nothing, is one failed test.
 */
export async function runTests(
  command: readonly string[],
  parse: (results: string) => Results,
  { env, quiet = false }: RunOptions = {},
): Promise<Results> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'modelthat-test-'));
  const results = path.join(scratch, 'results');
  const stateDir = path.join(scratch, 'state');
  try {
    const [program = '', ...args] = command.map(part => part.replace(RESULTS, results));
    const { failed, shortMessage } = await execa(program, args, {
      cwd: root,
      // Nothing may touch the state of whoever runs the tests.
      env: { ...env, MOCHA_RESULTS: results, MODELTHAT_STATE_DIR: stateDir },
      stdin: 'ignore',
      stdout: quiet ? 'ignore' : 'inherit',
      stderr: quiet ? 'ignore' : 'inherit',
      timeout: SUITE_TIMEOUT_MS,
      reject: false,
    });
    const found = existsSync(results) ? parse(readFileSync(results, 'utf8')) : sum([]);
    const problem = failed && found.failures.length === 0 ? shortMessage : emptiness(found);
    if (!problem) return found;
    if (!quiet) console.error(`failed: ${problem}`);
    return sum([
      found,
      { passed: 0, skipped: 0, failures: [{ title: path.basename(program), reason: problem }] },
    ]);
  } finally {
    endDaemons(stateDir);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function emptiness({ passed, skipped, failures }: Results): string | undefined {
  return passed + skipped + failures.length === 0 ? 'no test was run' : undefined;
}

/** Results that tests/support/mocha-reporter.cjs has written. */
export function mochaResults(results: string): Results {
  return JSON.parse(results) as Results;
}

/** Results in a JUnit file, of which a pytest run has one test suite. */
export function junitResults(results: string): Results {
  const suite = /<testsuite [^>]*>/.exec(results)?.[0] ?? '';
  const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const skipped = number('skipped');
  const failed = number('failures') + number('errors');
  return { passed: number('tests') - failed - skipped, skipped, failures: junitFailures(results, failed) };
}

/** The failed tests of a JUnit file: as many as it counts, also where it does not name them. */
function junitFailures(results: string, count: number): Failure[] {
  const failed = /<testcase classname="([^"]*)" name="([^"]*)"[^>]*><(?:failure|error) message="([^"]*)"/g;
  const named = [...results.matchAll(failed)].map(([, group, test, reason = '']) => ({
    title: `${group} ${test}`,
    reason: reason.replaceAll('&#10;', '\n'),
  }));
  const unnamed = Math.max(0, count - named.length);
  return [...named, ...Array.from({ length: unnamed }, () => ({ title: 'pytest', reason: 'see above' }))];
}
