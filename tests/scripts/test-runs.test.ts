import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { type Counts, junitCounts, mochaCounts, RESULTS, runCounted } from '../../scripts/test-runs.ts';

const root = path.resolve(import.meta.dirname, '../..');
const mocha = path.join(root, 'node_modules/mocha/bin/mocha.js');
const reporter = path.join(root, 'tests/support/mocha-reporter.cjs');

describe('counting test results', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'modelthat-counting-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs mocha, quietly, on a file with this content. */
  function countMocha(content: string): Promise<Counts> {
    const file = path.join(folder, 'sample.test.cjs');
    writeFileSync(file, content);
    return runCounted([process.execPath, mocha, '--reporter', reporter, file], mochaCounts, { quiet: true });
  }

  it('counts passed, failed and skipped tests', async () => {
    const counts = await countMocha(`
      it('passes', () => {});
      it('passes too', () => {});
      it('fails', () => { throw new Error('on purpose'); });
      it.skip('is skipped', () => {});`);
    assert.deepEqual(counts, { passed: 2, failed: 1, skipped: 1 });
  });

  it('counts a runner that dies halfway as one failed test', async () => {
    const counts = await countMocha(`it('passes', () => {}); it('dies', () => process.exit(7));`);
    assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  });

  it('counts a runner that dies after its last test as failed', async () => {
    const counts = await countMocha(
      `it('passes', () => {}); process.on('exit', () => process.kill(process.pid, 'SIGKILL'));`,
    );
    assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 0 });
  });

  it('counts a runner that finds no test as one failed test', async () => {
    assert.deepEqual(await countMocha(''), { passed: 0, failed: 1, skipped: 0 });
  });

  it('counts a runner that cannot be started as one failed test', async () => {
    assert.deepEqual(await runCounted([path.join(folder, 'missing')], mochaCounts, { quiet: true }), {
      passed: 0,
      failed: 1,
      skipped: 0,
    });
  });

  it('reads the results of pytest', async () => {
    const xml = `<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" skipped="3" tests="10" time="0.1"/>`;
    const write = `require('node:fs').writeFileSync(process.argv[1], ${JSON.stringify(xml)}); process.exit(1)`;
    const counts = await runCounted([process.execPath, '-e', write, RESULTS], junitCounts, { quiet: true });
    assert.deepEqual(counts, { passed: 4, failed: 3, skipped: 3 });
  });
});
