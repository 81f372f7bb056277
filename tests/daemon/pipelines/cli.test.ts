// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Execution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, start, until, write } from '../../support/pipelines.ts';
import { CLI_MAIN } from '../../support/programs.ts';

describe('modelthat run', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  function spawnCli(...args: string[]): ChildProcess {
    return spawn(process.execPath, [CLI_MAIN, ...args], {
      cwd: daemon.place.workspace,
      env: daemon.place.env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }

  async function cli(...args: string[]): Promise<{ code: number; out: string; said: string }> {
    const child = spawnCli(...args);
    const [[code], out, said] = await Promise.all([
      once(child, 'exit'),
      text(child.stdout as NodeJS.ReadableStream),
      text(child.stderr as NodeJS.ReadableStream),
    ]);
    return { code: code as number, out, said };
  }

  it('tells each step in plain lines, then a table, and ends with 0', async () => {
    write(
      daemon,
      'modelthat.yaml',
      'name: demo',
      'steps:',
      '  a: { run: echo hello }',
      '  b: { run: echo, after: [a] }',
    );
    const { code, out, said } = await cli('run');
    assert.equal(code, 0);
    assert.match(said, /a succeeded.*b succeeded.*succeeded in/s);
    assert.ok(!said.includes('\u001b'), 'no escape sequences');
    assert.match(out, /^STEP +STATUS +TIME.*\na +succeeded.*\nb +succeeded/);
  });

  it('prints the execution as JSON, and takes parameters and steps', async () => {
    write(daemon, 'params.yaml', 'word: one');
    write(
      daemon,
      'modelthat.yaml',
      'steps:',
      '  a: { run: echo }',
      '  b: { run: "echo ${word}", after: [a] }',
    );
    const { code, out } = await cli('run', '--json', '--set', 'word=two', '--only', 'b');
    assert.equal(code, 0);
    const execution = JSON.parse(out) as Execution;
    assert.deepEqual(execution.set, { word: 'two' });
    assert.deepEqual(
      execution.steps.map(step => step.status),
      ['skipped', 'succeeded'],
    );
    const logs = await cli('executions', 'logs', execution.id, 'b');
    assert.equal(logs.out, 'two\n');
  });

  it('shows the end of a failed step’s log, and ends with 1', async () => {
    write(daemon, 'modelthat.yaml', 'steps:', `  a: { run: "sh -c 'echo the reason; exit 9'" }`);
    const { code, said } = await cli('run');
    assert.equal(code, 1);
    assert.match(said, /a ended with:\n {2}the reason\n/);
    assert.match(said, /failed in .*“a” failed: exit code 9/);
  });

  it('ends with 3 when a gate fails', async () => {
    write(daemon, 'found.json', '{"rmspe": 0.5}');
    write(
      daemon,
      'modelthat.yaml',
      'steps:',
      '  a: { run: cp found.json m.json, metrics: [m.json], gates: [rmspe < 0.1] }',
    );
    const { code, out } = await cli('run');
    assert.equal(code, 3);
    assert.match(out, /gate rmspe < 0.1 failed \(observed 0.5\)/);
  });

  it('tells every problem with its place and remedy, and ends with 2', async () => {
    write(daemon, 'modelthat.yaml', 'steps:', '  a:', '    run: a && b', '    dep: [x]', 'retry: 1');
    for (const command of ['run', 'plan']) {
      const { code, said } = await cli(command);
      assert.equal(code, 2);
      assert.match(said, /modelthat.yaml:4:5: error: unknown key “dep”\n {4}Did you mean “deps”\?/);
      assert.match(said, /modelthat.yaml:5:1: error: unknown key “retry”/);
    }
  });

  it('says that there is no such definition, makes nothing for it, and ends with 2', async () => {
    const { code, out, said } = await cli('run', 'nowhere/no-such.yaml');
    assert.deepEqual([code, out], [2, '']);
    assert.match(said, /^modelthat: There is no file “nowhere\/no-such.yaml”/);
    assert.ok(!existsSync(path.join(daemon.place.workspace, 'nowhere')));
    const inFolder = await cli('plan', '..', '--json');
    assert.equal(inFolder.code, 2);
    assert.match(JSON.parse(inFolder.said).message, /no modelthat.yaml or dvc.yaml in the folder “..”/);
  });

  it('ends with 2 when it is misused', async () => {
    write(daemon, 'modelthat.yaml', 'steps: { a: { run: echo } }');
    const set = await cli('run', '--set', 'lr');
    assert.equal(set.code, 2);
    assert.match(set.said, /--set.*name=value/);
    const only = await cli('run', '--only', 'b');
    assert.equal(only.code, 2);
    assert.match(only.said, /^modelthat: There is no step “b”/m);
  });

  it('takes a folder for the definition in it', async () => {
    write(daemon, 'modelthat.yaml', 'name: here', 'steps: { a: { run: echo } }');
    const { code, out } = await cli('plan', '.', '--json');
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).pipeline, 'here');
  });

  it('shows a plan in order', async () => {
    write(
      daemon,
      'modelthat.yaml',
      'steps:',
      '  b: { run: echo 2, after: [a], tune: {} }',
      '  a: { run: echo 1 }',
    );
    const { code, out, said } = await cli('plan');
    assert.equal(code, 0);
    assert.match(said, /modelthat.yaml:2:33: warning: “tune” is not supported yet/);
    assert.match(out, /a +run .* it makes nothing .* echo 1\nb +run .* it makes nothing .* a +echo 2/);
  });

  it('cancels on Ctrl-C and ends with 130', async () => {
    write(daemon, 'modelthat.yaml', 'steps: { a: { run: sleep 100 } }');
    const child = spawnCli('run');
    const said: string[] = [];
    child.stderr?.on('data', chunk => said.push(String(chunk)));
    while (!said.join('').includes('a running')) await once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill('SIGINT');
    const [code] = await once(child, 'exit');
    assert.equal(code, 130);
    assert.match(said.join(''), /Ctrl-C again ends it by force/);
  });

  it('goes on with the next daemon when its own is killed', async () => {
    write(
      daemon,
      'modelthat.yaml',
      'steps:',
      `  a: { run: "sh -c 'touch begun; until [ -e go ]; do sleep 0.02; done'" }`,
    );
    const child = spawnCli('run', '--json');
    const result = text(child.stdout as NodeJS.ReadableStream);
    const said = text(child.stderr as NodeJS.ReadableStream);
    while (!existsSync(path.join(daemon.place.workspace, 'begun'))) await sleep(10);
    await daemon.kill();
    await cli('status');
    write(daemon, 'go', '');
    const [code] = await once(child, 'exit');
    assert.equal(code, 0, await said);
    assert.match(
      (JSON.parse(await result) as Execution).steps[0]?.message ?? '',
      /while the daemon was down/,
    );
    await cli('stop');
    daemon = await startDaemon({ place: daemon.place });
  });

  it('starts, lists, shows, approves and cancels', async () => {
    const lines = [
      'name: approvals',
      'steps:',
      '  ask: { approval: Production }',
      '  b: { run: echo, after: [ask] }',
    ];
    write(daemon, 'modelthat.yaml', ...lines);
    const { out } = await cli('run', '--detach');
    const id = out.trim();
    await until(daemon, id, ({ status }) => status === 'waiting');
    assert.match((await cli('executions', 'ls')).out, new RegExp(`${id} +approvals +waiting`));
    assert.match((await cli('approve', id, 'ask', '--reason', 'fine')).out, /approved by owner: fine/);
    await until(daemon, id, ({ exitCode }) => exitCode === 0);
    assert.match((await cli('executions', 'show', id)).out, /ask +succeeded/);
    const second = await start(daemon, lines);
    await until(daemon, second.id, ({ status }) => status === 'waiting');
    assert.match((await cli('executions', 'cancel', second.id)).out, /cancelled|cancelling/);
    await ended(daemon, second.id);
    const third = await start(daemon, lines);
    await until(daemon, third.id, ({ status }) => status === 'waiting');
    assert.equal((await cli('reject', third.id, 'ask')).code, 0);
    assert.equal((await cli('approve', third.id, 'ask')).code, 1);
  });
});
