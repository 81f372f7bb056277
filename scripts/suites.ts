/** The test suites of the project: how each is run, and how its results are counted. */

import path from 'node:path';
import { editorHostRuns, ensureEditorHost } from '../tests/support/editor-host/setup.ts';
import { ensurePythonEnvironment } from '../tests/support/python-environment.ts';
import { buildAll } from './build.ts';
import { checks, runCheck } from './check.ts';
import { junitResults, mochaResults, RESULTS, type Results, runTests, sum } from './test-runs.ts';

/** Tests that are run together. */
export interface Suite {
  /** As it is called on the command line. */
  readonly name: string;
  /** What it covers, for the reader of the output. */
  readonly about: string;
  /** Runs it with its output shown. */
  run(): Promise<Results>;
}

const root = path.resolve(import.meta.dirname, '..');
const reporter = path.join(root, 'tests/support/mocha-reporter.cjs');
const TEST_TIMEOUT_MS = 60_000;

/** All suites, quick ones first. */
export const suites: readonly Suite[] = [
  { name: 'check', about: 'static checks', run: runChecks },
  mochaSuite('scripts', 'the results of test runs', 'tests/scripts/**/*.test.ts'),
  mochaSuite('daemon', 'the daemon and the CLI', 'tests/daemon/{*,!(pipelines)/**/*}.test.ts'),
  mochaSuite('pipelines', 'pipelines of ours and of DVC', 'tests/daemon/pipelines/**/*.test.ts'),
  mochaSuite('faults', 'faults and attacks, a few times over', 'tests/faults/**/*.test.ts'),
  mochaSuite('views', 'what the views say, without an editor', 'tests/extension/unit/**/*.test.ts'),
  mochaSuite('webviews', 'the logic of the pages', 'tests/webviews/**/*.test.ts'),
  { name: 'python', about: 'Python clients against a real daemon', run: runPytest },
  mochaSuite(
    'conformance',
    'the MLflow server and the daemon, answer by answer',
    'tests/conformance/*.test.ts',
  ),
  { name: 'extension', about: 'the extension in an extension host', run: runExtensionTests },
  { name: 'ui', about: 'views and pages in a real editor window', run: runUiTests },
  mochaSuite('e2e', 'a pipeline from the command line to a served model', 'tests/e2e/**/*.test.ts'),
];

async function runChecks(): Promise<Results> {
  const results = checks.map(check => {
    const passed = runCheck(check);
    console.log(`${passed ? 'passed' : 'failed'}: ${check.name}`);
    const failure = { title: check.name, reason: `${check.command.join(' ')} (see above)` };
    return { passed: passed ? 1 : 0, skipped: 0, failures: passed ? [] : [failure] };
  });
  return sum(results);
}

function mochaSuite(name: string, about: string, files: string): Suite {
  return { name, about, run: () => runMocha(files) };
}

async function runMocha(files: string): Promise<Results> {
  await buildAll();
  const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
  const args = ['--forbid-only', '--timeout', String(TEST_TIMEOUT_MS), '--reporter', reporter, files];
  return runTests([process.execPath, mocha, ...args], mochaResults, { env: { MODELTHAT_TEST_BUILT: '1' } });
}

async function runUiTests(): Promise<Results> {
  if (!editorHostRuns()) {
    console.log('skipped: the browser-hosted editor runs on Linux x64 only');
    return { ...sum([]), skipped: 1 };
  }
  // Here, so that an installation does not count against the time of the first test.
  await ensureEditorHost();
  return runMocha('tests/extension/ui/**/*.test.ts');
}

async function runExtensionTests(): Promise<Results> {
  await buildAll();
  const browserHosted = editorHostRuns();
  if (browserHosted) await ensureEditorHost();
  const runner = path.join(root, 'node_modules/@vscode/test-cli/out/bin.mjs');
  return runTests([process.execPath, runner], mochaResults, {
    env: browserHosted ? { EDITOR_HOST: '1' } : {},
  });
}

/** Tests of Python code, by the requirements of the environments that they run in. */
const pythonTests: readonly { readonly requirements: string; readonly folder: string }[] = [
  { requirements: 'requirements.txt', folder: 'example' },
  { requirements: 'requirements.txt', folder: 'flavours' },
  { requirements: 'requirements-mlflow3.txt', folder: 'client' },
  { requirements: 'requirements-mlflow2.txt', folder: 'client' },
];

async function runPytest(): Promise<Results> {
  await buildAll();
  const results: Results[] = [];
  for (const { requirements, folder } of pythonTests) {
    const python = await ensurePythonEnvironment(path.join(root, 'tests/python', requirements));
    const tests = path.join('tests/python', folder);
    results.push(await runTests([python, '-m', 'pytest', tests, `--junitxml=${RESULTS}`], junitResults));
  }
  return sum(results);
}
