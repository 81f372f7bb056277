import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import type { Garbage, StoreUsage } from '../../../daemon/contract/housekeeping.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { assertError, MlflowWire } from '../../support/mlflow.ts';

const POINTS = 27_000;
const BATCH = 900;

describe('modelthat store gc', () => {
  let daemon: TestDaemon;
  let wire: MlflowWire;

  beforeEach(async () => {
    daemon = await startDaemon();
    wire = new MlflowWire(daemon);
  });
  afterEach(() => daemon.dispose());

  /** With `before` of now unless said otherwise: what is in the bin goes. */
  const gc = async (
    request: { dryRun?: boolean; before?: number; runs?: string[] } = {},
  ): Promise<Garbage> => {
    const task = { kind: 'gc' as const, dryRun: false, before: Date.now(), ...request };
    return (await runStoreTask(daemon.client, task, () => {})).garbage;
  };
  const usage = async (): Promise<StoreUsage> =>
    (await runStoreTask(daemon.client, { kind: 'usage' }, () => {})).usage;
  const inStore = (file: string) => path.join(daemon.place.store, 'artifacts', ...file.split('/'));
  const ids = ({ items }: Garbage) => items.map(({ kind, id }) => `${kind} ${id}`).sort();
  const rows = (sql: string): unknown[] => {
    const connection = new SQLite(path.join(daemon.place.store, 'modelthat.db'), { readonly: true });
    try {
      return connection.prepare(sql).all();
    } finally {
      connection.close();
    }
  };

  async function logRun(experiment: string, points = 10) {
    const run = await wire.startRun(experiment);
    for (let start = 0; start < points; start += BATCH)
      await wire.post('runs/log-batch', {
        run_id: run.runId,
        params: start === 0 ? [{ key: 'lr', value: '0.1' }] : [],
        metrics: Array.from({ length: Math.min(BATCH, points - start) }, (_, index) => ({
          key: 'loss',
          value: Math.random(),
          step: start + index,
          timestamp: start + index,
        })),
      });
    await wire.post('runs/log-inputs', {
      run_id: run.runId,
      datasets: [{ dataset: { name: 'train', digest: experiment, source_type: 'local', source: '{}' } }],
    });
    await wire.upload(`${run.artifacts}/model/MLmodel`, 'flavors: {}\n'.repeat(100));
    await wire.post('runs/update', { run_id: run.runId, status: 'FINISHED' });
    return run;
  }

  it('deletes a run of the bin with its points and files, gives the space back, and says that it is gone', async () => {
    const doomed = await logRun('sales', POINTS);
    const other = await logRun('weather');
    await wire.post('runs/delete', { run_id: doomed.runId });
    const before = await usage();
    assert.deepEqual(
      before.experiments.slice(0, 2).map(({ name, runs, points }) => [name, runs, points]),
      [
        ['sales', 1, POINTS],
        ['weather', 1, 10],
      ],
    );
    assert.equal(before.experiments[0]?.artifacts, 1200);
    assert.deepEqual(ids(await gc({ dryRun: true })), [`run ${doomed.runId}`]);
    assert.ok(fs.existsSync(inStore(doomed.artifacts)), 'a dry run deletes nothing');
    const done = await gc();
    assert.deepEqual([ids(done), done.bytes, done.removed], [[`run ${doomed.runId}`], 1200, true]);
    assert.ok(done.compacted > 10_000, `${done.compacted} bytes were given back`);
    assert.equal(fs.existsSync(path.dirname(inStore(doomed.artifacts))), false);
    const left = (table: string) => rows(`SELECT 1 FROM ${table}`).length;
    const tables = ['run', 'metric_point', 'metric_summary', 'param', 'dataset', 'artifact'];
    assert.deepEqual(tables.map(left), [1, 10, 1, 1, 1, 1]);
    const gone = await wire.call('POST', 'runs/restore', { run_id: doomed.runId });
    assertError(gone, 404, 'RESOURCE_DOES_NOT_EXIST', 'it was permanently deleted on 20');
    assert.equal((await wire.get('runs/get', { run_id: other.runId })).status, 200);
    const { verification } = await runStoreTask(daemon.client, { kind: 'verify' }, () => {});
    assert.deepEqual([verification.database, verification.artifacts], [[], []]);
  });

  it('leaves what is in the bin for less than the retention, and what a version was made from', async () => {
    const used = await logRun('sales');
    const copied = await logRun('copied');
    const fresh = await logRun('weather');
    await wire.post('registered-models/create', { name: 'sales' });
    await wire.post('model-versions/create', {
      name: 'sales',
      source: `runs:/${used.runId}/model`,
      run_id: used.runId,
    });
    // Nothing but the place of its files ties this one to its run.
    await wire.post('model-versions/create', {
      name: 'sales',
      source: `mlflow-artifacts:/${copied.artifacts}/model`,
    });
    for (const { runId } of [used, copied, fresh]) await wire.post('runs/delete', { run_id: runId });
    await wire.post('experiments/delete', { experiment_id: copied.experimentId });
    const retained = await gc({ before: Date.now() - 3600_000 });
    assert.deepEqual([retained.items, retained.kept], [[], []]);
    const found = await gc();
    assert.deepEqual(ids(found), [`run ${fresh.runId}`]);
    assert.deepEqual(
      found.kept.map(({ id, because }) => [id, because]).sort(),
      [
        [used.runId, 'sales version 1 was made from it'],
        [copied.runId, 'sales version 2 was made from it'],
        [copied.experimentId, 'some of its runs or models stay'],
      ].sort(),
    );
    assert.ok(fs.existsSync(inStore(`${used.artifacts}/model/MLmodel`)));
    assert.ok(fs.existsSync(inStore(`${copied.artifacts}/model/MLmodel`)));
  });

  it('deletes an experiment of the bin with all in it, and never gives its number again', async () => {
    const { runId, experimentId } = await logRun('sales');
    const { model } = await wire.post<{ model: { info: { model_id: string; artifact_uri: string } } }>(
      'logged-models',
      { experiment_id: experimentId, name: 'model', source_run_id: runId },
    );
    const place = model.info.artifact_uri.replace('mlflow-artifacts:/', '');
    await wire.upload(`${place}/MLmodel`, 'flavors: {}\n');
    await wire.post('runs/log-metric', {
      run_id: runId,
      key: 'mae',
      value: 1,
      timestamp: 1,
      model_id: model.info.model_id,
    });
    await wire.post('experiments/delete', { experiment_id: experimentId });
    const done = await gc();
    assert.deepEqual(
      ids(done),
      [`experiment ${experimentId}`, `model ${model.info.model_id}`, `run ${runId}`].sort(),
    );
    assert.equal(fs.existsSync(inStore(experimentId)), false);
    assert.deepEqual(rows('SELECT * FROM model_point'), []);
    const again = await wire.startRun('sales');
    assert.equal(Number(again.experimentId), Number(experimentId) + 1);
  });

  it('takes single runs at once, and refuses one that is not in the bin', async () => {
    const [one, two] = [await logRun('one'), await logRun('two')];
    await wire.post('runs/delete', { run_id: one.runId });
    await assert.rejects(
      gc({ runs: [one.runId, two.runId] }),
      new RegExp(`Run ${two.runId} is not in the bin`),
    );
    assert.deepEqual(ids(await gc({ runs: [one.runId] })), [`run ${one.runId}`]);
    assert.equal((await wire.get('runs/get', { run_id: two.runId })).status, 200);
  });

  it('goes on with what a daemon that was killed had begun, and does not let it be restored', async () => {
    const { runId, artifacts } = await logRun('sales', 2000);
    await wire.post('runs/delete', { run_id: runId });
    const { place } = daemon;
    await daemon.kill();
    const connection = new SQLite(path.join(place.store, 'modelthat.db'));
    connection
      .prepare("INSERT INTO purged (kind, thing, name, at, folder) VALUES ('run', ?, 'x', 1, ?)")
      .run(runId, path.posix.dirname(artifacts));
    connection.exec('DELETE FROM metric_point WHERE step > 1000');
    connection.close();
    const next = await startDaemon({ place });
    daemon = {
      ...next,
      dispose: async () => {
        await next.stop();
        place.remove();
      },
    };
    wire = new MlflowWire(daemon);
    assert.equal((await wire.call('POST', 'runs/restore', { run_id: runId })).status, 404);
    await gc({ before: 0 });
    assert.deepEqual(rows('SELECT uuid FROM run'), []);
    assert.equal(fs.existsSync(inStore(artifacts)), false);
  });

  it('takes files of runs that are gone, logs and backups that were left over, and nothing that it does not know', async () => {
    const { artifacts } = await logRun('sales');
    const [experiment = ''] = artifacts.split('/');
    const orphan = `${experiment}/${'0'.repeat(32)}`;
    for (const file of [`${orphan}/artifacts/a.txt`, `${experiment}/notes/mine.txt`, 'shared/data.csv']) {
      fs.mkdirSync(path.dirname(inStore(file)), { recursive: true });
      fs.writeFileSync(inStore(file), 'x');
    }
    const store = (file: string) => path.join(daemon.place.store, file);
    fs.mkdirSync(store('executions/0123456789ab'), { recursive: true });
    fs.mkdirSync(store('backups'), { recursive: true });
    fs.writeFileSync(store('backups/modelthat.db.partial'), 'x');
    for (let day = 1; day <= 3; day += 1) fs.mkdirSync(store(`backups/store-2026010${day}T000000000Z`));
    fs.writeFileSync(store('retention.json'), '{ "backups": 2 }');
    const done = await gc();
    assert.deepEqual(
      ids(done),
      [
        `backup ${store('backups/store-20260101T000000000Z')}`,
        `files ${orphan}`,
        `leftover ${store('backups/modelthat.db.partial')}`,
        `leftover ${store('executions/0123456789ab')}`,
      ].sort(),
    );
    assert.equal(fs.existsSync(inStore(orphan)), false);
    assert.ok(fs.existsSync(inStore(`${experiment}/notes/mine.txt`)));
    assert.ok(fs.existsSync(inStore('shared/data.csv')));
    assert.deepEqual(fs.readdirSync(store('backups')).length, 2);
    fs.writeFileSync(store('retention.json'), '{ "days": "many" }');
    await assert.rejects(gc(), /retention\.json is not understood: .*days/s);
  });

  it('asks in a terminal, and elsewhere deletes only when told --yes', async () => {
    const { runId } = await logRun('sales');
    await wire.post('runs/delete', { run_id: runId });
    const unasked = await modelthat(daemon.place, 'store', 'gc', '--older-than', '0m');
    assert.deepEqual([unasked.exitCode, /give --yes, or --dry-run/.test(unasked.stderr)], [2, true]);
    const dry = await modelthat(daemon.place, 'store', 'gc', '--older-than', '0m', '--dry-run');
    assert.match(dry.stdout, new RegExp(`1\\.2 kB +run .*${runId}`));
    assert.equal(rows('SELECT 1 FROM run').length, 1);
    const done = await modelthat(daemon.place, 'store', 'gc', '--older-than', '0m', '--yes', '--json');
    assert.equal((JSON.parse(done.stdout) as Garbage).removed, true);
    assert.equal(rows('SELECT 1 FROM run').length, 0);
    const du = await modelthat(daemon.place, 'store', 'du');
    assert.match(du.stdout, /^TOTAL +ARTIFACTS .*EXPERIMENT$/m);
    assert.match(du.stdout, /in all: /);
  });
});
