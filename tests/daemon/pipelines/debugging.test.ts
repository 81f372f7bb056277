// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ApiError } from '../../../daemon/contract/errors.ts';
import { endDebugging, listExecutions, prepareDebugging } from '../../../daemon/contract/pipelines.ts';
import { listExperiments } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { write } from '../../support/pipelines.ts';

/** Creates a run as an MLflow client does. */
const CLIENT = `
import base64, json, os, urllib.request
user = os.environ["MLFLOW_TRACKING_USERNAME"] + ":" + os.environ["MLFLOW_TRACKING_PASSWORD"]
request = urllib.request.Request(os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/experiments/create",
  b'{"name": "made by a step"}', {"Content-Type": "application/json",
  "Authorization": "Basic " + base64.b64encode(user.encode()).decode()})
print(json.load(urllib.request.urlopen(request)))
`;

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
