import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { installedProgram } from '../../../daemon/client/install.ts';

describe('the copy of the daemon that runs', () => {
  let scratch: string;
  let main: string;
  const stateBefore = process.env.MODELTHAT_STATE_DIR;
  beforeEach(() => {
    scratch = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-install-')));
    process.env.MODELTHAT_STATE_DIR = path.join(scratch, 'state');
    main = path.join(scratch, 'extension', 'daemon', 'main.mjs');
    fs.mkdirSync(path.join(path.dirname(main), 'node_modules', 'native'), { recursive: true });
    fs.mkdirSync(path.join(path.dirname(main), 'python', 'modelthat'), { recursive: true });
    fs.writeFileSync(main, 'first build');
    fs.writeFileSync(path.join(path.dirname(main), 'node_modules', 'native', 'native.node'), 'binary');
  });
  afterEach(() => {
    if (stateBefore === undefined) delete process.env.MODELTHAT_STATE_DIR;
    else process.env.MODELTHAT_STATE_DIR = stateBefore;
    fs.rmSync(scratch, { recursive: true, force: true });
  });

  it('outlives the extension it came with, native packages included', async () => {
    const program = await installedProgram(main);
    fs.rmSync(path.join(scratch, 'extension'), { recursive: true });
    assert.equal(fs.readFileSync(program, 'utf8'), 'first build');
    const native = path.join(path.dirname(program), 'node_modules', 'native', 'native.node');
    assert.equal(fs.readFileSync(native, 'utf8'), 'binary');
  });

  it('is made once for each build, also by several starters at once', async () => {
    const [first, ...others] = await Promise.all([1, 2, 3].map(() => installedProgram(main)));
    for (const other of others) assert.equal(other, first);
    fs.writeFileSync(main, 'second build');
    const second = await installedProgram(main);
    assert.notEqual(second, first);
    const copies = fs.readdirSync(path.join(scratch, 'state', 'daemons'));
    assert.equal(copies.length, 2, copies.join(', '));
  });

  it('is removed when it has not been started from for long', async () => {
    const old = path.dirname(await installedProgram(main));
    fs.utimesSync(old, new Date(0), new Date(0));
    fs.writeFileSync(main, 'second build');
    await installedProgram(main);
    assert.equal(fs.existsSync(old), false);
  });

  it('is not made in a checkout, where the daemon runs in place', async () => {
    fs.rmSync(path.join(path.dirname(main), 'node_modules'), { recursive: true });
    assert.equal(await installedProgram(main), main);
  });
});
