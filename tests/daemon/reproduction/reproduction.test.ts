import assert from 'node:assert/strict';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { getModel } from '../../../daemon/contract/models.ts';
import {
  cancelExecution,
  type Execution,
  getExecution,
  getStepVersions,
  listExecutions,
} from '../../../daemon/contract/pipelines.ts';
import {
  type Comparison,
  getReproduction,
  listReproductions,
  type Reproduction,
  type ReproductionOf,
  startReproduction,
} from '../../../daemon/contract/reproductions.ts';
import { getRun } from '../../../daemon/contract/runs.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { PATIENCE_MS, run, until, write } from '../../support/pipelines.ts';

describe('reproducing', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);

  before(async () => {
    daemon = await startDaemon();
  });
  after(async () => {
    await daemon.stop();
    daemon.place.remove();
  });
  beforeEach(() => {
    for (const name of readdirSync(daemon.place.workspace))
      if (place(name) !== daemon.place.store) rmSync(place(name), { recursive: true });
    write(daemon, 'input.csv', '1', '2', '3');
    write(daemon, '.gitignore', 'data/', '*.out');
    write(
      daemon,
      'prepare.py',
      'import json, os',
      'rate = json.load(open(os.environ["MODELTHAT_PARAMS"]))["rate"]',
      'os.makedirs("data", exist_ok=True)',
      'rows = [int(line) * rate for line in open("input.csv")]',
      'json.dump({"rows": rows, "run_id": os.urandom(8).hex()}, open("data/rows.json", "w"))',
    );
    write(
      daemon,
      'train.py',
      'import json, time',
      'rows = json.load(open("data/rows.json"))["rows"]',
      'open("model.out", "w").write(str(sum(rows)))',
      'took = {"fit_seconds": time.time(), "deep": {"created_at": time.time_ns(), "kept": 1}}',
      'json.dump({"score": sum(rows) / 7, **took}, open("metrics.json", "w"))',
    );
  });

  const PIPELINE = [
    'name: repeated',
    'params: { rate: 2 }',
    'steps:',
    '  prepare: { run: python3 prepare.py, deps: [input.csv], outs: [data/rows.json] }',
    '  train: { run: python3 train.py, deps: [data/rows.json], outs: [model.out], metrics: [metrics.json] }',
  ];

  async function git(...args: string[]): Promise<void> {
    await execa('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.org', ...args], {
      cwd: daemon.place.workspace,
    });
  }

  async function begin(of: ReproductionOf, tolerance?: number): Promise<Reproduction> {
    return daemon.client.call(startReproduction, {
      body: { of, ...(tolerance !== undefined && { tolerance }) },
    });
  }

  async function judged(id: string): Promise<Reproduction> {
    const giveUp = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = await daemon.client.call(getReproduction, { params: { reproductionId: id } });
      if (found.status !== 'running') return found;
      if (Date.now() > giveUp) throw new Error(`it has no verdict: ${JSON.stringify(found)}`);
      await sleep(20);
    }
  }

  async function reproduce(of: ReproductionOf, tolerance?: number): Promise<Reproduction> {
    return judged((await begin(of, tolerance)).id);
  }

  const results = ({ comparisons }: Reproduction) =>
    Object.fromEntries(comparisons.map(({ kind, name, result }) => [`${kind} ${name}`, result]));
  const about = ({ comparisons }: Reproduction, name: string): Comparison => {
    const found = comparisons.find(each => each.name === name);
    assert.ok(found, `${name} is compared`);
    return found;
  };

  async function runOfStep({ id }: Execution, step: string): Promise<string> {
    const { steps } = await daemon.client.call(getExecution, { params: { executionId: id } });
    const runId = steps.find(({ name }) => name === step)?.runId;
    assert.ok(runId, `${step} has a run`);
    return runId;
  }

  it('gives identical outputs and metrics, and names the fields that are volatile', async () => {
    const first = await run(daemon, PIPELINE, { set: { rate: '3' } });
    // Nothing of what the workspace has by now is to be used.
    write(daemon, 'modelthat.yaml', 'nonsense');
    write(daemon, 'train.py', 'raise SystemExit("edited since")');
    write(daemon, 'input.csv', '9');
    const rows = readFileSync(place('data/rows.json'));
    const reproduction = await reproduce({ execution: first.id });
    assert.deepEqual(
      [reproduction.verdict, reproduction.cause],
      ['identical', null],
      JSON.stringify(reproduction),
    );
    assert.deepEqual(results(reproduction), {
      'output data/rows.json': 'identical',
      'output model.out': 'identical',
      'output metrics.json': 'identical',
      'metric deep.created_at': 'identical',
      'metric deep.kept': 'identical',
      'metric fit_seconds': 'identical',
      'metric score': 'identical',
    });
    assert.deepEqual(about(reproduction, 'data/rows.json').volatile, ['run_id']);
    assert.deepEqual(about(reproduction, 'metrics.json').volatile.toSorted(), [
      'deep.created_at',
      'fit_seconds',
    ]);
    assert.match(reproduction.message, /^identical: 3 outputs, 4 metrics, but for \d volatile fields$/);
    assert.deepEqual(readFileSync(place('data/rows.json')), rows, 'the workspace is left alone');
    await left();
  });

  it('is marked, kept, and not among the executions of the pipeline', async () => {
    const first = await run(daemon, PIPELINE);
    const runId = await runOfStep(first, 'train');
    const { id } = await reproduce({ run: runId });
    const { items } = await daemon.client.call(listExecutions, { query: {} });
    assert.deepEqual([items[0]?.id, items.some(each => each.id === id)], [first.id, false]);
    const repeated = await daemon.client.call(getExecution, { params: { executionId: id } });
    assert.equal(repeated.reproduces, first.id);
    const { tags, parentId, name } = await daemon.client.call(getRun, { params: { runId: repeated.runId } });
    assert.deepEqual(
      [tags['modelthat.reproduces'], parentId, name],
      [first.id, first.runId, `repeated #${first.number} (reproduction)`],
    );
    const list = async (query: object) =>
      (await daemon.trackingClient.call(listReproductions, { query })).items.map(each => each.id);
    assert.deepEqual(await list({ run: runId }), [id]);
    assert.deepEqual(await list({ execution: first.id }), [id]);
    assert.deepEqual(await list({ run: first.runId }), []);
    assert.equal((await run(daemon, PIPELINE, { force: true })).number, first.number + 1);
    await assert.rejects(reproduce({ execution: id }), /is of a reproduction itself/);
  });

  it('runs the commit with what was not committed', async () => {
    write(daemon, 'modelthat.yaml', ...PIPELINE);
    await git('init', '--quiet', '--initial-branch', 'main');
    await git('add', '.');
    await git('commit', '--quiet', '--message', 'first');
    write(
      daemon,
      'train.py',
      readFileSync(place('train.py'), 'utf8'),
      'open("model.out", "a").write("patched")',
    );
    write(daemon, 'new.py', 'TEXT = "new"');
    const first = await run(daemon, PIPELINE);
    assert.equal(readFileSync(place('model.out'), 'utf8'), '12patched');
    await git('checkout', '--quiet', 'train.py');
    rmSync(place('new.py'));
    const before = await execa('git', ['status', '--porcelain'], { cwd: daemon.place.workspace });
    const reproduction = await reproduce({ execution: first.id });
    assert.equal(reproduction.verdict, 'identical', JSON.stringify(reproduction));
    const after = await execa('git', ['status', '--porcelain'], { cwd: daemon.place.workspace });
    assert.equal(after.stdout, before.stdout);
    const worktrees = await execa('git', ['worktree', 'list'], { cwd: daemon.place.workspace });
    assert.equal(worktrees.stdout.split('\n').length, 1);
  });

  it('takes data from the cache that has changed since, and names what is nowhere', async () => {
    const made = await run(daemon, PIPELINE);
    const first = await run(daemon, PIPELINE, { only: ['train'], force: true });
    write(daemon, 'data/rows.json', '{"rows": [100]}');
    const reproduction = await reproduce({ execution: first.id });
    assert.equal(reproduction.verdict, 'identical', JSON.stringify(reproduction));

    const { versions } = await daemon.client.call(getStepVersions, {
      params: { executionId: first.id, step: 'train' },
    });
    const digest = versions?.deps['data/rows.json'] ?? '';
    const object = path.join(daemon.place.store, 'cache/objects', digest.slice(0, 2), digest.slice(2));
    rmSync(object);
    const result = await modelthat(daemon.place, 'reproduce', first.id);
    assert.equal(result.exitCode, 2, result.stderr);
    for (const part of ['data/rows.json', digest, object, place('data/rows.json')])
      assert.ok(result.stderr.includes(part), `${part} is named in ${result.stderr}`);
    const machine = await modelthat(daemon.place, 'reproduce', first.id, '--json');
    const { error_code, details } = JSON.parse(machine.stderr) as { error_code: string; details: unknown };
    assert.equal(error_code, 'DATA_LOSS');
    const expected = [object, place('data/rows.json')];
    assert.deepEqual(details, { missing: [{ file: 'data/rows.json', digest, expected }] });
    // What made it can be run again, and with it all that came of it.
    assert.equal((await reproduce({ execution: made.id })).verdict, 'different');
  });

  it('takes data from the workspace where the cache has none', async () => {
    write(daemon, 'data/raw/a.csv', '1');
    write(daemon, 'data/raw/b.csv', '2');
    const pipeline = [
      'steps:',
      "  sum: { run: sh -c 'cat data/raw/*.csv > sum.out', deps: [data/raw], outs: [sum.out] }",
    ];
    const first = await run(daemon, pipeline);
    assert.equal((await reproduce({ execution: first.id })).verdict, 'identical');
    write(daemon, 'data/raw/b.csv', '3');
    const { exitCode, stderr } = await modelthat(daemon.place, 'reproduce', first.id);
    assert.equal(exitCode, 0, 'its content is in the cache by now');
    assert.match(stderr, /identical|running/);
  });

  it('finds that a step is random, and that nothing else explains it', async () => {
    write(daemon, 'draw.py', 'import random; open("drawn.out", "w").write(str(random.random()))');
    const pipeline = [
      'params: { seed: 4 }',
      'steps:',
      '  draw: { run: python3 draw.py, outs: [drawn.out] }',
      "  use: { run: sh -c 'cp drawn.out used.out', deps: [drawn.out], outs: [used.out] }",
    ];
    const first = await run(daemon, pipeline);
    const result = await modelthat(daemon.place, 'reproduce', first.id, '--json');
    assert.equal(result.exitCode, 1, result.stderr);
    const reproduction = JSON.parse(result.stdout) as Reproduction;
    assert.deepEqual([reproduction.verdict, reproduction.cause], ['different', 'seed']);
    assert.match(
      reproduction.message,
      /different: drawn.out, used.out; missing seed: something in step “draw”/,
    );
    const told = Object.fromEntries(reproduction.causes.map(({ kind, same }) => [kind, same]));
    assert.deepEqual(told, {
      data: true,
      code: null,
      packages: null,
      interpreter: true,
      machine: true,
      seed: false,
    });
  });

  it('takes numbers within the tolerance as equal', async () => {
    write(
      daemon,
      'near.py',
      'import json, random; json.dump({"score": 1 + random.random() * 1e-9}, open("near.json", "w"))',
    );
    const first = await run(daemon, ['steps:', '  near: { run: python3 near.py, metrics: [near.json] }']);
    const equal = await reproduce({ execution: first.id });
    assert.deepEqual(results(equal), { 'output near.json': 'equal', 'metric score': 'equal' });
    assert.match(
      equal.message,
      /^equal within the tolerance: 1 output, 1 metric; not bit for bit: near.json/,
    );
    assert.equal((await reproduce({ execution: first.id }, 0)).verdict, 'different');
    const printed = await modelthat(daemon.place, 'reproduce', first.id);
    assert.equal(printed.exitCode, 0, printed.stderr);
    assert.match(printed.stderr, /The tolerance is 0.000001, relative/);
  });

  it('registers, judges and promotes nothing, and compares the model but for how it was logged', async () => {
    write(
      daemon,
      'log.py',
      'import json, os, time, urllib.error, urllib.request',
      'uri, token = os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_TRACKING_PASSWORD"]',
      'def call(method, path, body, kind="application/json"):',
      '    headers = {"content-type": kind, "authorization": "Bearer " + token}',
      '    return urllib.request.urlopen(urllib.request.Request(uri + path, body, headers, method=method)).read()',
      'run = json.loads(call("POST", "/api/2.0/mlflow/runs/create", b"{}"))["run"]["info"]',
      'place = run["artifact_uri"].split(":", 1)[1].lstrip("/")',
      'def put(name, text):',
      '    path = f"/api/2.0/mlflow-artifacts/artifacts/{place}/model/{name}"',
      '    call("PUT", path, text.encode(), "application/octet-stream")',
      'put("MLmodel", json.dumps({"flavors": {}, "run_id": run["run_id"], "utc_time_created": time.time()}))',
      'put("weights.bin", open("input.csv").read())',
      'def post(path, body): return json.loads(call("POST", "/api/2.0/mlflow/" + path, json.dumps(body).encode()))',
      'source = run["artifact_uri"] + "/model"',
      'try: post("registered-models/create", {"name": "by-code"})',
      'except urllib.error.HTTPError: pass',
      'own = {"name": "by-code", "source": source, "run_id": run["run_id"]}',
      'version = post("model-versions/create", own)["model_version"]["version"]',
      'alias = {"name": "by-code", "alias": "best", "version": version}',
      'post("registered-models/alias", alias)',
      'json.dump({"run_id": run["run_id"], "version": version}, open("logged.json", "w"))',
    );
    const pipeline = [
      'steps:',
      '  train: { run: python3 log.py, deps: [input.csv], outs: [logged.json], model: { register: sales } }',
      '  release: { after: [train], promote: { model: sales, to: Staging } }',
    ];
    const first = await run(daemon, pipeline);
    assert.deepEqual(
      first.versions,
      [{ name: 'sales', version: 1, stage: 'Staging' }],
      JSON.stringify(first),
    );
    const reproduction = await reproduce({ model: 'sales', version: 1 });
    assert.deepEqual(
      [reproduction.name, reproduction.verdict],
      ['version 1 of sales', 'identical'],
      reproduction.message,
    );
    assert.deepEqual(results(reproduction), {
      'output logged.json': 'identical',
      'model model': 'identical',
    });
    assert.deepEqual(about(reproduction, 'model').volatile, ['MLmodel: run_id', 'MLmodel: utc_time_created']);
    const { versions } = await daemon.client.call(getModel, { params: { name: 'sales' } });
    assert.equal(versions.length, 1);
    const byCode = await daemon.client.call(getModel, { params: { name: 'by-code' } });
    assert.deepEqual(
      byCode.versions.map(({ version }) => version),
      [1],
      'what code registers by itself, too',
    );
    const { steps } = await daemon.client.call(getExecution, { params: { executionId: reproduction.id } });
    assert.deepEqual(
      steps.map(({ name }) => name),
      ['train'],
    );
  });

  it('says when a step read what it did not declare', async () => {
    write(daemon, 'data/secret.csv', '1');
    const first = await run(daemon, [
      'steps:',
      "  read: { run: sh -c 'cat data/secret.csv > read.out', outs: [read.out] }",
    ]);
    const reproduction = await reproduce({ execution: first.id });
    assert.deepEqual([reproduction.verdict, about(reproduction, 'read').result], ['different', 'different']);
    assert.match(about(reproduction, 'read').message, /it ended as failed/);
  });

  it('ends when it is cancelled, and leaves nothing behind', async () => {
    // Looked for in the workspace itself, wherever it runs.
    const marker = JSON.stringify(write(daemon, 'data/quick', ''));
    write(
      daemon,
      'wait.py',
      'import os, time',
      `time.sleep(0 if os.path.exists(${marker}) else 60)`,
      'open("waited.out", "w").close()',
    );
    const first = await run(daemon, ['steps:', '  wait: { run: python3 wait.py, outs: [waited.out] }']);
    rmSync(place('data/quick'));
    const { id } = await begin({ execution: first.id });
    await until(daemon, id, ({ steps }) => steps.some(({ status }) => status === 'running'));
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: { force: true } });
    const ended = await judged(id);
    assert.deepEqual([ended.status, ended.verdict], ['cancelled', null], JSON.stringify(ended));
    await left();
  });

  it('is judged by the next daemon when the one that began it dies', async () => {
    const marker = JSON.stringify(path.join(daemon.place.workspace, 'data/go'));
    write(
      daemon,
      'wait.py',
      'import os, time',
      `while not os.path.exists(${marker}): time.sleep(0.02)`,
      'open("waited.out", "w").write("done")',
    );
    write(daemon, 'data/go', '');
    const first = await run(daemon, ['steps:', '  wait: { run: python3 wait.py, outs: [waited.out] }']);
    rmSync(place('data/go'));
    const { id } = await begin({ execution: first.id });
    await until(daemon, id, ({ steps }) =>
      steps.some(({ message, status }) => status === 'running' && message === ''),
    );
    await daemon.kill();
    daemon = await startDaemon({ place: daemon.place });
    write(daemon, 'data/go', '');
    assert.equal((await judged(id)).verdict, 'identical');
    await left();
  });

  it('refuses what no execution made, and who may only track', async () => {
    const { fetch } = daemon.client;
    const body = JSON.stringify({ experiment_id: '0' });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch.call(daemon.client, '/api/2.0/mlflow/runs/create', {
      method: 'POST',
      headers,
      body,
    });
    const { run: made } = (await answer.json()) as { run: { info: { run_id: string } } };
    const of = { run: made.info.run_id };
    await assert.rejects(begin(of), /No execution of a pipeline made run .*Run the code as a step/);
    await assert.rejects(
      daemon.trackingClient.call(startReproduction, { body: { of } }),
      /needs the owner token; this is an tracking token/,
    );
    const { exitCode, stderr } = await modelthat(daemon.place, 'reproduce', of.run);
    assert.deepEqual([exitCode, stderr.includes('No execution of a pipeline made')], [2, true]);
  });

  /** Waits until the folder of the copies is empty. */
  async function left(): Promise<void> {
    const folder = path.join(daemon.place.state, 'reproductions');
    const giveUp = Date.now() + PATIENCE_MS;
    while (readdirSync(folder).length > 0) {
      if (Date.now() > giveUp) assert.fail(`${readdirSync(folder).join(', ')} is left`);
      await sleep(20);
    }
  }
});
