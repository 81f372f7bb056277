import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { junitResults, mochaResults, RESULTS, type Results, runTests } from '../../scripts/test-runs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
const reporter = path.join(root, 'tests/support/mocha-reporter.cjs');

describe('the results of a test run', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'modelthat-results-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs mocha, quietly, on a file with this content. */
  function runMocha(content: string): Promise<Results> {
    const file = path.join(folder, 'sample.test.cjs');
    writeFileSync(file, content);
    return runTests([process.execPath, mocha, '--reporter', reporter, file], mochaResults, { quiet: true });
  }

  /** How many passed, were skipped, and failed. */
  const numbers = ({ passed, skipped, failures }: Results) => [passed, skipped, failures.length];

  it('counts passed and skipped tests, and tells what failed and why', async () => {
    const results = await runMocha(`
      it('passes', () => {});
      it('passes too', () => {});
      describe('a subject', () => it('fails', () => { throw new Error('on purpose'); }));
      it.skip('is skipped', () => {});`);
    assert.deepEqual(numbers(results), [2, 1, 1]);
    assert.equal(results.failures[0]?.title, 'a subject fails');
    assert.match(results.failures[0].reason, /on purpose/);
  });

  it('counts a runner that dies halfway as one failed test', async () => {
    const results = await runMocha(`it('passes', () => {}); it('dies', () => process.exit(7));`);
    assert.deepEqual(numbers(results), [0, 0, 1]);
  });

  it('counts a runner that dies after its last test as failed', async () => {
    const results = await runMocha(
      `it('passes', () => {}); process.on('exit', () => process.kill(process.pid, 'SIGKILL'));`,
    );
    assert.deepEqual(numbers(results), [1, 0, 1]);
  });

  it('counts a runner that finds no test as one failed test', async () => {
    assert.deepEqual(numbers(await runMocha('')), [0, 0, 1]);
  });

  it('counts a runner that cannot be started as one failed test', async () => {
    const results = await runTests([path.join(folder, 'missing')], mochaResults, { quiet: true });
    assert.deepEqual(numbers(results), [0, 0, 1]);
  });

  it('reads the results of pytest', async () => {
    const xml = `<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1">
      <testcase classname="test_models" name="test_registers" time="0.1"><failure message="assert 1 == 2">trace</failure></testcase>
      </testsuite></testsuites>`;
    const write = `require('node:fs').writeFileSync(process.argv[1], ${JSON.stringify(xml)}); process.exit(1)`;
    const results = await runTests([process.execPath, '-e', write, RESULTS], junitResults, { quiet: true });
    assert.deepEqual(numbers(results), [4, 3, 3]);
    assert.deepEqual(results.failures[0], { title: 'test_models test_registers', reason: 'assert 1 == 2' });
  });
});
