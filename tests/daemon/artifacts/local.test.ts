import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { LocalArtifactStore } from '../../../daemon/artifacts/local.ts';
import { checkArtifactPath } from '../../../daemon/artifacts/paths.ts';
import { mountSmall } from '../../support/small-disk.ts';

describe('artifacts on the local disk', () => {
  let scratch: string;
  let root: string;
  let store: LocalArtifactStore;

  beforeEach(async () => {
    scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-artifacts-')));
    root = path.join(scratch, 'artifacts');
    store = await LocalArtifactStore.open(root);
  });

  afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));

  const write = (file: string, content: string) => store.write(file, Readable.from([Buffer.from(content)]));
  const read = async (file: string) => text(await (await store.open(file)).read());
  const list = async (folder: string) => Array.fromAsync(store.list(folder));

  it('keeps what was written, with its size and SHA-256', async () => {
    const stored = await write('0/run/é ü/a.txt', 'hello');
    assert.equal(stored.size, 5);
    assert.equal(stored.sha256, '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    assert.equal(await read('0/run/é ü/a.txt'), 'hello');
    assert.equal((await store.stat('0/run/é ü/a.txt'))?.modifiedAt, stored.modifiedAt);
  });

  it('is not opened on a link, which a cloned repository could bring', async () => {
    fs.mkdirSync(path.join(scratch, 'home'));
    fs.symlinkSync(path.join(scratch, 'home'), path.join(scratch, 'planted'));
    await assert.rejects(LocalArtifactStore.open(path.join(scratch, 'planted')), /planted is a link/);
    assert.deepEqual(fs.readdirSync(path.join(scratch, 'home')), []);
  });

  it('lists a folder by name, and nothing for a file or a missing folder', async () => {
    await write('run/b.txt', 'bb');
    await write('run/a/deep.txt', 'x');
    const entries = await list('run');
    assert.deepEqual(
      entries.map(({ path: name, isDir, size }) => ({ name, isDir, size })),
      [
        { name: 'run/a', isDir: true, size: 0 },
        { name: 'run/b.txt', isDir: false, size: 2 },
      ],
    );
    assert.deepEqual(await list('run/b.txt'), []);
    assert.deepEqual(await list('nowhere'), []);
    assert.deepEqual(
      (await list('')).map(entry => entry.path),
      ['run'],
    );
  });

  it('leaves the old file when an upload ends early', async () => {
    await write('run/model.bin', 'old');
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('ne');
        throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
      })(),
    );
    await assert.rejects(store.write('run/model.bin', broken), { code: 'BAD_REQUEST' });
    assert.equal(await read('run/model.bin'), 'old');
    assert.deepEqual(fs.readdirSync(path.join(root, '.incoming')), []);
  });

  it('removes what interrupted uploads left behind when it is opened again', async () => {
    fs.writeFileSync(path.join(root, '.incoming', 'orphan'), 'half');
    store = await LocalArtifactStore.open(root);
    assert.deepEqual(fs.readdirSync(path.join(root, '.incoming')), []);
  });

  it('does not let anybody reach uploads in progress', async () => {
    for (const name of ['.incoming', '.incoming/x', '.INCOMING/x'])
      await assert.rejects(write(name, 'x'), { code: 'INVALID_PARAMETER_VALUE' });
    await assert.rejects(store.delete('.incoming'), { code: 'INVALID_PARAMETER_VALUE' });
  });

  it('refuses a file where a folder is, and a folder where a file is', async () => {
    await write('run/a/b.txt', 'x');
    await assert.rejects(write('run/a', 'x'), { code: 'INVALID_PARAMETER_VALUE' });
    await assert.rejects(write('run/a/b.txt/c', 'x'), { code: 'INVALID_PARAMETER_VALUE' });
    assert.equal(await read('run/a/b.txt'), 'x');
  });

  it('deletes files and folders, and takes a missing one for deleted', async () => {
    await write('run/a/b.txt', 'x');
    await write('run/c.txt', 'x');
    await store.delete('run/a');
    await store.delete('run/a');
    assert.deepEqual(
      (await list('run')).map(entry => entry.path),
      ['run/c.txt'],
    );
    await assert.rejects(store.delete(''), { code: 'INVALID_PARAMETER_VALUE' });
  });

  it('follows no link, wherever in the path it stands', async () => {
    const outside = path.join(scratch, 'outside');
    fs.mkdirSync(outside);
    fs.writeFileSync(path.join(outside, 'canary'), 'alive');
    fs.mkdirSync(path.join(root, 'run'));
    fs.symlinkSync(outside, path.join(root, 'run', 'folder'));
    fs.symlinkSync(path.join(outside, 'canary'), path.join(root, 'run', 'file'));
    for (const name of ['run/folder/canary', 'run/file']) {
      await assert.rejects(store.open(name), { code: 'INVALID_PARAMETER_VALUE' });
      await assert.rejects(write(name, 'dead'), { code: 'INVALID_PARAMETER_VALUE' });
      await assert.rejects(store.delete(name), { code: 'INVALID_PARAMETER_VALUE' });
    }
    await assert.rejects(write('run/folder/new/file', 'dead'), { code: 'INVALID_PARAMETER_VALUE' });
    await assert.rejects(list('run/folder'), { code: 'INVALID_PARAMETER_VALUE' });
    assert.deepEqual(await list('run'), [], 'links are no artifacts');
    assert.deepEqual(fs.readdirSync(outside), ['canary']);
    assert.equal(fs.readFileSync(path.join(outside, 'canary'), 'utf8'), 'alive');
  });

  it('keeps the old file when the disk is full', async function () {
    const unmountable = mountSmall(root);
    if (unmountable) {
      console.log(`skipped: ${unmountable}`);
      this.skip();
    }
    try {
      store = await LocalArtifactStore.open(root);
      await write('run/model.bin', 'old');
      const large = Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100_000)));
      await assert.rejects(store.write('run/model.bin', large), { code: 'INSUFFICIENT_STORAGE' });
      assert.equal(await read('run/model.bin'), 'old');
      assert.deepEqual(fs.readdirSync(path.join(root, '.incoming')), []);
    } finally {
      spawnSync('umount', [root]);
    }
  });

  it('writes of one file at once leave one of them whole', async () => {
    const contents = Array.from({ length: 8 }, (_, index) => String(index).repeat(50_000));
    await Promise.all(contents.map(content => write('run/same.bin', content)));
    assert.ok(contents.includes(await read('run/same.bin')));
  });
});

describe('artifact paths', () => {
  it('are brought to one form', () => {
    assert.equal(checkArtifactPath('a//b/'), 'a/b');
    assert.equal(checkArtifactPath(''), '');
    assert.equal(checkArtifactPath('100%/50%25 é.txt'), '100%/50%25 é.txt');
    assert.equal(checkArtifactPath('...'), '...');
  });

  for (const bad of ['con', 'a/NUL.txt', 'COM1', 'a:b', 'trailing.', 'trailing ', 'a?'])
    it(`'${bad}' is refused where Windows could not store it`, () => {
      assert.throws(() => checkArtifactPath(bad, 'win32'), { code: 'INVALID_PARAMETER_VALUE' });
    });

  it('are refused when a name or the whole is too long', () => {
    assert.throws(() => checkArtifactPath('é'.repeat(128)), /255 bytes/);
    assert.throws(() => checkArtifactPath('a/'.repeat(600)), /1024 bytes/);
  });
});
