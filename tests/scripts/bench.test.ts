import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { judge } from '../../scripts/bench/goals.ts';
import { writeDocument } from '../../scripts/bench/report/document.ts';
import { tables } from '../../scripts/bench/report/table.ts';
import { type Figure, Results } from '../../scripts/bench/results.ts';

const bench = path.resolve(import.meta.dirname, '../../scripts/bench.ts');

/** Results of a machine that never was. */
function results(figures: Figure[]): Results {
  return {
    startedAt: '2026-01-02T03:04:05.000Z',
    seconds: 60,
    quick: false,
    machine: { processor: 'A <small> one', cores: 2, memoryGb: 8, system: 'Linux', node: '24.0.0' },
    loadBefore: 0.1,
    versions: { modelthat: '1.2.3', MLflow: '3.17.2' },
    absent: { FastTrackML: 'it cannot be installed' },
    figures,
    remarks: { search: ['MLflow failed 3 requests'] },
    failures: {},
  };
}

const quickCall: Figure = {
  scenario: 'log-metric',
  name: '1 client, p50',
  unit: 'ms',
  better: 'less',
  cells: { modelthat: { value: 0.5, samples: [0.5] }, MLflow: { value: 6, samples: [6] } },
};

const givenUp: Figure = {
  scenario: 'search',
  name: '100,000 runs, page 1',
  unit: 'ms',
  better: 'less',
  cells: {
    modelthat: { value: 4, samples: [4] },
    MLflow: { value: 40_000, samples: [40_000], over: true },
    FastTrackML: { skipped: 'not filled so far' },
  },
};

describe('npm run bench', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-bench-test-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  it('measures a scenario, prints nothing but JSON, and leaves no files behind', async function () {
    // A busy machine may take long to build and to start a daemon.
    this.timeout(400_000);
    const args = ['--quick', '--only', 'create-run', '--servers', 'modelthat', '--json'];
    const { stdout } = await execa(process.execPath, [bench, ...args], {
      env: { TMPDIR: folder, TEMP: folder },
    });
    const found = Results.parse(JSON.parse(stdout));
    assert.deepEqual(found.failures, {});
    assert.deepEqual(
      found.figures.map(({ name, unit }) => `${name} in ${unit}`),
      ['p50 in ms', 'rate in runs/s'],
    );
    for (const { cells } of found.figures) assert.ok(cells.modelthat && 'value' in cells.modelthat);
    assert.deepEqual(fs.readdirSync(folder), []);
  });

  it('refuses a scenario that there is not, and names those there are', async () => {
    const { exitCode, stderr } = await execa(process.execPath, [bench, '--only', 'lunch'], { reject: false });
    assert.equal(exitCode, 2);
    assert.match(stderr, /There is no lunch\. There are .*log-metric/);
  });

  it('judges goals by the ratios of one run', () => {
    const verdicts = judge(results([quickCall, givenUp]));
    const verdictOn = (what: string) => verdicts.find(verdict => verdict.what.startsWith(what));
    assert.equal(verdictOn('single log-metric call')?.measured, 12);
    assert.equal(verdictOn('single log-metric call')?.met, true);
    assert.equal(verdictOn('search over 100,000 runs, times as quick')?.met, true);
    assert.equal(verdictOn('memory of an idle daemon')?.met, undefined);
  });

  it('says what was given up or left out', () => {
    const text = tables(results([givenUp]));
    assert.match(text, /100,000 runs, page 1 +ms +4 +> 40,000 +– +> 10,000/);
    assert.match(text, /FastTrackML was not measured: it cannot be installed/);
    assert.match(text, /search: MLflow failed 3 requests/);
  });

  it('writes charts that name machine and versions, and a page that shows them', () => {
    fs.writeFileSync(path.join(folder, 'of-before.svg'), '');
    writeDocument(folder, results([quickCall, givenUp]));
    assert.deepEqual(fs.readdirSync(folder).sort(), [
      'README.md',
      'log-metric.svg',
      'results.json',
      'search.svg',
    ]);
    const page = fs.readFileSync(path.join(folder, 'README.md'), 'utf8');
    assert.match(page, /\| 1 client, p50 \| ms \| 0\.5 \| 6 \| 12 \|/);
    assert.match(page, /!\[[^\]]+\]\(log-metric\.svg\)/);
    const picture = fs.readFileSync(path.join(folder, 'log-metric.svg'), 'utf8');
    assert.match(picture, /A &lt;small&gt; one, 2 cores/);
    assert.match(picture, /modelthat 1\.2\.3, MLflow 3\.17\.2, 2026-01-02/);
  });
});
