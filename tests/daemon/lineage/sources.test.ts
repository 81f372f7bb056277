/** Where lineage is read from, besides plain steps: stages of DVC, folders, gates, and runs of code that is no step. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  type Affected,
  getAffected,
  getLineage,
  type LineageGraph,
} from '../../../daemon/contract/lineage.ts';
import { type Execution, startExecution } from '../../../daemon/contract/pipelines.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { writeProject } from '../../support/lineage.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { ended, run, step, write } from '../../support/pipelines.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

describe('what lineage is read from', () => {
  let daemon: TestDaemon;
  let mlflow: MlflowWire;

  before(async () => {
    daemon = await startDaemon();
    mlflow = new MlflowWire(daemon);
  });
  after(() => daemon.dispose());

  const graph = (node: string, direction?: 'upstream' | 'downstream'): Promise<LineageGraph> =>
    daemon.client.call(getLineage, { query: { node, ...(direction && { direction }) } });
  const affected = (what: string): Promise<Affected> => daemon.client.call(getAffected, { query: { what } });
  const edges = (found: LineageGraph) =>
    found.edges.map(({ from, to, relation }) => `${from} ${relation} ${to}`);
  async function startRun(tags: Record<string, string> = {}): Promise<{ id: string; artifacts: string }> {
    const { run: made } = await mlflow.post<{ run: { info: { run_id: string; artifact_uri: string } } }>(
      'runs/create',
      {
        experiment_id: '0',
        start_time: Date.now(),
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      },
    );
    return { id: made.info.run_id, artifacts: made.info.artifact_uri };
  }

  const logInput = (run_id: string, digest: string, source: string) =>
    mlflow.post('runs/log-inputs', {
      run_id,
      datasets: [{ dataset: { name: 'frame', digest, source_type: 'local', source }, tags: [] }],
    });

  async function register(name: string, { id, artifacts }: { id: string; artifacts: string }): Promise<void> {
    await mlflow.upload(`${artifacts.replace('mlflow-artifacts:/', '')}/model/MLmodel`, 'flavors: {}\n');
    await mlflow.post('registered-models/create', { name });
    await mlflow.post('model-versions/create', { name, source: `runs:/${id}/model`, run_id: id });
  }

  it('names versions of data as DVC does, also across folders', async () => {
    const { workspace } = daemon.place;
    mkdirSync(path.join(workspace, '.dvc'));
    writeProject(path.join(workspace, 'forecast'), 'unused', ['1', '2']);
    write(daemon, 'shared/raw.csv', '7', '8');
    write(daemon, 'forecast/copy.py', 'import shutil; shutil.copy("../shared/raw.csv", "data/features.csv")');
    const file = write(
      daemon,
      'forecast/dvc.yaml',
      'stages:',
      '  prepare: { cmd: python3 copy.py, deps: [../shared/raw.csv], outs: [data/features.csv] }',
      '  train:',
      '    cmd: python3 train.py',
      '    deps: [data/features.csv, model.onnx]',
      '    outs: [report.txt]',
      '    meta: { model: { register: stages } }',
    );
    const { id } = await daemon.client.call(startExecution, { body: { file } });
    const execution: Execution = await ended(daemon, id);
    assert.equal(execution.exitCode, 0, JSON.stringify(execution));
    const raw = `data:shared/raw.csv@${md5('7\n8\n')}`;
    const found = await graph('model:stages/1', 'upstream');
    for (const expected of [
      `${raw} read by step:${id}/prepare`,
      `step:${id}/prepare made data:forecast/data/features.csv@${md5('7\n8\n')}`,
      `run:${step(execution, 'train').runId} registered as model:stages/1`,
    ])
      assert.ok(edges(found).includes(expected), `${expected} in\n${edges(found).join('\n')}`);
    const [data] = found.nodes.filter(node => node.id === raw);
    assert.deepEqual(data?.kind === 'data' && [data.dvc, data.path], [md5('7\n8\n'), 'shared/raw.csv']);
    assert.deepEqual(
      (await affected('shared')).versions.map(({ name }) => name),
      ['stages'],
    );
  });

  it('follows a file into the folder that a step made, and out of it', async () => {
    write(
      daemon,
      'split.py',
      'import os',
      'os.makedirs("parts", exist_ok=True)',
      'for name in "ab": open(f"parts/{name}.csv", "w").write(name)',
    );
    write(daemon, 'count.py', 'open("count.txt", "w").write("1")');
    const execution = await run(daemon, [
      'name: folders',
      'steps:',
      '  split: { run: python3 split.py, deps: [shared/raw.csv], outs: [parts] }',
      '  count: { run: python3 count.py, deps: [parts/a.csv], outs: [count.txt] }',
    ]);
    assert.equal(execution.exitCode, 0, JSON.stringify(execution));
    const part = `data:parts/a.csv@${createHash('sha256').update('a').digest('hex')}`;
    const up = edges(await graph(`step:${execution.id}/count`, 'upstream'));
    assert.ok(up.includes(`step:${execution.id}/split made ${part}`), up.join('\n'));
    const down = edges(await graph('data:shared/raw.csv', 'downstream'));
    assert.ok(down.includes(`${part} read by step:${execution.id}/count`), down.join('\n'));
    // Nobody read this one alone.
    const other = await graph('data:parts/b.csv', 'upstream');
    assert.match(other.start, /^data:parts@/);
    assert.deepEqual(other.remarks, [
      'parts/b.csv was read or made with all of parts, so that this is about the folder.',
    ]);
  });

  it('tells versions that were judged by data from those that were made of it', async () => {
    writeProject(daemon.place.workspace, 'judged', ['1', '2']);
    write(daemon, 'holdout.csv', '5');
    write(daemon, 'score.py', 'open("score.json", "w").write(\'{"score": 0.5}\')');
    const execution = await run(daemon, [
      'name: judged',
      'steps:',
      '  prepare: { run: python3 prepare.py, deps: [data/raw/sales.csv], outs: [data/features.csv] }',
      '  train: { run: python3 train.py, deps: [data/features.csv, model.onnx], model: { register: judged } }',
      '  evaluate:',
      '    run: python3 score.py',
      '    after: [train]',
      '    deps: [holdout.csv]',
      '    metrics: [score.json]',
      '    gates: [score < 1]',
      '    promote: { model: judged, to: Staging }',
    ]);
    assert.equal(execution.exitCode, 0, JSON.stringify(execution));
    const judge = step(execution, 'evaluate').runId;
    const found = await affected('holdout.csv');
    assert.deepEqual(
      found.versions.map(({ name, version, stage, by }) => [name, version, stage, by]),
      [['judged', 1, 'Staging', 'judged by it']],
    );
    assert.deepEqual(found.versions[0]?.way.slice(1), [
      `step:${execution.id}/evaluate`,
      `run:${judge}`,
      'model:judged/1',
    ]);
    assert.deepEqual(
      found.deployments.map(({ id }) => id),
      ['deployment:judged/Staging'],
    );
    assert.deepEqual(
      (await affected('data/raw/sales.csv')).versions.map(({ name, by }) => [name, by]),
      [['judged', 'made from it']],
    );
    const down = edges(await graph('model:judged/1', 'downstream'));
    assert.ok(down.includes(`model:judged/1 judged in run:${judge}`), down.join('\n'));
  });

  it('takes what runs of other code logged: data, parents, models that they used, commits', async () => {
    const parent = await startRun({
      'mlflow.source.name': 'notebook.ipynb',
      'mlflow.source.git.commit': 'c0ffee',
    });
    const child = await startRun({ 'mlflow.parentRunId': parent.id });
    const file = path.join(daemon.place.workspace, 'frame.csv');
    writeFileSync(file, 'x\n1\n');
    await logInput(parent.id, 'abcdef12', JSON.stringify({ uri: file }));
    await logInput(parent.id, '99999999', JSON.stringify({ uri: 's3://bucket/big.parquet' }));
    await register('free', child);
    const found = await graph('model:free/1', 'upstream');
    assert.deepEqual(
      edges(found).toSorted(),
      [
        `data:frame.csv@abcdef12 read by run:${parent.id}`,
        `data:s3://bucket/big.parquet@99999999 read by run:${parent.id}`,
        `run:${child.id} registered as model:free/1`,
        `run:${parent.id} has child run:${child.id}`,
      ].toSorted(),
    );
    const made = found.nodes.find(({ id }) => id === `run:${parent.id}`);
    assert.deepEqual(made?.kind === 'run' && [made.commit, made.source], ['c0ffee', 'notebook.ipynb']);
    const far = found.nodes.find(({ id }) => id.startsWith('data:s3'));
    assert.equal(far?.kind === 'data' && far.file, null);
    assert.deepEqual(
      (await affected('s3://bucket/big.parquet')).versions.map(({ name }) => name),
      ['free'],
    );
    assert.equal((await affected('frame.csv')).versions.length, 1);
    const said = await modelthat(daemon.place, 'affected', 's3://bucket/big.parquet');
    assert.match(said.stdout, /free +1 +None +made from it/);
    await logInput(parent.id, '77777777', JSON.stringify({ uri: 'odd@features.csv' }));
    assert.equal((await graph('data:odd@features.csv')).start, 'data:odd@features.csv@77777777');

    const { model } = await mlflow.post<{ model: { info: { model_id: string } } }>('logged-models', {
      experiment_id: '0',
      name: 'net',
      source_run_id: child.id,
    });
    const user = await startRun();
    await mlflow.post('runs/log-inputs', {
      run_id: user.id,
      models: [{ model_id: model.info.model_id }],
    });
    const used = edges(await graph(`run:${child.id}`, 'downstream'));
    assert.ok(used.includes(`run:${child.id} used by run:${user.id}`), used.join('\n'));
    const uses = edges(await graph(`run:${user.id}`, 'upstream'));
    assert.ok(uses.includes(`run:${child.id} used by run:${user.id}`), uses.join('\n'));
  });

  it('knows runs that are gone by their names only', async () => {
    const made = await startRun();
    await register('lasting', made);
    await daemon.client.fetch(`/api/v1/runs/${made.id}`, { method: 'DELETE' });
    const { nodes } = await graph('model:lasting/1');
    assert.deepEqual(nodes.map(({ id }) => id).toSorted(), ['model:lasting/1', `run:${made.id}`]);
  });
});
