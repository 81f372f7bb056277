/** The registry as people and scripts see it: the `models` commands and the native API. */
import assert from 'node:assert/strict';
import { getModel, promoteVersion, registerVersion } from '../../../daemon/contract/models.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { MlflowWire } from '../../support/mlflow.ts';

describe('models on the command line and in the API', () => {
  let daemon: TestDaemon;
  let runId: string;
  before(async () => {
    daemon = await startDaemon();
    const mlflow = new MlflowWire(daemon);
    const run = await mlflow.startRun();
    runId = run.runId;
    await mlflow.upload(`${run.artifacts}/model/MLmodel`, 'flavors: {}');
    await mlflow.post('runs/log-metric', { run_id: runId, key: 'rmspe', value: 0.09, timestamp: 1 });
  });
  after(() => daemon.dispose());

  const command = (...args: string[]) => modelthat(daemon.place, 'models', ...args);
  const json = async (...args: string[]) => JSON.parse((await command(...args, '--json')).stdout);

  it('there are none at first', async () => {
    const { stdout, stderr, exitCode } = await command('ls');
    assert.deepEqual([stdout, exitCode], ['', 0]);
    assert.match(stderr, /No models.*modelthat models register/);
    assert.deepEqual(await json('ls'), []);
  });

  it('a run’s model is registered, promoted and shown', async () => {
    assert.equal((await command('register', 'sales', runId)).stdout, 'sales version 1');
    const { stdout } = await command('promote', 'sales', '1', '--to', 'staging', '--reason', 'good enough');
    assert.equal(stdout, 'sales version 1 is in Staging');

    const [model] = await json('ls');
    assert.equal(model.name, 'sales');
    const [version] = model.versions;
    assert.deepEqual(
      [version.version, version.stage, version.runId, version.metrics],
      [1, 'Staging', runId, { rmspe: 0.09 }],
    );
    assert.match((await command('ls')).stdout, /sales +1 +Staging .*rmspe=0\.09/);
    assert.match((await command('show', 'sales')).stdout, /Model +sales[\s\S]*Staging/);

    const [moved] = await json('transitions', 'sales');
    assert.deepEqual(
      [moved.version, moved.from, moved.to, moved.by, moved.reason],
      [1, 'None', 'Staging', 'owner', 'good enough'],
    );
  });

  it('what people write of a version is on its card, and taken away by an empty text', async () => {
    const card = (...args: string[]) => command('card', 'sales', '1', ...args);
    const written = await card('--purpose', 'Orders <for> a week.', '--limits', 'Not for new stores.');
    assert.match(
      written.stdout,
      /## Purpose\n\nOrders &lt;for> a week\.\n\n## Limits\n\nNot for new stores\./,
    );
    const { stdout } = await card('--limits', '');
    assert.match(stdout, /Orders &lt;for> a week[\s\S]*## Limits\n\nNot written yet/);
  });

  it('what cannot be is refused with a remedy', async () => {
    const stage = await command('promote', 'sales', '1', '--to', 'Moon');
    assert.equal(stage.exitCode, 1);
    assert.match(stage.stderr, /no stage 'Moon'.*None, Staging, Production, Archived/);
    const version = await command('promote', 'sales', 'one', '--to', 'Staging');
    assert.match(version.stderr, /'one' is no version/);
    assert.match((await command('show', 'nobody')).stderr, /name=nobody not found/);
    assert.match((await command('register', 'sales', runId, '--model', 'x')).stderr, /They logged: 'model'/);
  });

  it('promoting needs the owner; registering and reading do not', async () => {
    const { trackingClient } = daemon;
    const params = { name: 'sales', version: 1 };
    await assert.rejects(trackingClient.call(promoteVersion, { params, body: { stage: 'Production' } }), {
      code: 'PERMISSION_DENIED',
    });
    const made = await trackingClient.call(registerVersion, { params: { name: 'sales' }, body: { runId } });
    assert.equal(made.version, 2);
    const { versions } = await trackingClient.call(getModel, { params: { name: 'sales' } });
    assert.deepEqual(
      versions.map(each => each.version),
      [2, 1],
    );
  });

  it('promoting archives what it replaces, unless it is told not to', async () => {
    await command('promote', 'sales', '2', '--to', 'Staging', '--keep-existing');
    assert.deepEqual(await stages(), ['Staging', 'Staging']);
    await command('promote', 'sales', '2', '--to', 'Production');
    await command('promote', 'sales', '1', '--to', 'Production');
    assert.deepEqual(await stages(), ['Archived', 'Production']);
  });

  async function stages(): Promise<string[]> {
    const { versions } = await daemon.client.call(getModel, { params: { name: 'sales' } });
    return versions.map(version => version.stage);
  }
});
