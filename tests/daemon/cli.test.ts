import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { attach, stopAndWait } from '../../daemon/client/start.ts';
import { modelthat } from '../support/cli.ts';
import { type TestPlace, testPlace } from '../support/daemon.ts';

describe('the command line', () => {
  let place: TestPlace;
  before(() => {
    place = testPlace();
  });
  after(async () => {
    const running = await attach(place);
    if (running) await stopAndWait(running, true);
    place.remove();
  });

  it('says that no daemon runs, with an exit code of its own', async () => {
    const { exitCode, stdout } = await modelthat(place, 'status', '--json');
    assert.equal(exitCode, 3);
    assert.deepEqual(JSON.parse(stdout), { running: false, store: place.store });
  });

  it('makes no store when it is only asked whether a daemon runs', async () => {
    const elsewhere = path.join(path.dirname(place.workspace), 'elsewhere');
    fs.mkdirSync(elsewhere);
    for (const command of ['status', 'stop']) await modelthat({ ...place, workspace: elsewhere }, command);
    assert.deepEqual(fs.readdirSync(elsewhere), []);
  });

  it('starts the daemon once', async () => {
    const first = JSON.parse((await modelthat(place, 'start', '--json')).stdout);
    const second = JSON.parse((await modelthat(place, 'start', '--json')).stdout);
    assert.deepEqual([first.started, second.started], [true, false]);
    assert.equal(first.pid, second.pid);
  });

  it('refuses numbers that are none, and a port that it would not use', async () => {
    for (const args of [
      ['--idle-minutes', 'abc'],
      ['--foreground', '--port', '70000'],
      ['--port', '30000'],
    ]) {
      const { exitCode, stderr } = await modelthat(place, 'start', ...args);
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, /^modelthat: .*--(idle-minutes|port)/);
    }
  });

  it('finds the store from a folder below', async () => {
    const below = path.join(place.workspace, 'src', 'deep');
    fs.mkdirSync(below, { recursive: true });
    const { stdout } = await modelthat({ ...place, workspace: below }, 'status', '--json');
    assert.equal(JSON.parse(stdout).store, place.store);
  });

  it('prints variables that a shell can take over', async () => {
    const { stdout } = await modelthat(place, 'env', '--shell', 'sh');
    const taken = await execa('sh', [
      '-c',
      `${stdout}\necho "$MLFLOW_TRACKING_URI $MLFLOW_TRACKING_PASSWORD"`,
    ]);
    const [url = '', token = ''] = taken.stdout.split(' ');
    assert.equal(token, keptSecrets(place.state).tracking);
    const authorization = `Basic ${Buffer.from(`modelthat:${token}`).toString('base64')}`;
    const answer = await fetch(`${url}/api/v1/about`, { headers: { authorization } });
    assert.equal(answer.status, 200);
  });

  it('speaks fish and PowerShell', async () => {
    assert.match(
      (await modelthat(place, 'env', '--shell', 'fish')).stdout,
      /^set -gx MLFLOW_TRACKING_URI 'http/m,
    );
    assert.match(
      (await modelthat(place, 'env', '--shell', 'powershell')).stdout,
      /^\$env:MLFLOW_TRACKING_URI = 'http/m,
    );
  });

  it('never prints the owner token unless it is asked for', async () => {
    const { owner, tracking } = keptSecrets(place.state);
    for (const args of [['env'], ['status'], ['status', '--json'], ['doctor'], ['logs'], ['token', 'show']]) {
      const { stdout, stderr } = await modelthat(place, ...args);
      assert.equal((stdout + stderr).includes(owner), false, args.join(' '));
    }
    assert.equal((await modelthat(place, 'token', 'show')).stdout, tracking);
    assert.equal((await modelthat(place, 'token', 'show', '--owner')).stdout, owner);
  });

  it('shows the log, and its raw lines with --json', async () => {
    assert.match((await modelthat(place, 'logs')).stdout, /info {2}listening/);
    const last = (await modelthat(place, 'logs', '--json', '-n', '1')).stdout;
    assert.equal(typeof JSON.parse(last).msg, 'string');
  });

  it('lists and shows what was logged', async () => {
    const running = await attach(place);
    assert.ok(running);
    const post = async (target: string, body: unknown) => {
      const answer = await running.client.fetch(`/api/2.0/mlflow/${target}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return (await answer.json()) as { run: { info: { run_id: string } } };
    };
    const { run } = await post('runs/create', {
      experiment_id: '0',
      start_time: Date.now(),
      run_name: 'first',
    });
    const runId = run.info.run_id;
    await post('runs/log-metric', { run_id: runId, key: 'rmspe', value: 0.1234567, timestamp: 1, step: 0 });
    const table = (await modelthat(place, 'runs', 'ls')).stdout;
    assert.match(table, new RegExp(`${runId} +first +RUNNING .*rmspe=0\\.123457`));
    assert.match((await modelthat(place, 'runs', 'show', runId)).stdout, /Status +RUNNING/);
    const [experiment] = JSON.parse((await modelthat(place, 'experiments', 'ls', '--json')).stdout);
    assert.deepEqual([experiment.name, experiment.runCount], ['Default', 1]);
  });

  it('prints names of any kind in a table that stays one', async () => {
    const running = await attach(place);
    for (const name of ['x'.repeat(400), 'red \u001b[31m\nline'])
      await running?.client.fetch('/api/2.0/mlflow/experiments/create', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name }),
      });
    const { stdout } = await modelthat(place, 'experiments', 'ls');
    assert.match(stdout, /x{59}…/);
    assert.match(stdout, /red �\[31m�line/);
    assert.ok(stdout.split('\n').every(line => line.length < 120));
  });

  it('tells errors of the daemon, for people and for machines', async () => {
    const person = await modelthat(place, 'runs', 'show', 'nosuchrun');
    assert.equal(person.exitCode, 1);
    assert.match(person.stderr, /modelthat: .*nosuchrun/);
    const machine = await modelthat(place, 'runs', 'show', 'nosuchrun', '--json');
    assert.equal(JSON.parse(machine.stderr).error_code, 'RESOURCE_DOES_NOT_EXIST');
  });

  it('ends with 2 when it is used wrongly', async () => {
    assert.equal((await modelthat(place, 'bogus')).exitCode, 2);
    assert.equal((await modelthat(place, 'logs', '-n', 'many')).exitCode, 2);
  });

  it('checks the machine, and packs a bundle without secrets', async () => {
    const bundle = path.join(place.workspace, 'bundle.json.gz');
    const { stdout } = await modelthat(place, 'doctor', '--json', '--bundle', bundle);
    const checks = JSON.parse(stdout) as { name: string; state: string }[];
    const state = (name: string) => checks.find(check => check.name === name)?.state;
    assert.deepEqual(
      [state('Node'), state('Daemon'), state('SQLite'), state('Store')],
      ['ok', 'ok', 'ok', 'ok'],
    );
    const text = gunzipSync(fs.readFileSync(bundle)).toString();
    assert.match(text, /listening/);
    const { owner, tracking, proof } = keptSecrets(place.state);
    for (const secret of [owner, tracking, proof]) assert.equal(text.includes(secret), false);
  });

  it('rotates both tokens', async () => {
    const before = keptSecrets(place.state);
    assert.equal((await modelthat(place, 'token', 'rotate')).exitCode, 0);
    const after = keptSecrets(place.state);
    assert.notEqual(after.owner, before.owner);
    assert.notEqual(after.tracking, before.tracking);
    assert.equal((await modelthat(place, 'status')).exitCode, 0);
  });

  it('stops the daemon, and says so when there is none', async () => {
    assert.match((await modelthat(place, 'stop')).stdout, /^Stopped the daemon/);
    assert.equal(await attach(place), undefined);
    assert.equal((await modelthat(place, 'stop')).stdout, 'No daemon runs.');
  });
});

describe('modelthat doctor on a machine with too little', () => {
  it('names what is missing and the remedy', async () => {
    const place = testPlace();
    const { exitCode, stdout } = await modelthat(
      { ...place, env: { ...place.env, PATH: '/nonexistent' } },
      'doctor',
    );
    assert.equal(exitCode, 1);
    assert.match(stdout, /FAIL Python: .*none was found on the PATH. Install Python 3/);
    place.remove();
  });
});
