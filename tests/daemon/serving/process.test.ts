import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ModelProcess, type ProcessOptions } from '../../../daemon/serving/process.ts';

/** A "model" that does what a request tells it to. */
const PROGRAM = `
const frame = (head, body = '') => {
  const json = Buffer.from(JSON.stringify(head));
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(json.length, 0);
  prefix.writeUInt32LE(Buffer.byteLength(body), 4);
  process.stdout.write(Buffer.concat([prefix, json, Buffer.from(body)]));
};
if (process.env.START === 'fail') frame({ failed: 'its weights are missing' });
else {
  frame({ ready: true });
  let bytes = Buffer.alloc(0);
  process.stdin.on('data', chunk => {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.length >= 8 && bytes.length >= 8 + bytes.readUInt32LE(0) + bytes.readUInt32LE(4)) {
      const split = 8 + bytes.readUInt32LE(0), end = split + bytes.readUInt32LE(4);
      const { id } = JSON.parse(bytes.subarray(8, split)), what = bytes.toString('utf8', split, end);
      bytes = bytes.subarray(end);
      if (what === 'crash') { process.stderr.write('out of luck\\n'); process.kill(process.pid, 'SIGKILL'); }
      else if (what === 'babble') process.stdout.write('no frame, but long enough to be taken for one');
      else if (what === 'environment') frame({ id, status: 200 }, JSON.stringify(process.env));
      else if (what !== 'hang') frame({ id, status: 200 }, JSON.stringify(what.length));
    }
  });
}`;

describe('a model process', () => {
  let folder: string;
  let running: ModelProcess | undefined;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-process-'));
    fs.writeFileSync(path.join(folder, 'model.cjs'), PROGRAM);
  });
  afterEach(async () => {
    await running?.stop();
    fs.rmSync(folder, { recursive: true, force: true });
  });

  function start(options: Partial<ProcessOptions> & { env?: Record<string, string> } = {}): ModelProcess {
    running = new ModelProcess({
      title: 'test version 1',
      command: async () => ({
        program: process.execPath,
        args: [path.join(folder, 'model.cjs')],
        env: options.env ?? {},
      }),
      cwd: folder,
      logFile: path.join(folder, 'logs', 'test-1.log'),
      startTimeout: 20_000,
      requestTimeout: 20_000,
      onChange: () => {},
      ...options,
    });
    return running;
  }

  async function ask(model: ModelProcess, what: string): Promise<unknown> {
    const answer = await model.invoke('application/json', Buffer.from(what));
    return JSON.parse(answer.body.toString());
  }

  it('carries many requests at once, large ones among them', async () => {
    const model = start();
    const sizes = [1, 5_000_000, 2, 300_000, 3];
    assert.deepEqual(await Promise.all(sizes.map(size => ask(model, 'x'.repeat(size)))), sizes);
    assert.equal(model.busy, false);
  });

  it('is replaced after it died, and its last words are told', async () => {
    const model = start();
    await ask(model, 'hello');
    const { pid } = model;
    const waiting = ask(model, 'hang');
    await assert.rejects(
      ask(model, 'crash'),
      /test version 1 ended while it answered \(SIGKILL\): out of luck/,
    );
    await assert.rejects(waiting, /ended while it answered/);
    assert.equal(model.state, 'failed');
    assert.equal(await ask(model, 'again'), 5);
    assert.equal(model.state, 'ready');
    assert.notEqual(model.pid, pid);
    assert.match(fs.readFileSync(path.join(folder, 'logs', 'test-1.log'), 'utf8'), /out of luck/);
  });

  it('is replaced when it does not answer in time', async () => {
    const model = start({ requestTimeout: 2_000 });
    await assert.rejects(ask(model, 'hang'), /did not answer within 2 s/);
    assert.equal(await ask(model, 'again'), 5);
  });

  it('is replaced when it answers with something else than frames', async () => {
    const model = start();
    await assert.rejects(ask(model, 'babble'), /broke the protocol: a frame announces/);
    assert.equal(await ask(model, 'again'), 5);
  });

  it('is not started again and again when it cannot load its model', async () => {
    let starts = 0;
    const model = start({
      command: async () => {
        starts += 1;
        return { program: process.execPath, args: [path.join(folder, 'model.cjs')], env: { START: 'fail' } };
      },
    });
    const attempts = await Promise.allSettled([ask(model, 'a'), ask(model, 'b')]);
    for (const attempt of attempts)
      assert.match(
        String((attempt as PromiseRejectedResult).reason),
        /cannot be loaded: its weights are missing/,
      );
    await assert.rejects(ask(model, 'c'), /its weights are missing/);
    assert.equal(starts, 1);
  });

  it('says when its program cannot be started', async () => {
    const model = start({ command: async () => ({ program: path.join(folder, 'none'), args: [], env: {} }) });
    await assert.rejects(ask(model, 'a'), /cannot be started: .*ENOENT/);
  });

  it('inherits nothing of the environment', async () => {
    process.env.MODELTHAT_CANARY = 'secret';
    try {
      const environment = await ask(start({ env: { GIVEN: '1' } }), 'environment');
      assert.deepEqual(environment, { GIVEN: '1' });
    } finally {
      delete process.env.MODELTHAT_CANARY;
    }
  });

  it('does not start any more once it is stopped, not even when its environment was just being made', async () => {
    let made = () => {};
    const making = new Promise<void>(resolve => {
      made = resolve;
    });
    const model = start({
      command: async () => {
        await making;
        return { program: process.execPath, args: [path.join(folder, 'model.cjs')], env: {} };
      },
    });
    const waiting = assert.rejects(ask(model, 'a'), /is being stopped/);
    await model.stop();
    made();
    await waiting;
    assert.equal(model.pid, null);
  });

  it('refuses what waits when it is stopped, and then is gone', async () => {
    const model = start();
    await ask(model, 'hello');
    const { pid } = model;
    const waiting = assert.rejects(ask(model, 'hang'), /is being stopped/);
    await new Promise(resolve => setImmediate(resolve));
    await model.stop();
    await waiting;
    assert.throws(() => process.kill(Number(pid), 0), { code: 'ESRCH' });
  });
});
