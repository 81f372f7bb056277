// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ApiError } from '../../../daemon/contract/errors.ts';
import { endDebugging, listExecutions, prepareDebugging } from '../../../daemon/contract/pipelines.ts';
import { listExperiments, searchRuns } from '../../../daemon/contract/runs.ts';
import { setSecret } from '../../../daemon/contract/secrets.ts';
import { debugConfiguration } from '../../../extension/editor/debug-configuration.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { DebugAdapter } from '../../support/debug-adapter.ts';
import { write } from '../../support/pipelines.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

/** Creates a run as an MLflow client does. */
const CLIENT = `
import base64, json, os, urllib.request
user = os.environ["MLFLOW_TRACKING_USERNAME"] + ":" + os.environ["MLFLOW_TRACKING_PASSWORD"]
request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/experiments/create",
  b'{"name": "made by a step"}', {"Content-Type": "application/json",
  "Authorization": "Basic " + base64.b64encode(user.encode()).decode()})
print(json.load(urllib.request.urlopen(request)))
`;

/** Logs a run as an MLflow client does, and ends it. */
const FITTING = `
import base64, json, os, sys, urllib.request
rate = float(sys.argv[1])
user = os.environ["MLFLOW_TRACKING_USERNAME"] + ":" + os.environ["MLFLOW_TRACKING_PASSWORD"]
headers = {"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(user.encode()).decode()}
def call(route, **body):
    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + route
    return json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)))
def log(rate):
    experiment = call("experiments/create", name=os.environ["MLFLOW_EXPERIMENT_NAME"])["experiment_id"]
    run_id = call("runs/create", experiment_id=experiment, start_time=1)["run"]["info"]["run_id"]
    call("runs/log-metric", run_id=run_id, key="rate", value=rate, timestamp=1)
    call("runs/update", run_id=run_id, status="FINISHED", end_time=2)
log(rate)
`;

const root = path.resolve(import.meta.dirname, '../../..');

describe('what starts a step under a debugger', () => {
  let daemon: TestDaemon;
  let file: string;

  before(async () => {
    daemon = await startDaemon();
    write(daemon, 'code/train.py', CLIENT);
    file = write(
      daemon,
      'modelthat.yaml',
      'name: shop',
      'params: { lr: 0.1, other: 1 }',
      'steps:',
      '  train:',
      '    run: [echo first, "python3 train.py ${lr}"]',
      '    cwd: code',
      '    env: { SEED: "7" }',
      '    params: [lr]',
      '  approve: { after: [train], approval: Production }',
    );
  });
  after(() => daemon.dispose());

  const prepare = (step: string, set: Record<string, string> = {}) =>
    daemon.client.call(prepareDebugging, { body: { file, step, set } });

  it('is its commands, folder, variables and parameters, and nothing is run', async () => {
    const { commands, cwd, env } = await prepare('train', { lr: '0.5' });
    assert.equal(cwd, path.join(daemon.place.workspace, 'code'));
    const [program = '', ...args] = commands[1] ?? [];
    assert.ok(path.isAbsolute(program) && existsSync(program), program);
    assert.deepEqual(args, ['train.py', '0.5']);
    assert.equal(env.SEED, '7');
    assert.equal(env.MLFLOW_EXPERIMENT_NAME, 'shop');
    assert.deepEqual(JSON.parse(readFileSync(env.MODELTHAT_PARAMS ?? '', 'utf8')), { lr: 0.5 });
    assert.deepEqual((await daemon.client.call(listExecutions, { query: {} })).items, []);
  });

  it('has a token of its own, which logs, and is worth nothing once the session has ended', async () => {
    const { id, commands, cwd, env } = await prepare('train');
    assert.ok(!Object.values(env).includes(daemon.secrets.owner));
    const [program = '', ...args] = commands[1] ?? [];
    const first = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
    assert.equal(first.status, 0, first.stderr);
    const { items } = await daemon.client.call(listExperiments, { query: {} });
    assert.ok(items.some(({ name }) => name === 'made by a step'));
    await daemon.client.call(endDebugging, { params: { debugId: id }, body: {} });
    assert.match(spawnSync(program, args, { cwd, env, encoding: 'utf8' }).stderr, /401/);
    assert.ok(!existsSync(env.MODELTHAT_PARAMS ?? ''));
    await daemon.client.call(endDebugging, { params: { debugId: id }, body: {} });
  });

  it('is given to the owner alone', async () => {
    const asked = daemon.trackingClient.call(prepareDebugging, { body: { file, step: 'train' } });
    await assert.rejects(asked, (error: ApiError) => error.code === 'PERMISSION_DENIED');
  });

  it('is refused for a step that runs no command, or that is not there', async () => {
    await assert.rejects(prepare('approve'), /“approve” runs no command/);
    await assert.rejects(prepare('trian'), /no step “trian”.*train/);
  });

  it('is in the hands of a real debugger: stops at a breakpoint, and what it logs is recorded', async function () {
    this.timeout(600_000);
    const debugging = path.join(root, 'tests/python/requirements-notebook.txt');
    const python = await ensurePythonEnvironment(debugging);
    write(daemon, 'code/fit.py', FITTING);
    const fitting = write(
      daemon,
      'fit/modelthat.yaml',
      'name: fitting',
      'params: { lr: 0.25 }',
      'steps: { fit: { run: "python3 fit.py ${lr}", cwd: ../code, secrets: [API_KEY] } }',
    );
    const body = { file: fitting, step: 'fit', python };
    await assert.rejects(
      daemon.client.call(prepareDebugging, { body }),
      /“fit” cannot be debugged: it needs the secret API_KEY, which is not set \(modelthat secrets set API_KEY\)/,
    );
    await daemon.client.call(setSecret, { params: { name: 'API_KEY' }, body: { value: 'open sesame' } });
    const { id, commands, cwd, env } = await daemon.client.call(prepareDebugging, { body });
    const launch = debugConfiguration({ name: 'Step fit', command: commands[0] ?? [], cwd, env });
    assert.ok(launch);
    assert.deepEqual((launch.python as string[]).map(path.dirname), [path.dirname(python)]);

    const adapter = DebugAdapter.debugpy(python);
    try {
      await adapter.request('initialize', { adapterID: 'debugpy', pathFormat: 'path' });
      const launched = adapter.request('launch', { ...launch });
      await adapter.event('initialized');
      const line = FITTING.split('\n').findIndex(text => text.startsWith('log(')) + 1;
      const source = { path: path.join(cwd, 'fit.py') };
      await adapter.request('setBreakpoints', { source, breakpoints: [{ line }] });
      await adapter.request('configurationDone');
      await launched;
      const { reason, threadId } = await adapter.event('stopped');
      assert.equal(reason, 'breakpoint');
      const { stackFrames } = await adapter.request('stackTrace', { threadId });
      const [frame] = stackFrames as { id: number; line: number }[];
      assert.equal(frame?.line, line);
      const look = { expression: '(rate, os.environ["API_KEY"])', frameId: frame.id, context: 'hover' };
      assert.equal((await adapter.request('evaluate', look)).result, "(0.25, 'open sesame')");
      await adapter.request('continue', { threadId });
      assert.equal((await adapter.event('exited')).exitCode, 0);
    } finally {
      await adapter.close();
      await daemon.client.call(endDebugging, { params: { debugId: id }, body: {} });
    }
    const { items: experiments } = await daemon.client.call(listExperiments, { query: {} });
    const experimentId = experiments.find(({ name }) => name === 'fitting')?.id ?? '';
    const { items } = await daemon.client.call(searchRuns, { body: { experimentIds: [experimentId] } });
    assert.deepEqual(
      items.map(({ status }) => status),
      ['FINISHED'],
    );
  });

  it('waits for an environment that is not made yet', async () => {
    write(daemon, 'requirements.txt', 'colorama');
    const other = write(
      daemon,
      'other/modelthat.yaml',
      'name: other',
      'env: { python: ../requirements.txt }',
      'steps: { train: { run: python train.py } }',
    );
    const asked = daemon.client.call(prepareDebugging, { body: { file: other, step: 'train' } });
    await assert.rejects(asked, /The Python environment of “other” is not made yet. Run the pipeline once/);
  });
});
