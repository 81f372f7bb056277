/** Events of OpenLineage, read by its own client, whose classes are generated from its published schema. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import { type OpenLineageEvent, sendOpenLineage } from '../../../daemon/contract/lineage.ts';
import type { Execution } from '../../../daemon/contract/pipelines.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { pipeline, writeProject } from '../../support/lineage.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { run, step } from '../../support/pipelines.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import { Receiver } from '../../support/receiver.ts';

const PYTHON = path.resolve(import.meta.dirname, '../../python');

describe('events of OpenLineage', () => {
  const receiver = new Receiver();
  let daemon: TestDaemon;
  let execution: Execution;
  let elsewhere: string;

  before(async function () {
    this.timeout(300_000);
    await receiver.listen();
    daemon = await startDaemon({ env: { MODELTHAT_WEBHOOKS_ALLOW: 'http,private' } });
    const { workspace } = daemon.place;
    writeProject(workspace, 'sales', ['1', '2', '3']);
    const git = (...args: string[]) =>
      execa('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args], { cwd: workspace });
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('remote', 'add', 'origin', 'git@example.org:team/sales.git');
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'first');
    execution = await run(daemon, pipeline('sales'));
    assert.equal(execution.exitCode, 0, JSON.stringify(execution));
    await run(daemon, [
      'name: broken',
      'steps: { fail: { run: python3 -c "raise SystemExit(1)", deps: [model.onnx] } }',
    ]);
    elsewhere = await logElsewhere();
  });
  /** A run of code that is no step, with a child. */
  async function logElsewhere(): Promise<string> {
    const mlflow = new MlflowWire(daemon);
    const start = async (tags: Record<string, string>) => {
      const { run: made } = await mlflow.post<{ run: { info: { run_id: string } } }>('runs/create', {
        ...{ experiment_id: '0', run_name: 'free', start_time: Date.now() },
        tags: Object.entries(tags).map(([key, value]) => ({ key, value })),
      });
      return made.info.run_id;
    };
    const run_id = await start({ 'mlflow.source.name': 'notebook.ipynb' });
    const dataset = { name: 'big', digest: 'abcdef12', source_type: 's3' };
    const source = JSON.stringify({ uri: 's3://bucket/raw/big.parquet' });
    await mlflow.post('runs/log-inputs', {
      run_id,
      datasets: [{ dataset: { ...dataset, source }, tags: [] }],
    });
    const child = await start({ 'mlflow.parentRunId': run_id });
    await mlflow.post('runs/log-inputs', {
      run_id: child,
      datasets: [{ dataset: { ...dataset, source: 'no address' }, tags: [] }],
    });
    await mlflow.post('runs/update', { run_id, status: 'KILLED', end_time: Date.now() });
    return run_id;
  }

  after(async () => {
    await daemon.dispose();
    await receiver.close();
  });

  async function exported(...args: string[]): Promise<OpenLineageEvent[]> {
    const file = path.join(daemon.place.workspace, 'events.jsonl');
    const { exitCode, stderr } = await modelthat(
      daemon.place,
      'lineage',
      'export',
      ...args,
      '--openlineage',
      file,
    );
    assert.equal(exitCode, 0, stderr);
    const lines = fs.readFileSync(file, 'utf8').trimEnd().split('\n');
    assert.match(stderr, new RegExp(`${lines.length} events written to`));
    return lines.map(line => JSON.parse(line) as OpenLineageEvent);
  }

  function only(events: readonly OpenLineageEvent[], job: string, type: OpenLineageEvent['eventType']) {
    const found = events.filter(({ job: { name }, eventType }) => name === job && eventType === type);
    assert.equal(found.length, 1, JSON.stringify(events.map(each => [each.eventType, each.job.name])));
    return found[0] as OpenLineageEvent;
  }

  it('are as its schema has them', async function () {
    this.timeout(300_000);
    const events = await exported();
    const python = await ensurePythonEnvironment(path.join(PYTHON, 'requirements-openlineage.txt'));
    const { stdout } = await execa(python, [path.join(PYTHON, 'openlineage_events.py')], {
      input: events.map(event => JSON.stringify(event)).join('\n'),
    });
    assert.equal(Number(stdout), events.length);
    assert.equal(
      events.length,
      9,
      'beginnings and ends of three steps and a run, and the beginning of its child',
    );
  });

  it('tell what a step read and made, of which code and with which parameters', async () => {
    const events = await exported();
    const { run: made, inputs, outputs, job } = only(events, 'sales.train', 'COMPLETE');
    const runId = step(execution, 'train').runId ?? '';
    assert.equal(made.runId.replaceAll('-', ''), runId);
    const named = (sets: OpenLineageEvent['inputs']) =>
      sets.map(({ name }) => path.basename(name)).toSorted();
    assert.deepEqual(named(inputs), ['features.csv', 'model.onnx']);
    assert.deepEqual(named(outputs), ['report.txt', 'sales']);
    const features = inputs.find(({ name }) => name.endsWith('features.csv'));
    assert.equal(features?.namespace, 'file');
    assert.deepEqual(features?.facets.schema?.fields, [
      { name: 'sales', type: 'long' },
      { name: 'promo', type: 'double' },
    ]);
    assert.match(String(features?.facets.version?.datasetVersion), /^[0-9a-f]{64}$/);
    assert.deepEqual(
      [features?.inputFacets?.inputStatistics?.rowCount, features?.inputFacets?.inputStatistics?.size],
      [3, 12],
    );
    const { version } = outputs.find(({ name }) => name === 'models/sales')?.facets ?? {};
    assert.equal(version?.datasetVersion, '1');
    const { url, version: commit, branch } = (job.facets.sourceCodeLocation ?? {}) as Record<string, unknown>;
    assert.deepEqual([url, branch], ['ssh://git@example.org/team/sales.git', 'main']);
    assert.equal(commit, execution.code?.commit);
    assert.deepEqual(made.facets.executionParameters?.parameters, [{ key: 'rate', value: '0.5' }]);
    const { run: parent, job: parentJob } = made.facets.parent as unknown as Pick<
      OpenLineageEvent,
      'run' | 'job'
    >;
    assert.deepEqual([parent.runId.replaceAll('-', ''), parentJob.name], [execution.runId, 'sales']);
    // What it read is what the step before it made.
    const before = only(events, 'sales.prepare', 'COMPLETE');
    assert.deepEqual(
      before.outputs.map(({ name }) => name),
      [features?.name],
    );
    only(events, 'broken.fail', 'FAIL');
  });

  it('tell of runs of code that is no step, with data that is elsewhere', async () => {
    const events = await exported();
    const { run: made, inputs } = only(events, 'notebook.ipynb', 'ABORT');
    assert.equal(made.runId.replaceAll('-', ''), elsewhere);
    assert.deepEqual(
      inputs.map(({ namespace, name, facets }) => [namespace, name, facets.version?.datasetVersion]),
      [['s3://bucket', 'raw/big.parquet', 'abcdef12']],
    );
    const child = only(events, 'free', 'START');
    const { run: parent, job } = child.run.facets.parent as unknown as Pick<OpenLineageEvent, 'run' | 'job'>;
    assert.deepEqual([parent.runId, job.name], [made.runId, 'notebook.ipynb']);
  });

  it('can be those of one node, and are the same each time', async () => {
    const ofModel = await exported('sales/1');
    assert.deepEqual([...new Set(ofModel.map(({ job }) => job.name))].toSorted(), [
      'sales.prepare',
      'sales.train',
    ]);
    assert.deepEqual(await exported('sales/1'), ofModel);
    const standard = await modelthat(daemon.place, 'lineage', 'export', 'sales/1', '--openlineage', '-');
    assert.equal(standard.stdout.trimEnd().split('\n').length, ofModel.length);
  });

  it('are sent to a receiver, one after the other, with its key', async () => {
    const sent = await daemon.client.call(sendOpenLineage, {
      body: { node: 'model:sales/1', url: receiver.url, apiKey: 'secret-key' },
    });
    assert.equal(sent.sent, 4);
    const payloads = await receiver.payloads('/api/v1/lineage', 4);
    assert.deepEqual(payloads, await exported('sales/1'));
    assert.equal(receiver.deliveries[0]?.headers.authorization, 'Bearer secret-key');
  });

  it('stop where the receiver takes none, and follow no redirect', async () => {
    receiver.answers.set('/full', { status: 507 });
    receiver.answers.set('/away', { status: 302, headers: { location: `${receiver.url}/elsewhere` } });
    const full = await modelthat(daemon.place, 'lineage', 'export', '--openlineage', `${receiver.url}/full`);
    assert.equal(full.exitCode, 1);
    assert.match(full.stderr, /0 of 9 events were sent; then: 127\.0\.0\.1:\d+ answered 507: seen/);
    const away = await modelthat(daemon.place, 'lineage', 'export', '--openlineage', `${receiver.url}/away`);
    assert.match(away.stderr, /redirect \(302\), which is not followed/);
    assert.equal(
      receiver.deliveries.some(({ url }) => url === '/elsewhere'),
      false,
    );
  });

  it('reach nothing inside unless the owner allows it, and need the owner', async () => {
    const strict = await startDaemon();
    try {
      writeProject(strict.place.workspace, 'sales', ['1']);
      await run(strict, pipeline('sales'));
      const body = { url: `${receiver.url.replace('http:', 'https:')}/inside` };
      await assert.rejects(strict.client.call(sendOpenLineage, { body }), /non-public IP address/);
      await assert.rejects(
        strict.client.call(sendOpenLineage, { body: { url: 'http://example.org/' } }),
        /scheme: 'http'/,
      );
      await assert.rejects(strict.trackingClient.call(sendOpenLineage, { body }), /owner|permission/i);
    } finally {
      await strict.dispose();
    }
  });
});
