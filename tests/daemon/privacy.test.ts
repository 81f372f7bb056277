import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { storeState } from '../../daemon/client/state.ts';
import { STORE_FOLDER } from '../../daemon/client/store.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../support/daemon.ts';
import { DAEMON_MAIN } from '../support/programs.ts';

const NOBODY = 65_534;
const root = process.getuid?.() === 0;

describe('what a daemon leaves on the machine', function () {
  if (process.platform === 'win32') {
    it.skip('is private by the profile on Windows, which has no file modes');
    return;
  }
  this.timeout(120_000);

  let daemon: TestDaemon;
  before(async () => {
    const umask = process.umask(0);
    const place = testPlace();
    // The scratch folder itself is private: opened up, so that only the product's own care is seen.
    fs.chmodSync(path.dirname(place.workspace), 0o755);
    daemon = await startDaemon({ place });
    process.umask(umask);
    await logSomething(daemon);
  });
  after(async () => {
    await daemon.stop();
    daemon.place.remove();
  });

  it('is readable by its user alone, whatever the umask', () => {
    const { state, store } = daemon.place;
    for (const folder of [state, store, path.dirname(state), path.dirname(path.dirname(state))])
      assert.equal(modeOf(folder), 0o700, folder);
    for (const name of fs.readdirSync(state)) {
      const file = path.join(state, name);
      assert.equal(modeOf(file) & 0o077, 0, file);
    }
  });

  it('cannot be read by another user (tried as root only)', function () {
    if (!root) this.skip();
    const paths = [daemon.place.state, daemon.place.store].flatMap(everythingBelow);
    assert.ok(paths.length > 8);
    const script = `
      const fs = require('node:fs');
      const readable = JSON.parse(process.argv[1]).filter(path => {
        try { fs.accessSync(path, fs.constants.R_OK); return true; } catch { return false; }
      });
      console.log(JSON.stringify(readable));`;
    const { stdout } = spawnSync('/usr/bin/env', ['node', '-e', script, JSON.stringify(paths)], {
      uid: NOBODY,
      gid: NOBODY,
      cwd: '/',
      env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
      encoding: 'utf8',
    });
    assert.deepEqual(JSON.parse(stdout), []);
  });

  it('listens on this machine’s own addresses alone (tried on Linux only)', function () {
    if (process.platform !== 'linux') this.skip();
    const addresses = listeningAddresses(daemon.connection.port);
    assert.ok(addresses.length > 0);
    const loopback = ['0100007F', '00000000000000000000000001000000'];
    for (const address of addresses) assert.ok(loopback.includes(address), address);
  });

  it('holds its secrets in one file and nowhere else', () => {
    const { pid } = daemon.connection;
    const { owner, tracking, proof } = daemon.secrets;
    const places: [string, Buffer][] = [
      ...[daemon.place.state, daemon.place.store]
        .flatMap(everythingBelow)
        .filter(file => fs.statSync(file).isFile() && path.basename(file) !== 'secrets.json')
        .map((file): [string, Buffer] => [file, fs.readFileSync(file)]),
      ...(process.platform === 'linux'
        ? ['cmdline', 'environ'].map((name): [string, Buffer] => [
            name,
            fs.readFileSync(`/proc/${pid}/${name}`),
          ])
        : []),
    ];
    for (const [name, content] of places)
      for (const secret of [owner, tracking, proof]) assert.equal(content.includes(secret), false, name);
  });
});

describe('a state folder that is not the user’s own', () => {
  let scratch: string;
  beforeEach(() => {
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-'));
  });
  afterEach(() => fs.rmSync(scratch, { recursive: true, force: true }));

  const startWith = (state: string) =>
    spawnSync(process.execPath, [DAEMON_MAIN, '--store', path.join(scratch, STORE_FOLDER)], {
      env: { ...process.env, MODELTHAT_STATE_DIR: state },
      encoding: 'utf8',
    });

  it('is refused when it is a symbolic link', () => {
    const real = path.join(scratch, 'elsewhere');
    const link = path.join(scratch, 'state');
    fs.mkdirSync(real);
    fs.symlinkSync(real, link, 'dir');
    const { status, stderr } = startWith(link);
    assert.equal(status, 1);
    assert.match(stderr, /state is not a plain folder/);
    assert.deepEqual(fs.readdirSync(real), []);
  });

  it('is refused when it is another user’s (tried as root only)', function () {
    if (!root) this.skip();
    const foreign = path.join(scratch, 'state');
    fs.mkdirSync(foreign, { mode: 0o777 });
    fs.chownSync(foreign, NOBODY, NOBODY);
    const { status, stderr } = startWith(foreign);
    assert.equal(status, 1);
    assert.match(stderr, /belongs to another user/);
  });

  it('is made private when others could enter it (not on Windows)', function () {
    if (process.platform === 'win32') this.skip();
    const open = path.join(scratch, 'state');
    fs.mkdirSync(open);
    fs.chmodSync(open, 0o777);
    process.env.MODELTHAT_STATE_DIR = open;
    storeState(scratch);
    assert.equal(modeOf(open), 0o700);
  });
});

describe('a store that cannot be used', () => {
  let place: TestPlace;
  beforeEach(() => {
    place = testPlace();
  });
  afterEach(() => place.remove());

  it('is named with the remedy when it cannot be written (not on Windows)', function () {
    if (process.platform === 'win32') this.skip();
    fs.rmSync(place.store, { recursive: true });
    fs.writeFileSync(place.store, 'a file where the folder should be');
    const { status, stderr } = spawnSync(process.execPath, [DAEMON_MAIN, '--store', place.store], {
      env: place.env,
      encoding: 'utf8',
    });
    assert.equal(status, 1);
    assert.match(stderr, /\.modelthat cannot be written .* choose another folder/);
  });
});

async function logSomething({ trackingClient }: TestDaemon): Promise<void> {
  await trackingClient.fetch('/api/2.0/mlflow/experiments/create', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'private' }),
  });
  await assert.rejects(trackingClient.fetch('/api/2.0/mlflow/experiments/get?experiment_id=no-such'));
}

function modeOf(file: string): number {
  return fs.lstatSync(file).mode & 0o777;
}

function everythingBelow(folder: string): string[] {
  const names = fs.readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...names.map(name => path.join(folder, name))];
}

/** Addresses, as the kernel writes them, on which something listens on this port. */
function listeningAddresses(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const tables = execFileSync('cat', ['/proc/net/tcp', '/proc/net/tcp6'], { encoding: 'utf8' });
  return [...tables.matchAll(/^ *\d+: ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A/gm)]
    .filter(match => match[2] === hex)
    .map(match => match[1] ?? '');
}
