/** The test suites of the project: how each is run, and how its results are counted. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { editorHostRuns, ensureEditorHost } from '../tests/support/editor-host/setup.ts';
import { ensurePythonEnvironment } from '../tests/support/python-environment.ts';
import { buildAll } from './build.ts';
import { checks, runCheck } from './check.ts';

/** Numbers of tests by their result. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

/** Tests that are run together. */
export interface Suite {
  /** As it is called on the command line. */
  readonly name: string;
  /** What it covers, for the reader of the output. */
  readonly about: string;
  /** Runs it with its output shown. */
  run(): Promise<Counts>;
}

const root = path.resolve(import.meta.dirname, '..');
const reporter = path.join(root, 'tests/support/mocha-reporter.cjs');
const SUITE_TIMEOUT_MS = 20 * 60_000;
const TEST_TIMEOUT_MS = 60_000;

const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0 };

/** All suites, quick ones first. */
export const suites: readonly Suite[] = [
  { name: 'check', about: 'static checks', run: runChecks },
  mochaSuite('daemon', 'the daemon and the CLI', 'tests/daemon/**/*.test.ts'),
  mochaSuite(
    'conformance',
    'the MLflow protocol, against recorded answers',
    'tests/conformance/**/*.test.ts',
  ),
  mochaSuite('webviews', 'the logic of the pages', 'tests/webviews/**/*.test.ts'),
  { name: 'python', about: 'Python clients against a real daemon', run: runPytest },
  { name: 'extension', about: 'the extension in an extension host', run: runExtensionTests },
  { name: 'ui', about: 'views and pages in a real editor window', run: runUiTests },
  mochaSuite('e2e', 'a pipeline from the command line to a served model', 'tests/e2e/**/*.test.ts'),
];

async function runChecks(): Promise<Counts> {
  const counts = { ...NOTHING };
  for (const check of checks) {
    const passed = runCheck(check);
    console.log(`${passed ? 'passed' : 'failed'}: ${check.name}`);
    counts[passed ? 'passed' : 'failed'] += 1;
  }
  return counts;
}

function mochaSuite(name: string, about: string, files: string): Suite {
  return { name, about, run: () => runMocha(files) };
}

async function runMocha(files: string): Promise<Counts> {
  await buildAll();
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
  const args = ['--timeout', String(TEST_TIMEOUT_MS), '--reporter', reporter, files];
  return runCounted([process.execPath, mocha, ...args], mochaCounts);
}

async function runUiTests(): Promise<Counts> {
  if (!editorHostRuns()) {
    console.log('skipped: the browser-hosted editor runs on Linux x64 only');
    return { ...NOTHING, skipped: 1 };
  }
  await ensureEditorHost();
  return runMocha('tests/extension/ui/**/*.test.ts');
}

async function runExtensionTests(): Promise<Counts> {
  await buildAll();
  const browserHosted = editorHostRuns();
  if (browserHosted) await ensureEditorHost();
  const runner = path.join(root, 'node_modules/@vscode/test-cli/out/bin.mjs');
  return runCounted([process.execPath, runner], mochaCounts, browserHosted ? { EDITOR_HOST: '1' } : {});
}

async function runPytest(): Promise<Counts> {
  await buildAll();
  const python = await ensurePythonEnvironment(path.join(root, 'tests/python/requirements.txt'));
  return runCounted([python, '-m', 'pytest', 'tests/python', `--junitxml=${RESULTS}`], junitCounts);
}

/** In a command: stands for the file into which the test runner is to write its results. */
const RESULTS = '{results}';

/**
 * Runs a test runner with its output shown, and counts its tests by the results that it writes to a file: mocha finds
 * the name in MOCHA_COUNTS, others in place of RESULTS. A runner that crashes, or runs nothing, is one failed test.
 */
async function runCounted(
  command: readonly string[],
  parse: (results: string) => Counts,
  env: Record<string, string> = {},
): Promise<Counts> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'modelthat-test-'));
  const results = path.join(scratch, 'results');
  try {
    const [program = '', ...args] = command.map(part => part.replace(RESULTS, results));
    const { failed, shortMessage } = await execa(program, args, {
      cwd: root,
      // Nothing may touch the state of whoever runs the tests.
      env: { ...env, MOCHA_COUNTS: results, MODELTHAT_STATE_DIR: path.join(scratch, 'state') },
      stdio: ['ignore', 'inherit', 'inherit'],
      timeout: SUITE_TIMEOUT_MS,
      reject: false,
    });
    const counts = existsSync(results) ? parse(readFileSync(results, 'utf8')) : NOTHING;
    const problem = failed && counts.failed === 0 ? shortMessage : emptiness(counts);
    if (!problem) return counts;
    console.error(`failed: ${problem}`);
    return { ...counts, failed: counts.failed + 1 };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function emptiness({ passed, failed, skipped }: Counts): string | undefined {
  return passed + failed + skipped === 0 ? 'no test was run' : undefined;
}

/** Counts that tests/support/mocha-reporter.cjs has written. */
function mochaCounts(results: string): Counts {
  return JSON.parse(results) as Counts;
}

/** Counts in a JUnit file, of which a pytest run has one test suite. */
function junitCounts(results: string): Counts {
  const suite = /<testsuite [^>]*>/.exec(results)?.[0] ?? '';
  const number = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)?.[1] ?? 0);
  const failed = number('failures') + number('errors');
  const skipped = number('skipped');
  return { passed: number('tests') - failed - skipped, failed, skipped };
}
