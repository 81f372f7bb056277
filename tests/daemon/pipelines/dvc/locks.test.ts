import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { locked } from '../../../../daemon/pipelines/dvc/kernel-lock.ts';
import { DvcLocks } from '../../../../daemon/pipelines/dvc/locks.ts';

const never = { signal: new AbortController().signal, busy: () => {} };

describe("DVC's locks", () => {
  let root: string;
  const tmp = (name: string) => path.join(root, '.dvc/tmp', name);
  const locks = () => new DvcLocks(root, { hardlinkLock: false });
  const table = () => JSON.parse(readFileSync(tmp('rwlock'), 'utf8')) as unknown;

  beforeEach(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-dvc-')));
    mkdirSync(path.join(root, '.dvc/tmp'), { recursive: true });
  });
  afterEach(() => rmSync(root, { recursive: true }));

  /** A process that holds a lock as DVC does, until it is ended. */
  async function holding(file: string) {
    const code = `
import fcntl, os, sys
file = open(${JSON.stringify(file)}, "a+")
fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
print(f" {os.getpid()}", file=file, flush=True)
print("held", flush=True)
sys.stdin.read()`;
    const child = spawn('python3', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] });
    await once(child.stdout, 'data');
    return {
      pid: child.pid,
      end: async () => {
        child.stdin.end();
        await once(child, 'exit');
      },
    };
  }

  it('are waited for while a process holds one, and whoever does is named', async function () {
    if (process.platform === 'win32') return this.skip();
    const holder = await holding(tmp('lock'));
    const told: string[] = [];
    let isTold: (value: unknown) => void = () => {};
    const first = new Promise(resolve => {
      isTold = resolve;
    });
    const busy = (message: string) => {
      told.push(message);
      isTold(message);
    };
    let done = false;
    const work = locks().exclusively(
      async () => {
        done = true;
      },
      { ...never, busy },
    );
    await first;
    assert.equal(done, false);
    assert.equal(told[0], `waits for DVC: process ${holder.pid} is at work in this project`);
    await holder.end();
    await work;
    assert.equal(done, true);
  });

  it('keep others out while work is done, and let them in afterwards', async () => {
    const order: string[] = [];
    const [a, b] = [locks(), locks()];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise(resolve => setImmediate(resolve));
      order.push(`${name} ends`);
    };
    await Promise.all([a.exclusively(work('a')), a.exclusively(work('b')), b.exclusively(work('c'))]);
    for (const name of ['a', 'b', 'c'])
      assert.equal(order.indexOf(`${name} ends`), order.indexOf(`${name} begins`) + 1, order.join(', '));
  });

  it('end a wait that is not wanted any more', async function () {
    if (process.platform === 'win32') return this.skip();
    const holder = await holding(tmp('lock'));
    const controller = new AbortController();
    const busy = () => controller.abort();
    const waiting = { signal: controller.signal, busy };
    await assert.rejects(
      locks().exclusively(async () => {}, waiting),
      { name: 'AbortError' },
    );
    await holder.end();
  });

  it('are free again when work fails', async () => {
    await assert.rejects(
      locked(tmp('lock'), async () => {
        throw new Error('failed');
      }),
      /failed/,
    );
    assert.equal(await locked(tmp('lock'), async () => 'done'), 'done');
    assert.equal(readFileSync(tmp('lock'), 'utf8'), ` ${process.pid}\n`);
  });

  it('of paths name what runs, and go with it', async () => {
    const claim = { purpose: 'modelthat run dvc.yaml:train', read: ['/p/data'], write: ['/p/model'] };
    await locks().claim(claim, async () => ({ pid: process.pid }), never);
    const holder = { pid: process.pid, cmd: claim.purpose };
    assert.deepEqual(table(), { write: { '/p/model': holder }, read: { '/p/data': [holder] } });
    assert.ok(locks().holds(claim.purpose));
    locks().release(claim.purpose);
    assert.deepEqual(table(), { write: {}, read: {} });
  });

  it('of paths are waited for where they overlap, unless their process is gone', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    const dead = { pid: child.pid, cmd: 'dvc repro' };
    const alive = { pid: process.pid, cmd: 'dvc repro' };
    const data = path.join(root, 'data');
    writeFileSync(tmp('rwlock'), JSON.stringify({ write: { [data]: dead }, read: { '/other': [alive] } }));
    const claim = (read: string[], write: string[]) =>
      locks().claim({ purpose: 'p', read, write }, async () => ({ pid: process.pid }), never);
    await claim([path.join(data, 'train')], []);
    await claim(['/other/file'], []);

    const told: string[] = [];
    const work = locks().claim(
      { purpose: 'q', read: [], write: ['/other'] },
      async () => ({ pid: process.pid }),
      {
        ...never,
        busy: message => {
          told.push(message);
          locks().release('p');
          locks().release('dvc repro');
        },
      },
    );
    await work;
    assert.equal(told[0], `waits for /other, which process ${process.pid} holds (dvc repro)`);
  });

  describe('by hard links', () => {
    const linked = () => new DvcLocks(root, { hardlinkLock: true });

    it('are a link to a claim while work is done, and nothing is left of them', async () => {
      const [a, b] = [linked(), linked()];
      const order: string[] = [];
      const work = (name: string) => async () => {
        order.push(name);
        assert.equal(statSync(tmp('lock')).nlink, 2);
        await new Promise(resolve => setImmediate(resolve));
        order.push(name);
      };
      await Promise.all([a.exclusively(work('a')), b.exclusively(work('b')), b.exclusively(work('c'))]);
      assert.match(order.join(''), /^(aabbcc|bbaacc|bbccaa)$/);
      assert.deepEqual(readdirSync(tmp('.')), []);
    });

    it('of others are waited for, and told of', async () => {
      writeFileSync(tmp('theirs.lock'), tmp('theirs.lock'));
      linkSync(tmp('theirs.lock'), tmp('lock'));
      const told: string[] = [];
      const busy = (message: string) => {
        told.push(message);
        rmSync(tmp('lock'));
      };
      assert.equal(await linked().exclusively(async () => 'done', { ...never, busy }), 'done');
      assert.match(told[0] ?? '', /another process \(if none is, remove .*lock\) is at work in this project/);
    });

    it('of a daemon that was killed are broken', async () => {
      const child = spawn(process.execPath, ['-e', '']);
      await once(child, 'exit');
      const claim = tmp(`modelthat-${hostname()}-${child.pid}-0a1b2c3d.lock`);
      writeFileSync(claim, claim);
      linkSync(claim, tmp('lock'));
      await linked().exclusively(async () => {});
      assert.deepEqual(readdirSync(tmp('.')), []);
    });
  });

  it('say so where they cannot be taken', async () => {
    writeFileSync(tmp('rwlock'), '{');
    assert.throws(() => locks().holds('p'), /rwlock is damaged; remove it when no process of DVC runs/);
    assert.ok(existsSync(tmp('rwlock')));
  });
});
