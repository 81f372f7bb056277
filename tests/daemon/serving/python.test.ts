import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { PythonEnvironment } from '../../../daemon/environments/service.ts';
import type { ServableVersion } from '../../../daemon/serving/model.ts';
import { pythonFinder, type ServingEnvironments } from '../../../daemon/serving/python.ts';

const PYTHON = process.platform === 'win32' ? 'python.exe' : 'python';

function environment(name: string): PythonEnvironment {
  return { root: name, bin: path.join(name, 'bin'), lock: '', hash: name };
}

/** Environments of which one, `trained`, is there already; making one takes minutes, so none is made. */
const ENVIRONMENTS: ServingEnvironments = {
  find: async hash => (hash === 'trained' ? environment('trained') : undefined),
  ensure: async ({ requirements, line }) => {
    line(`installing ${fs.readFileSync(requirements, 'utf8')}`);
    return environment('made');
  },
  interpreter: async () => ({
    executable: 'interpreter',
    version: [3, 12, 0],
    platform: 'linux-x86_64',
    implementation: 'CPython',
    canMakeEnvironments: true,
  }),
};

describe('the Python of a model', () => {
  let folder: string;
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-python-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

  function pythonOf(recorded: string | null, line: (line: string) => void = () => {}): Promise<string> {
    const version: ServableVersion = {
      name: 'm',
      version: 1,
      stage: 'None',
      folder,
      environment: recorded,
      release: null,
    };
    return pythonFinder(ENVIRONMENTS)(version, line);
  }

  it('is that of its training when that is still there', async () => {
    fs.writeFileSync(path.join(folder, 'requirements.txt'), 'lightgbm');
    assert.equal(await pythonOf('trained'), path.join('trained', 'bin', PYTHON));
  });

  it('is made from the requirements it brings otherwise, and the log tells of it', async () => {
    fs.writeFileSync(path.join(folder, 'requirements.txt'), 'lightgbm');
    const lines: string[] = [];
    assert.equal(await pythonOf('gone', line => lines.push(line)), path.join('made', 'bin', PYTHON));
    assert.equal(lines.at(-1), 'installing lightgbm');
    assert.equal(await pythonOf(null), path.join('made', 'bin', PYTHON));
  });

  it('is the one that environments are made with when nothing is known', async () => {
    assert.equal(await pythonOf(null), 'interpreter');
  });
});
