import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { Environments } from '../../../daemon/environments/service.ts';

describe('Python environments', () => {
  const originalPath = process.env.PATH ?? '';
  let scratch: string;
  let requirements: string;

  beforeEach(() => {
    scratch = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-environments-')));
    mkdirSync(path.join(scratch, 'environments'));
    mkdirSync(path.join(scratch, 'bin'));
    requirements = path.join(scratch, 'requirements.txt');
    writeFileSync(requirements, '');
  });
  afterEach(() => {
    process.env.PATH = originalPath;
    rmSync(scratch, { recursive: true });
  });

  function environments(chosen?: string): Environments {
    return new Environments({ folder: path.join(scratch, 'environments'), workspace: scratch, chosen });
  }

  function ensure(made: Environments, lines: string[] = [], signal = new AbortController().signal) {
    return made.ensure({ requirements, line: line => lines.push(line), signal });
  }

  /** Puts a program on an otherwise empty PATH. */
  async function stub(name: string, ...script: string[]): Promise<string> {
    const file = path.join(scratch, 'bin', name);
    writeFileSync(file, ['#!/bin/sh', ...script, ''].join('\n'));
    chmodSync(file, 0o755);
    return file;
  }

  /** A Python that tells of itself what is said here. */
  function pretender(version: number[], canMakeEnvironments: boolean, rest = 'exit 1'): Promise<string> {
    const told = JSON.stringify({
      executable: path.join(scratch, 'bin', 'python3'),
      version,
      platform: 'test',
      implementation: 'CPython',
      canMakeEnvironments,
    });
    return stub('python3', `if [ "$1" = -I ]; then echo '${told}'; exit 0; fi`, rest);
  }

  it('makes an environment once, with its lock, and finds it again', async () => {
    const first = environments();
    const lines: string[] = [];
    const [one, two] = await Promise.all([ensure(first, lines), ensure(first)]);
    assert.deepEqual(one, two);
    const { stdout } = await execa(path.join(one.bin, 'python'), ['-c', 'import sys; print(sys.prefix)']);
    assert.equal(stdout, one.root);
    assert.deepEqual(await ensure(environments()), one);
    assert.equal(readdirSync(path.join(scratch, 'environments')).length, 2, 'one folder and its link');
    writeFileSync(requirements, '# other\n');
    assert.notEqual((await ensure(first)).root, one.root);
  });

  it('says that there is no Python', async () => {
    process.env.PATH = path.join(scratch, 'bin');
    await assert.rejects(
      ensure(environments()),
      /Python 3.10 or newer is needed; none was found.*Install Python/,
    );
  });

  it('says that the chosen Python cannot be run', async () => {
    await assert.rejects(
      ensure(environments('/no/such/python')),
      /\/no\/such\/python cannot be run.*MODELTHAT_PYTHON/,
    );
  });

  it('says that Python is too old', async () => {
    process.env.PATH = path.join(scratch, 'bin');
    await pretender([3, 8, 2], true);
    await assert.rejects(ensure(environments()), /python3 is 3\.8\.2/);
  });

  it('says what to install where Debian left venv out', async () => {
    process.env.PATH = path.join(scratch, 'bin');
    await pretender([3, 11, 2], false);
    await assert.rejects(ensure(environments()), /apt install python3-venv.*uv/);
  });

  it('shows the last lines of a pip that fails, and leaves nothing behind', async () => {
    process.env.PATH = `${path.join(scratch, 'bin')}:/usr/bin:/bin`;
    // `-m venv DIR` makes a folder whose Python is a pip that fails.
    await pretender(
      [3, 11, 2],
      true,
      `mkdir -p "$3/bin"; printf '#!/bin/sh\\necho Collecting nonsense\\necho "ERROR: No matching distribution" >&2\\nexit 1\\n' > "$3/bin/python"; chmod +x "$3/bin/python"`,
    );
    const lines: string[] = [];
    const error = await ensure(environments(path.join(scratch, 'bin', 'python3')), lines).catch(
      error => error,
    );
    assert.ok(error instanceof ApiError);
    assert.match(
      error.message,
      /requirements.txt could not be made: python pip install failed:.*ERROR: No matching/s,
    );
    assert.ok(lines.includes('Collecting nonsense'));
    assert.deepEqual(readdirSync(path.join(scratch, 'environments')), []);
  });

  it('ends the installer when nobody wants the environment any more, and not before', async () => {
    process.env.PATH = `${path.join(scratch, 'bin')}:/usr/bin:/bin`;
    await pretender([3, 11, 2], true, 'echo begun; sleep 60');
    const made = environments(path.join(scratch, 'bin', 'python3'));
    const [first, second] = [new AbortController(), new AbortController()];
    const asked = (controller: AbortController, onLine: () => void) =>
      made.ensure({ requirements, line: onLine, signal: controller.signal });
    let staying: Promise<unknown> = Promise.resolve();
    await new Promise<void>(begun => {
      const leaving = asked(first, () => {
        staying = asked(second, () => {}).catch(error => error.name);
        first.abort();
      }).catch(error => assert.equal(error.name, 'AbortError'));
      void leaving.then(() => begun());
    });
    assert.equal(await Promise.race([staying, Promise.resolve('goes on')]), 'goes on');
    second.abort();
    assert.equal(await staying, 'AbortError');
    while (readdirSync(path.join(scratch, 'environments')).length > 0) await sleep(10);
  });

  it('names a requirements file that is missing', async () => {
    writeFileSync(requirements, '-r other.txt\n');
    await assert.rejects(ensure(environments()), /other.txt cannot be read/);
    assert.ok(!existsSync(path.join(scratch, 'other.txt')));
  });

  it('reads requirements of nothing but empty lines at once', async () => {
    writeFileSync(requirements, `${'\n'.repeat(1_000_000)}-r other.txt\n`);
    await assert.rejects(ensure(environments()), /other.txt cannot be read/);
  });

  it('sweeps what another daemon left half made, a link to nothing included', async () => {
    process.env.PATH = `${path.join(scratch, 'bin')}:/usr/bin:/bin`;
    const folder = path.join(scratch, 'environments');
    // The name of the folder that is being made tells the environment's key.
    await pretender([3, 11, 2], true, 'echo "$3"; exit 1');
    const made = environments(path.join(scratch, 'bin', 'python3'));
    const lines: string[] = [];
    await ensure(made, lines).catch(() => {});
    const left = `${path.basename(lines[0] ?? '').slice(0, 20)}-left.link`;
    symlinkSync(path.join(folder, 'nothing'), path.join(folder, left));
    lutimesSync(path.join(folder, left), 0, 0);
    await assert.rejects(ensure(made), /could not be made/);
    assert.deepEqual(readdirSync(folder), []);
  });
});
