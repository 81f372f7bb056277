// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the files' own syntax
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  cancelExecution,
  type Execution,
  planExecution,
  startExecution,
} from '../../../../daemon/contract/pipelines.ts';
import { getRun } from '../../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../../support/daemon.ts';
import { Dvc } from '../../../support/dvc.ts';
import { ended, log, step, until, write } from '../../../support/pipelines.ts';

describe('stages of a dvc.yaml', function () {
  this.timeout(600_000);
  let workspace: TestPlace;
  let daemon: TestDaemon;
  let dvc: Dvc;
  let state: string;
  let count = 0;
  let name: string;

  before(async () => {
    state = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-dvc-')));
    dvc = await Dvc.start(state);
    workspace = testPlace();
    daemon = await restarted();
  });
  after(async () => {
    await daemon?.stop();
    workspace?.remove();
    await dvc?.close();
    rmSync(state, { recursive: true, force: true });
  });
  beforeEach(async () => {
    count += 1;
    name = `project ${count}`;
    put('in.txt', 'in');
    execFileSync('git', ['init', '--quiet'], { cwd: place('.') });
    await dvc.ok(place('.'), 'init');
  });

  /** A daemon of this workspace that keeps DVC's own files apart from the user's. */
  function restarted(): Promise<TestDaemon> {
    const env = Object.entries(dvc.env).filter(([key]) => key.startsWith('DVC_'));
    return startDaemon({ place: workspace, env: Object.fromEntries(env) as Record<string, string> });
  }

  const place = (file: string) => path.join(daemon.place.workspace, name, file);
  const put = (file: string, ...lines: string[]) => write(daemon, `${name}/${file}`, ...lines);
  const read = (file: string) => readFileSync(place(file), 'utf8');

  const start = (force = false) =>
    daemon.client.call(startExecution, { body: { file: place('dvc.yaml'), force } });
  const run = async (force?: boolean): Promise<Execution> => ended(daemon, (await start(force)).id);

  async function plan(): Promise<Record<string, string>> {
    const { steps } = await daemon.client.call(planExecution, { body: { file: place('dvc.yaml') } });
    return Object.fromEntries(steps.map(each => [each.name, `${each.action}: ${each.reason}`]));
  }
  const how = (execution: Execution) =>
    Object.fromEntries(execution.steps.map(each => [each.name, each.reused ?? each.status]));

  const COPY = [
    'stages:',
    '  copy:',
    '    cmd: cp in.txt out.txt',
    '    deps: [in.txt]',
    '    outs: [out.txt]',
  ];

  it('that are frozen have what their outputs hold recorded anew, as by DVC', async () => {
    put('dvc.yaml', ...COPY);
    await run();
    await dvc.ok(place('.'), 'freeze', 'copy');
    put('in.txt', 'other');
    put('out.txt', 'written by hand');
    const theirs = place('../theirs');
    cpSync(place('.'), theirs, { recursive: true, preserveTimestamps: true });
    await dvc.ok(theirs, 'repro');
    assert.deepEqual(how(await run()), { copy: 'succeeded' });
    assert.equal(read('dvc.lock'), readFileSync(path.join(theirs, 'dvc.lock'), 'utf8'));
    assert.equal(read('out.txt'), 'written by hand\n');
    assert.match(await dvc.ok(place('.'), 'status'), /up to date/);
    assert.deepEqual(how(await run()), { copy: 'unchanged' });
    rmSync(place('out.txt'));
    const without = await run();
    assert.match(step(without, 'copy').message, /did not make its output “out.txt”/);
    assert.notEqual((await dvc.run(place('.'), 'repro')).code, 0);
  });

  it('that name what is not on this machine say so where DVC is not installed, and the others run', async () => {
    put('dvc.yaml', ...COPY, '  far:', '    cmd: "true"', '    deps: [out.txt, https://data.invalid/raw]');
    const { copy, far = '' } = await plan();
    assert.equal(copy, 'run: it has not run before');
    assert.match(
      far,
      /^blocked: https:\/\/data\.invalid\/raw is not on this machine, and DVC, .* is not installed/,
    );
    await assert.rejects(start(), /“far” cannot run: https:\/\/data\.invalid\/raw is not on this machine/);
    const body = { file: place('dvc.yaml'), only: ['copy'] };
    const { id } = await daemon.client.call(startExecution, { body });
    assert.equal((await ended(daemon, id)).status, 'succeeded');
    assert.doesNotMatch(await dvc.ok(place('.'), 'status', 'copy'), /changed/);
  });

  it('that name what is not on this machine are run by the project’s own DVC, with the others around them', async () => {
    const storage = path.join(state, name);
    mkdirSync(storage);
    writeFileSync(path.join(storage, 'raw.txt'), 'raw');
    await dvc.ok(place('.'), 'remote', 'add', 'far', storage);
    mkdirSync(place('.venv/bin'), { recursive: true });
    symlinkSync(dvc.program, place('.venv/bin/dvc'));
    put(
      'dvc.yaml',
      ...COPY,
      '  fetch:',
      `    cmd: cat out.txt "${storage}/raw.txt" > here.txt`,
      '    deps: [out.txt, "remote://far/raw.txt"]',
      '    outs: [here.txt]',
      '  use:',
      '    cmd: cp here.txt used.txt',
      '    deps: [here.txt]',
      '    outs: [used.txt]',
    );
    const execution = await run();
    assert.equal(execution.status, 'succeeded', execution.message);
    assert.equal(readFileSync(place('used.txt'), 'utf8'), 'in\nraw');
    assert.match(await dvc.ok(place('.'), 'status'), /up to date/);
    assert.equal(
      (await plan()).fetch,
      'run: DVC decides whether it does: remote://far/raw.txt is not on this machine',
    );
    const again = await run();
    assert.match(await log(daemon, again.id, 'fetch'), /Stage 'fetch' didn't change, skipping/);
    assert.equal(step(again, 'use').reused, 'unchanged');
    writeFileSync(path.join(storage, 'raw.txt'), 'RAW');
    await run();
    assert.equal(readFileSync(place('used.txt'), 'utf8'), 'in\nRAW');
    rmSync(path.join(storage, 'raw.txt'));
    const failed = await run();
    assert.equal(step(failed, 'fetch').status, 'failed');
    assert.match(await log(daemon, failed.id, 'fetch'), /raw\.txt/);
  });

  it('say why they are stale, in words', async () => {
    put('params.yaml', 'features:', '  lags: [7, 14]', 'lr: 0.1');
    put('raw/a.csv', 'a');
    const stages = (cmd: string) =>
      put(
        'dvc.yaml',
        'stages:',
        '  make:',
        `    cmd: ${cmd} > out.txt`,
        '    deps: [raw]',
        '    params: [features, lr]',
        '    outs: [out.txt]',
      );
    stages('ls raw');
    assert.deepEqual(await plan(), { make: 'run: it has not run before' });
    const first = await run();
    assert.deepEqual(await plan(), {
      make: `skip: nothing changed since ${first.pipeline} #${first.number}`,
    });
    assert.deepEqual(how(await run()), { make: 'unchanged' });
    put('params.yaml', 'features:', '  lags: [7, 14, 28]', 'lr: 0.1');
    put('raw/a.csv', 'b');
    stages('ls -l raw');
    assert.deepEqual(await plan(), {
      make: 'run: parameter features.lags: [7,14] → [7,14,28]; raw/a.csv changed; command: ls raw > out.txt → ls -l raw > out.txt',
    });
  });

  it('run with other parameters, which are in their files from then on, as DVC has it', async () => {
    put('params.yaml', 'lr: 0.1   # tried: 0.2', 'n: 1');
    put(
      'dvc.yaml',
      'stages:',
      '  make:',
      '    cmd: grep -h lr params.yaml > out.txt && echo ${n} >> out.txt',
      '    params: [lr]',
      '    outs: [out.txt]',
    );
    await run();
    const body = { file: place('dvc.yaml'), set: { lr: '0.5', n: '2' } };
    const { steps } = await daemon.client.call(planExecution, { body });
    assert.match(steps[0]?.reason ?? '', /^parameter lr: 0\.1 → 0\.5; command: .*echo 1 .* → .*echo 2/);
    assert.equal(readFileSync(place('params.yaml'), 'utf8'), 'lr: 0.1   # tried: 0.2\nn: 1\n');
    const { id } = await daemon.client.call(startExecution, { body });
    const execution = await ended(daemon, id);
    assert.deepEqual([execution.status, execution.set], ['succeeded', body.set]);
    assert.equal(readFileSync(place('params.yaml'), 'utf8'), 'lr: 0.5   # tried: 0.2\nn: 2\n');
    assert.equal(readFileSync(place('out.txt'), 'utf8'), 'lr: 0.5   # tried: 0.2\n2\n');
    assert.match(await dvc.ok(place('.'), 'status'), /up to date/);
    assert.match((await plan()).make ?? '', /^skip/);
  });

  it('refuse other parameters while what runs reads the files that they would change', async () => {
    put('params.yaml', 'n: 1');
    put(
      'dvc.yaml',
      'stages:',
      '  wait: {cmd: "until [ -e go ]; do sleep 0.02; done", params: [n], always_changed: true}',
    );
    const { id } = await start();
    const body = { file: place('dvc.yaml'), set: { n: '2' }, concurrency: 'queue' as const };
    await assert.rejects(daemon.client.call(startExecution, { body }), /would change params\.yaml meanwhile/);
    put('go', '');
    await ended(daemon, id);
    assert.equal(readFileSync(place('params.yaml'), 'utf8'), 'n: 1\n');
  });

  it('get their outputs back from the runs that either has made', async () => {
    put('params.yaml', 'n: 1');
    put(
      'dvc.yaml',
      ...COPY.slice(0, 2),
      '    cmd: cat in.txt params.yaml > out.txt',
      '    params: [n]',
      '    outs: [out.txt]',
    );
    await run();
    put('params.yaml', 'n: 2');
    await dvc.ok(place('.'), 'repro');
    put('params.yaml', 'n: 1');
    assert.match(await dvc.ok(place('.'), 'repro'), /is cached - skipping run/);
    put('params.yaml', 'n: 2');
    assert.deepEqual(await plan(), {
      copy: "restore: parameter n: 1 → 2; DVC's cache has what it made then",
    });
    assert.deepEqual(how(await run()), { copy: 'restored' });
    assert.equal(read('out.txt'), 'in\nn: 2\n');
    assert.equal(await dvc.ok(place('.'), 'status'), 'Data and pipelines are up to date.\n');
    rmSync(place('out.txt'));
    assert.match((await plan()).copy ?? '', /^restore: its output out.txt is missing/);
    assert.deepEqual(how(await run()), { copy: 'restored' });
    assert.equal(read('out.txt'), 'in\nn: 2\n');
    assert.deepEqual(how(await run(true)), { copy: 'succeeded' });
  });

  it('log their metrics and parameters to their runs, whatever the format', async () => {
    put('params.yaml', 'lr: 0.1', 'deep: { er: [1, 2] }');
    put('a.json', '{"loss": {"train": 0.5, "bad": NaN}}');
    put('b.yaml', 'auc: 0.75', 'name: x');
    put('c.toml', '[test]', 'f1 = 1');
    put('d.json', 'no JSON at all');
    put(
      'dvc.yaml',
      'stages:',
      '  train:',
      '    cmd: mkdir -p m && cp a.json b.yaml c.toml d.json m',
      '    params: [lr, deep]',
      '    metrics: [m/a.json, m/b.yaml, m/c.toml, m/d.json]',
    );
    const execution = await run();
    assert.equal(execution.status, 'succeeded', execution.message);
    const { runId } = step(execution, 'train');
    const { metrics, params } = await daemon.client.call(getRun, { params: { runId: runId ?? '' } });
    const last = Object.fromEntries(Object.entries(metrics).map(([key, summary]) => [key, summary.last]));
    assert.deepEqual(last, { 'loss.train': 0.5, auc: 0.75, 'test.f1': 1 });
    assert.deepEqual(params, { lr: '0.1', 'deep.er': '[1,2]' });
    assert.equal(step(await run(), 'train').runId, runId);
  });

  it('are not recorded when something that they read changed while they ran', async () => {
    put('dvc.yaml', ...COPY.slice(0, 2), '    cmd: cp in.txt out.txt && echo new > in.txt', ...COPY.slice(3));
    const execution = await run();
    assert.match(step(execution, 'copy').message, /not recorded in dvc.lock: in.txt changed while it ran/);
    assert.equal(existsSync(place('dvc.lock')), false);
  });

  it('are not recorded over what git has already', async () => {
    put('out.txt', 'old');
    execFileSync('git', ['add', 'out.txt'], { cwd: place('.') });
    put('dvc.yaml', ...COPY);
    assert.match(
      step(await run(), 'copy').message,
      /not recorded in dvc.lock: git tracks .*git rm -r --cached/,
    );
  });

  it('keep DVC out while they run, and name themselves', async () => {
    put(
      'dvc.yaml',
      ...COPY.slice(0, 2),
      '    cmd: while [ ! -e go ]; do sleep 0.05; done; cp in.txt out.txt',
      ...COPY.slice(3),
    );
    const { id } = await start();
    await until(
      daemon,
      id,
      execution => existsSync(place('.dvc/tmp/rwlock')) && execution.status === 'running',
    );
    const { err } = await dvc.run(place('.'), 'repro');
    assert.match(err, /is busy, it is being blocked by:\s+\(PID \d+\): modelthat run dvc.yaml:copy/);
    writeFileSync(place('go'), '');
    assert.equal((await ended(daemon, id)).status, 'succeeded');
    assert.equal(await dvc.ok(place('.'), 'status'), 'Data and pipelines are up to date.\n');
    assert.doesNotMatch(read('.dvc/tmp/rwlock'), /modelthat/);
  });

  it('keep DVC out, and out of its way, by hard links where it is set to use them', async () => {
    await dvc.ok(place('.'), 'config', 'core.hardlink_lock', 'true');
    put('dvc.yaml', ...COPY);
    // As a process of DVC's holds it.
    writeFileSync(place('.dvc/tmp/theirs.lock'), place('.dvc/tmp/theirs.lock'));
    linkSync(place('.dvc/tmp/theirs.lock'), place('.dvc/tmp/lock'));
    const { id } = await start();
    await until(daemon, id, execution => /^waits for DVC/.test(step(execution, 'copy').message));
    assert.match((await dvc.run(place('.'), 'repro')).err, /Unable to acquire lock/);
    rmSync(place('.dvc/tmp/lock'));
    assert.deepEqual(how(await ended(daemon, id)), { copy: 'succeeded' });
    assert.equal(await dvc.ok(place('.'), 'status'), 'Data and pipelines are up to date.\n');
    assert.equal(existsSync(place('.dvc/tmp/lock')), false);
  });

  it('go on when the daemon is killed, and are recorded by the next one', async () => {
    const cmd = '    cmd: touch begun; while [ ! -e go ]; do sleep 0.05; done; cp in.txt out.txt';
    put('dvc.yaml', ...COPY.slice(0, 2), cmd, ...COPY.slice(3));
    const { id } = await start();
    await until(daemon, id, () => existsSync(place('begun')));
    await daemon.kill();
    assert.match((await dvc.run(place('.'), 'repro')).err, /blocked by:[\s\S]*modelthat run dvc.yaml:copy/);
    daemon = await restarted();
    writeFileSync(place('go'), '');
    const execution = await ended(daemon, id);
    assert.deepEqual(
      [execution.status, step(execution, 'copy').message],
      ['succeeded', 'ran on while the daemon was down'],
    );
    assert.equal(await dvc.ok(place('.'), 'status'), 'Data and pipelines are up to date.\n');
    assert.doesNotMatch(read('.dvc/tmp/rwlock'), /modelthat/);
  });

  it('wait for DVC, say so, and can be cancelled then', async () => {
    put('dvc.yaml', ...COPY);
    const holder = { pid: process.pid, cmd: 'dvc repro' };
    writeFileSync(place('.dvc/tmp/rwlock'), JSON.stringify({ write: { [place('in.txt')]: holder } }));
    const { id } = await start();
    const waiting = await until(daemon, id, execution => step(execution, 'copy').message !== '');
    assert.equal(
      step(waiting, 'copy').message,
      `waits for ${place('in.txt')}, which process ${process.pid} holds (dvc repro)`,
    );
    await daemon.client.call(cancelExecution, { params: { executionId: id }, body: { force: false } });
    assert.equal((await ended(daemon, id)).status, 'cancelled');
    assert.equal(existsSync(place('out.txt')), false);
  });

  it('let others at their files when they failed, and leave no outputs of before', async () => {
    put('out.txt', 'old');
    put(
      'dvc.yaml',
      ...COPY.slice(0, 2),
      '    cmd:',
      '    - test ! -e out.txt && echo gone',
      '    - exit 3',
      '    - echo never',
      ...COPY.slice(3),
    );
    const execution = await run();
    assert.equal(step(execution, 'copy').exitCode, 3);
    assert.equal(await log(daemon, execution.id, 'copy'), 'gone\n');
    assert.equal(existsSync(place('dvc.lock')), false);
    assert.doesNotMatch(read('.dvc/tmp/rwlock'), /modelthat/);
  });

  it('touch nothing that lies outside of the project by a link', async function () {
    if (process.platform === 'win32') return this.skip();
    write(daemon, 'elsewhere/out.txt', 'precious');
    execFileSync('ln', ['-s', '../elsewhere', 'link'], { cwd: place('.') });
    put(
      'dvc.yaml',
      'stages:',
      '  copy:',
      '    cmd: cp in.txt link/out.txt',
      '    outs: [{link/out.txt: {cache: false}}]',
    );
    const execution = await run();
    assert.match(execution.message, /lies outside of the project/);
    assert.equal(readFileSync(path.join(daemon.place.workspace, 'elsewhere/out.txt'), 'utf8'), 'precious\n');
  });

  it('record new data as the version of its .dvc file', async () => {
    put('data/raw.csv', 'one');
    await dvc.ok(place('.'), 'add', 'data/raw.csv');
    put(
      'dvc.yaml',
      ...COPY.slice(0, 2),
      '    cmd: cp data/raw.csv out.txt',
      '    deps: [data/raw.csv]',
      '    outs: [out.txt]',
    );
    await run();
    put('data/raw.csv', 'two and more');
    assert.deepEqual(await plan(), { copy: 'run: data/raw.csv changed' });
    await run();
    assert.equal(await dvc.ok(place('.'), 'status'), 'Data and pipelines are up to date.\n');
  });

  it('make a project of DVC where there is none', async () => {
    rmSync(place('.dvc'), { recursive: true });
    put('dvc.yaml', ...COPY);
    assert.equal((await run()).status, 'succeeded');
    assert.equal(await dvc.ok(place('.'), 'status'), 'Data and pipelines are up to date.\n');
    assert.equal(read('.gitignore'), '/out.txt\n');
    assert.equal(read('.dvc/.gitignore'), '/config.local\n/tmp\n/cache\n');
  });
});
