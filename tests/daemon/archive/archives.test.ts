/** Archives of ours: what goes into one store comes out of the other, whole or not at all. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { unpackArchive } from '../../../daemon/archive/pack/unpack.ts';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import type { Archive, ExportOf } from '../../../daemon/contract/archives.ts';
import { getImport, type Import, startImport } from '../../../daemon/contract/imports.ts';
import { getModel } from '../../../daemon/contract/models.ts';
import { getExecution } from '../../../daemon/contract/pipelines.ts';
import { startReproduction } from '../../../daemon/contract/reproductions.ts';
import { getRun, listExperiments, type Run, searchRuns } from '../../../daemon/contract/runs.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { temporaryFolder } from '../../support/database.ts';
import { badArchives } from '../../support/hostile-archives.ts';
import { importStore } from '../../support/importing.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { run, step, write } from '../../support/pipelines.ts';
import { mountSmall } from '../../support/small-disk.ts';

const LOG = [
  'import json, os, sys, urllib.request',
  'base, token = os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_TRACKING_PASSWORD"]',
  'def call(method, path, body, kind="application/json"):',
  '    headers = {"content-type": kind, "authorization": "Bearer " + token}',
  '    return urllib.request.urlopen(urllib.request.Request(base + path, body, headers, method=method)).read()',
  'def post(path, body): return json.loads(call("POST", "/api/2.0/mlflow/" + path, json.dumps(body).encode()))',
  'run = post("runs/create", {})["run"]["info"]',
  'points = [{"key": "loss", "value": 1 / (at + 1), "timestamp": at, "step": at} for at in range(900)]',
  'points.append({"key": "odd", "value": "NaN", "timestamp": 1, "step": 0})',
  'tags = [{"key": "note", "value": "line\\n\\u00e9"}]',
  'post("runs/log-batch", {"run_id": run["run_id"], "metrics": points, "tags": tags, "params": [{"key": "lr", "value": "0.1"}]})',
  'place = run["artifact_uri"].split(":", 1)[1].lstrip("/")',
  'for name, text in [("model/MLmodel", "flavors: {}\\n"), ("model/weights.bin", "w" * 5000), ("odd name.txt", "x")]:',
  '    path = f"/api/2.0/mlflow-artifacts/artifacts/{place}/{name}".replace(" ", "%20")',
  '    call("PUT", path, text.encode(), "application/octet-stream")',
];

interface LoggedModel {
  readonly info: { readonly model_id: string };
  readonly data: { readonly params: unknown; readonly metrics?: readonly { readonly value: number }[] };
}

/** @returns the id of a run in an experiment */
async function startRun(
  mlflow: MlflowWire,
  experimentId: string,
  tags: Readonly<Record<string, string>>,
): Promise<string> {
  const { run } = await mlflow.post<{ run: { info: { run_id: string } } }>('runs/create', {
    experiment_id: experimentId,
    tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
  });
  return run.info.run_id;
}

describe('archives', () => {
  let from: TestDaemon;
  let to: TestDaemon;
  let logged: Run;
  let executionId: string;
  let made = 0;

  before(async () => {
    from = await startDaemon();
    to = await startDaemon();
    write(from, 'log.py', ...LOG);
    const execution = await run(from, [
      'name: sales',
      'steps:',
      '  train: { run: python3 log.py, model: { register: sales } }',
      '  release: { after: [train], promote: { model: sales, to: Staging } }',
    ]);
    assert.equal(execution.status, 'succeeded', JSON.stringify(execution));
    executionId = execution.id;
    const runId = step(execution, 'train').runId ?? '';
    logged = await from.client.call(getRun, { params: { runId } });
  });
  after(async () => {
    await to.dispose();
    await from.dispose();
  });

  const file = (name: string) => path.join(from.place.workspace, name);

  async function pack(of: ExportOf): Promise<Archive> {
    made += 1;
    const task = { kind: 'export' as const, of, path: file(`packed-${made}.zip`) };
    return (await runStoreTask(from.client, task, () => {})).archive;
  }

  const known = ({ experimentId: _experiment, artifactUri: _uri, ...run }: Run) => run;

  async function artifact({ client }: TestDaemon, { artifactUri }: Run, name: string): Promise<string> {
    const place = artifactUri.replace(/^mlflow-artifacts:\/*/, '');
    return (await client.fetch(`/api/2.0/mlflow-artifacts/artifacts/${place}/${encodeURI(name)}`)).text();
  }

  it('bring a model with its versions, and what led to them, into another store', async () => {
    const archive = await pack({ model: 'sales' });
    assert.deepEqual([archive.runs, archive.models, archive.executions, archive.files], [2, 1, 1, 3]);
    const first = await importStore(to, archive.path);
    assert.deepEqual([first.state, first.problems, first.kind], ['finished', [], 'archive'], first.message);
    assert.deepEqual([first.counts.runs.made, first.counts.points, first.counts.files.made], [2, 901, 3]);

    const copy = await to.client.call(getRun, { params: { runId: logged.id } });
    assert.deepEqual({ ...known(copy), lastWriteAt: 0 }, { ...known(logged), lastWriteAt: 0 });
    assert.equal(await artifact(to, copy, 'model/weights.bin'), 'w'.repeat(5000));
    assert.equal(await artifact(to, copy, 'odd name.txt'), 'x');
    const [version] = (await to.client.call(getModel, { params: { name: 'sales' } })).versions;
    assert.deepEqual([version?.version, version?.stage, version?.runId], [1, 'Staging', logged.id]);
    assert.equal(version?.source, `${copy.artifactUri}/model`);
    const execution = await to.client.call(getExecution, { params: { executionId } });
    assert.deepEqual([execution.pipeline, execution.status], ['sales', 'succeeded']);
    await assert.rejects(
      to.client.call(startReproduction, { body: { of: { model: 'sales', version: 1 } } }),
      /sales #1 was imported: whose commands it ran is not known here/,
    );

    const again = await importStore(to, archive.path);
    const { runs, versions, files, points, executions } = again.counts;
    assert.deepEqual(
      [runs, versions, files, executions].map(({ same }) => same),
      [2, 1, 3, 1],
    );
    assert.deepEqual([points, runs.made + runs.changed + versions.made + files.made], [0, 0]);
  });

  it('hold a run alone, or all of a store, by the command line', async () => {
    const target = file('by-hand.zip');
    const exported = await modelthat(from.place, 'export', 'run', logged.id, '--out', target);
    assert.equal(exported.exitCode, 0, exported.stderr);
    assert.match(exported.stdout, /^Exported to .*by-hand\.zip: 1 runs, 0 registered models, 3 artifacts/);
    const twice = await modelthat(from.place, 'export', 'run', logged.id, '--out', target);
    assert.deepEqual([twice.exitCode, /There is something at/.test(twice.stderr)], [1, true]);
    const imported = await modelthat(to.place, 'import', target, '--experiment-prefix', 'copied/');
    assert.equal(imported.exitCode, 0, imported.stderr);
    const { items } = await to.client.call(listExperiments, { query: {} });
    assert.ok(items.some(({ name }) => name === 'copied/sales'));
    const whole = await pack({ store: true });
    assert.deepEqual([whole.runs, whole.models], [2, 1]);
    const counted = await importStore(to, whole.path, { dryRun: true });
    assert.deepEqual([counted.counts.runs.same, counted.counts.runs.made], [2, 0]);
  });

  it('bring runs below a run, a logged model with its metrics, and evaluations', async () => {
    const mlflow = new MlflowWire(from);
    const { runId, experimentId } = await mlflow.startRun('family');
    const child = await startRun(mlflow, experimentId, { 'mlflow.parentRunId': runId });
    const { model } = await mlflow.post<{ model: { info: { model_id: string; artifact_uri: string } } }>(
      'logged-models',
      { experiment_id: experimentId, source_run_id: child, params: [{ key: 'depth', value: '3' }] },
    );
    const { model_id, artifact_uri } = model.info;
    await mlflow.upload(`${artifact_uri.replace('mlflow-artifacts:/', '')}/MLmodel`, 'flavors: {}\n');
    const metric = { run_id: child, key: 'rmse', value: 0.5, timestamp: 9, step: 2, model_id };
    await mlflow.post('runs/log-metric', metric);
    await mlflow.post('registered-models/create', { name: 'family' });
    await mlflow.post('model-versions/create', {
      name: 'family',
      source: artifact_uri,
      run_id: child,
      model_id,
    });
    await mlflow.post('registered-models/alias', { name: 'family', alias: 'champion', version: '1' });
    const evaluation = await startRun(mlflow, experimentId, { 'modelthat.evaluation.model': 'family' });

    const archive = await pack({ model: 'family' });
    assert.deepEqual([archive.runs, archive.loggedModels, archive.models], [3, 1, 1]);
    for (const points of [1, 0]) {
      const ended = await importStore(to, archive.path);
      assert.deepEqual([ended.problems, ended.counts.points], [[], points], ended.message);
    }
    const there = new MlflowWire(to);
    assert.equal((await to.client.call(getRun, { params: { runId: child } })).parentId, runId);
    assert.equal((await to.client.call(getRun, { params: { runId: evaluation } })).id, evaluation);
    const { models } = await there.post<{ models: LoggedModel[] }>('logged-models/search', {
      experiment_ids: [(await to.client.call(getRun, { params: { runId: child } })).experimentId],
    });
    assert.deepEqual(
      models.map(({ info, data }) => [info.model_id, data.params, data.metrics?.[0]?.value]),
      [[model_id, [{ key: 'depth', value: '3' }], 0.5]],
    );
    const { versions } = await to.client.call(getModel, { params: { name: 'family' } });
    assert.deepEqual(
      versions.map(({ version, aliases, runId: of }) => [version, aliases, of]),
      [[1, ['champion'], child]],
    );
  });

  it('of a run that is being written to hold what it had at one time', async () => {
    const mlflow = new MlflowWire(from);
    const { runId } = await mlflow.startRun('busy');
    const logging = new AbortController();
    let step = 0;
    const logged = (async () => {
      while (!logging.signal.aborted) {
        const at = { timestamp: step, step };
        const metrics = [
          { key: 'a', value: step, ...at },
          { key: 'b', value: -step, ...at },
        ];
        await mlflow.post('runs/log-batch', { run_id: runId, metrics });
        step += 1;
      }
    })();
    try {
      const archives = [await pack({ run: runId }), await pack({ run: runId }), await pack({ run: runId })];
      for (const { path: archive } of archives) {
        const ended = await importStore(to, archive);
        assert.deepEqual([ended.state, ended.problems], ['finished', []], ended.message);
        const { metrics } = await to.client.call(getRun, { params: { runId } });
        for (const { count, last, step: lastStep } of Object.values(metrics))
          assert.deepEqual([count, Math.abs(Number(last))], [(lastStep ?? 0) + 1, lastStep]);
      }
    } finally {
      logging.abort();
      await logged;
    }
  });

  it('leave nothing when they are not wanted any more', async () => {
    const mlflow = new MlflowWire(from);
    const { runId, artifacts } = await mlflow.startRun('large');
    await mlflow.upload(`${artifacts}/noise.dat`, randomBytes(64 * 2 ** 20));
    const stop = new AbortController();
    const task = { kind: 'export' as const, of: { run: runId }, path: file('unwanted.zip') };
    await assert.rejects(
      runStoreTask(from.client, task, () => stop.abort(), stop.signal),
      /ended before it was done/,
    );
    assert.deepEqual(
      fs.readdirSync(from.place.workspace).filter(name => name.startsWith('unwanted')),
      [],
    );
  });

  it('name the file that is damaged, wherever the damage is', async () => {
    const { path: sound } = await pack({ model: 'sales' });
    const bytes = fs.readFileSync(sound);
    const bad = file('damaged.zip');
    const name = `artifacts/runs/${logged.id}/model/weights.bin`;
    // In the content, which is packed and follows the name in the file's own header.
    bytes.writeUInt8(
      (bytes[bytes.indexOf(name) + name.length + 4] ?? 0) ^ 0x10,
      bytes.indexOf(name) + name.length + 4,
    );
    fs.writeFileSync(bad, bytes);
    const { stdout, exitCode } = await modelthat(to.place, 'import', bad, '--json');
    const { state, message } = JSON.parse(stdout) as { state: string; message: string };
    assert.deepEqual([exitCode, state, message.includes(name)], [1, 'failed', true], message);
  });

  it('may be larger than is taken unasked', async () => {
    const { path: archive } = await pack({ model: 'sales' });
    const refused = await importStore(to, archive, { maxFiles: 3 });
    assert.match(refused.message, /has \d+ files, more than 3 \(--max-files takes more\)/);
    const large = await importStore(to, archive, { maxBytes: 1000 });
    assert.match(large.message, /--max-bytes takes more/);
  });

  it('are made without what is damaged in the store, which is named', async () => {
    const mlflow = new MlflowWire(from);
    const { runId, artifacts } = await mlflow.startRun('damaged');
    await mlflow.upload(`${artifacts}/good.txt`, 'good');
    await mlflow.upload(`${artifacts}/bad.txt`, 'good');
    fs.writeFileSync(path.join(from.place.store, 'artifacts', artifacts, 'bad.txt'), 'evil');
    const target = file('without-damage.zip');
    const { stdout, exitCode } = await modelthat(
      from.place,
      'export',
      'run',
      runId,
      '--out',
      target,
      '--json',
    );
    const { damaged, files } = JSON.parse(stdout) as Archive;
    assert.deepEqual([exitCode, damaged, files], [1, [`${artifacts}/bad.txt`], 1]);
    assert.deepEqual((await importStore(to, target)).problems, []);
  });

  it('say what is not there, and leave nothing of an export that failed', async () => {
    await assert.rejects(pack({ run: 'f'.repeat(32) }), /not found/);
    await assert.rejects(pack({ model: 'nothing' }), /nothing/);
    assert.deepEqual(
      fs.readdirSync(from.place.workspace).filter(name => name.includes('partial')),
      [],
    );
  });

  it('are rid of what a killed export of their name left, and leave one alone that is being written', async () => {
    const [killed, written, other] = ['packed-again.zip', 'packed-again.zip', 'others.zip'].map(
      (name, number) => file(`${name}.partial-0000000${number}`),
    ) as [string, string, string];
    for (const partial of [killed, written, other]) fs.writeFileSync(partial, 'PK');
    const hourAgo = new Date(Date.now() - 3_600_000);
    for (const partial of [killed, other]) fs.utimesSync(partial, hourAgo, hourAgo);
    const of = { model: 'sales' } as const;
    await runStoreTask(from.client, { kind: 'export', of, path: file('packed-again.zip') }, () => {});
    assert.deepEqual([killed, written, other].map(fs.existsSync), [false, true, true]);
    for (const partial of [written, other]) fs.rmSync(partial);
  });

  it('that find no room are told apart from damaged ones', async function () {
    const archive = await pack({ store: true });
    const folder = temporaryFolder();
    const unmountable = mountSmall(folder.path, '8k');
    if (unmountable) {
      console.log(`skipped: ${unmountable}`);
      folder.remove();
      this.skip();
    }
    const { signal } = new AbortController();
    const limits = { bytes: 1e9, files: 1000 };
    try {
      await assert.rejects(
        unpackArchive(archive.path, path.join(folder.path, 'unpacked'), { limits, signal }),
        {
          code: 'INSUFFICIENT_STORAGE',
          message: /no room to unpack the archive: .* Free some space/,
        },
      );
    } finally {
      spawnSync('umount', [folder.path]);
      folder.remove();
    }
  });

  it('are gone on with where an import was cut off', async () => {
    const archive = await pack({ store: true });
    const place = await startDaemon();
    try {
      const { id } = await place.client.call(startImport, { body: { path: archive.path } });
      const params = { importId: id };
      let now: Import;
      do now = await place.client.call(getImport, { params });
      while (now.state === 'running' && now.progress.runs === 0);
      await place.kill();
      const next = await startDaemon({ place: place.place });
      try {
        const { items: before } = await next.client.call(searchRuns, { body: { view: 'all' } });
        for (const { id, metrics } of before)
          if (id === logged.id) assert.equal(metrics.loss?.count, 900, 'a run is here whole or not at all');
        const ended = await importStore(next, archive.path);
        assert.deepEqual([ended.state, ended.problems], ['finished', []], ended.message);
        const copy = await next.client.call(getRun, { params: { runId: logged.id } });
        assert.equal(copy.metrics.loss?.count, 900);
        assert.equal(await artifact(next, copy, 'model/weights.bin'), 'w'.repeat(5000));
        const { items } = await next.client.call(searchRuns, { body: { view: 'all' } });
        assert.equal(items.length, archive.runs);
      } finally {
        await next.stop();
      }
    } finally {
      place.place.remove();
    }
  });

  it('that are bad are refused whole, and nothing of them is left', async () => {
    const outside = file('outside');
    fs.mkdirSync(outside);
    const before = (await to.client.call(searchRuns, { body: { view: 'all' } })).items.length;
    for (const [name, bytes] of Object.entries(badArchives(outside))) {
      const bad = file('bad.zip');
      fs.writeFileSync(bad, bytes());
      const ended = await importStore(to, bad).catch((error: Error) => ({
        state: 'failed',
        message: error.message,
      }));
      assert.equal(ended.state, 'failed', `${name} is refused`);
      assert.match(ended.message, /^The archive is refused: |is not a store that can be imported/, name);
      assert.ok(!fs.existsSync(path.join(to.place.state, 'import')), `${name} leaves nothing`);
    }
    assert.deepEqual(fs.readdirSync(outside), []);
    const { items } = await to.client.call(searchRuns, { body: { view: 'all' } });
    assert.deepEqual([items.length, items.some(each => each.name === 'planted')], [before, false]);
  });
});
