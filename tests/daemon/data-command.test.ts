import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { modelthat } from '../support/cli.ts';
import { type TestPlace, testPlace } from '../support/daemon.ts';

describe('modelthat data', () => {
  let place: TestPlace;
  beforeEach(() => {
    place = testPlace();
    place.env.PATH = '/nowhere';
    delete place.env.VIRTUAL_ENV;
  });
  afterEach(() => place.remove());

  it("runs the project's own DVC in the terminal, with its exit code", async function () {
    if (process.platform === 'win32') return this.skip();
    const bin = path.join(place.workspace, '.venv/bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(bin, 'dvc'), '#!/bin/sh\necho "dvc $*"\nexit 7\n');
    chmodSync(path.join(bin, 'dvc'), 0o755);
    const pulled = await modelthat(place, 'data', 'pull', 'raw data.dvc', '--jobs', '4');
    assert.deepEqual([pulled.stdout, pulled.exitCode], ['dvc pull raw data.dvc --jobs 4', 7]);
    assert.equal((await modelthat(place, 'data', 'push', '-r', 'backup')).stdout, 'dvc push -r backup');
  });

  it('says how to get DVC where there is none', async () => {
    const { exitCode, stderr } = await modelthat(place, 'data', 'pull');
    assert.equal(exitCode, 1);
    assert.match(
      stderr,
      /DVC is neither in this project’s environment nor on the PATH\. Install it.*pip install/,
    );
  });
});
