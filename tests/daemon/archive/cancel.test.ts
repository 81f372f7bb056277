/** Ending an import, and the command that people see it by. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { cancelImport, startImport } from '../../../daemon/contract/imports.ts';
import { searchRuns } from '../../../daemon/contract/runs.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { importStore } from '../../support/importing.ts';

const RUNS = 60;
const POINTS = 40;

describe('an import that is ended', () => {
  let daemon: TestDaemon;
  let store: string;
  before(async () => {
    daemon = await startDaemon();
    store = path.join(daemon.place.workspace, 'mlruns');
    fs.mkdirSync(path.join(store, '1'), { recursive: true });
    fs.writeFileSync(path.join(store, '1/meta.yaml'), "experiment_id: '1'\nname: many\n");
    const lines = Array.from({ length: POINTS }, (_, step) => `${step} 0.5 ${step}\n`).join('');
    for (let number = 0; number < RUNS; number += 1) {
      const id = String(number).padStart(32, '0');
      const run = path.join(store, '1', id);
      fs.mkdirSync(path.join(run, 'metrics'), { recursive: true });
      fs.mkdirSync(path.join(run, 'artifacts'));
      fs.writeFileSync(path.join(run, 'meta.yaml'), `run_id: ${id}\nstatus: 3\nstart_time: 1\nend_time: 2\n`);
      fs.writeFileSync(path.join(run, 'metrics/loss'), lines);
      fs.writeFileSync(path.join(run, 'artifacts/note.txt'), 'note');
    }
  });
  after(() => daemon.dispose());

  const runsHere = async () =>
    (await daemon.client.call(searchRuns, { body: { limit: 1000, view: 'all' } })).items;

  it('leaves whole runs, and goes on where it ended', async () => {
    const started = await daemon.client.call(startImport, { body: { path: store } });
    await assert.rejects(
      daemon.client.call(startImport, { body: { path: store } }),
      /is under way: wait for its end, or cancel it/,
    );
    // As soon as there is a run, or the import is through.
    while ((await runsHere()).length === 0);
    const ended = await daemon.client.call(cancelImport, { params: { importId: started.id }, body: {} });
    assert.ok(['cancelled', 'finished'].includes(ended.state), ended.state);
    const runs = await runsHere();
    assert.equal(runs.length, ended.counts.runs.made);
    for (const run of runs) assert.equal(run.metrics.loss?.count, POINTS);

    const rest = await importStore(daemon, store);
    assert.deepEqual(rest.counts.runs, { made: RUNS - runs.length, changed: 0, same: runs.length });
    assert.equal((await runsHere()).length, RUNS);
  });

  it('the command tells what was added and what was left out, by its exit code too', async () => {
    fs.writeFileSync(path.join(store, '1', '0'.repeat(32), 'metrics/loss'), 'broken\n');
    const { stdout, stderr, exitCode } = await modelthat(daemon.place, 'import', 'mlruns');
    assert.equal(exitCode, 1);
    assert.match(stdout, /^runs +0 +0 +60$/m);
    assert.match(stdout, /^Imported MLflow file store .*mlruns .*; 1 things were left out\.$/m);
    assert.match(stderr, /metrics\/loss:1: The line was left out: it is not 'timestamp value step'\./);
    const absent = await modelthat(daemon.place, 'import', 'nowhere', '--json');
    assert.equal(absent.exitCode, 1);
    assert.match(absent.stderr, /RESOURCE_DOES_NOT_EXIST/);
  });
});
