import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { contentOf } from '../../../daemon/environments/requirements.ts';
import { Environments } from '../../../daemon/environments/service.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

const UV = path.join(import.meta.dirname, 'requirements-uv.txt');
const FIRST_TIME_MS = 300_000;

/** A package of one module that says its version. */
async function wheel(folder: string, version: string): Promise<void> {
  const about = `greeting-${version}.dist-info`;
  const files = {
    'greeting.py': `version = "${version}"\n`,
    [`${about}/METADATA`]: `Metadata-Version: 2.1\nName: greeting\nVersion: ${version}\n`,
    [`${about}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${about}/RECORD`]: `greeting.py,,\n${about}/METADATA,,\n${about}/WHEEL,,\n${about}/RECORD,,\n`,
  };
  const staging = path.join(folder, `greeting-${version}`);
  mkdirSync(path.join(staging, about), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(staging, name), text);
  const archive = path.join(folder, `greeting-${version}-py3-none-any.whl`);
  await execa('python3', ['-m', 'zipfile', '-c', archive, 'greeting.py', about], { cwd: staging });
  rmSync(staging, { recursive: true });
}

describe('Python environments by uv.lock', () => {
  const originalPath = process.env.PATH ?? '';
  let scratch: string;
  let uv: string;

  before(async function () {
    this.timeout(FIRST_TIME_MS);
    uv = path.join(path.dirname(await ensurePythonEnvironment(UV)), 'uv');
  });
  beforeEach(() => {
    scratch = realpathSync(mkdtempSync(path.join(tmpdir(), 'modelthat-uv-')));
    mkdirSync(path.join(scratch, 'environments'));
    process.env.PATH = `${path.dirname(uv)}${path.delimiter}${originalPath}`;
  });
  afterEach(() => {
    process.env.PATH = originalPath;
    rmSync(scratch, { recursive: true });
  });

  const environments = () =>
    new Environments({ folder: path.join(scratch, 'environments'), workspace: scratch, chosen: undefined });

  function ensure(project: string) {
    const requirements = path.join(project, 'pyproject.toml');
    return environments().ensure({ requirements, line: () => {}, signal: new AbortController().signal });
  }

  /** A project that depends on a package, and is locked. */
  async function project(name: string): Promise<string> {
    const folder = path.join(scratch, name);
    await wheel(path.join(folder, 'wheels'), '1.0');
    writeFileSync(
      path.join(folder, 'pyproject.toml'),
      [
        '[project]',
        'name = "sales"',
        'version = "0.1"',
        'requires-python = ">=3.10"',
        'dependencies = ["greeting"]',
        '[tool.uv]',
        'no-index = true',
        'find-links = ["wheels"]',
        '',
      ].join('\n'),
    );
    await execa(uv, ['lock', '--project', folder]);
    return folder;
  }

  it('hold what the lock says, also when there is something newer, and are shared by projects', async () => {
    const first = await project('first');
    const second = path.join(scratch, 'second');
    cpSync(first, second, { recursive: true });
    await wheel(path.join(first, 'wheels'), '2.0');
    const made = await ensure(first);
    const python = path.join(made.bin, 'python');
    const { stdout } = await execa(python, ['-c', 'import greeting; print(greeting.version)']);
    assert.equal(stdout, '1.0');
    assert.equal(made.lock, 'greeting==1.0\n');
    assert.deepEqual(await ensure(second), made);
    await execa(uv, ['lock', '--upgrade', '--project', first]);
    const fresh = await ensure(first);
    assert.notEqual(fresh.root, made.root, 'another lock, another environment');
    assert.equal(fresh.lock, 'greeting==2.0\n');
  }).timeout(60_000);

  it('are not shared where they refer to the folder of the project', async () => {
    const folder = await project('editable');
    const other = path.join(scratch, 'other');
    const file = path.join(folder, 'pyproject.toml');
    cpSync(folder, other, { recursive: true });
    assert.deepEqual(contentOf(file), contentOf(path.join(other, 'pyproject.toml')));
    for (const each of [folder, other]) {
      const lock = path.join(each, 'uv.lock');
      writeFileSync(lock, '[[package]]\nname = "sales"\nsource = { editable = "." }\n');
    }
    assert.notDeepEqual(contentOf(file), contentOf(path.join(other, 'pyproject.toml')));
  });

  it('say what to do without uv, and without a lock', async () => {
    const folder = await project('bare');
    process.env.PATH = '/usr/bin:/bin';
    await assert.rejects(ensure(folder), /uv is needed for .*pyproject.toml.*uv export/);
    rmSync(path.join(folder, 'uv.lock'));
    await assert.rejects(ensure(folder), /There is no .*uv.lock. Make it: uv lock/);
  });
});
