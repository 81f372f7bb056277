import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LocalExecutor } from '../../../daemon/pipelines/executors/local.ts';
import { ExecutionFiles } from '../../../daemon/pipelines/files.ts';

describe('the local executor', () => {
  let folder: string;
  let files: ExecutionFiles;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'modelthat-executor-'));
    files = new ExecutionFiles(folder, folder);
    files.create('e1');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const submit = (...commands: string[][]) =>
    new LocalExecutor(files).submit({
      executionId: 'e1',
      step: 'a',
      commands,
      cwd: folder,
      env: { PATH: process.env.PATH ?? '' },
    });

  it('finds a job again by what it wrote of itself, or by its mark', async () => {
    const handle = await submit(['sleep', '100']);
    const next = new LocalExecutor(files);
    while (!(await next.recover('e1', 'a'))) await new Promise(setImmediate);
    assert.deepEqual(await next.recover('e1', 'a'), handle);
    rmSync(files.ofStep('e1', 'a').identity, { force: true });
    assert.deepEqual(await next.recover('e1', 'a'), handle);
    assert.equal(await next.recover('e1', 'b'), undefined);
    const ended = next.watch('e1', 'a', handle);
    assert.match(await next.cancel('e1', 'a', handle, AbortSignal.abort()), /by force/);
    assert.match((await ended).message, /without recording/);
    assert.equal(await next.isRunning(handle), false);
  });

  it('tells the exit code of a job that nobody watched', async () => {
    const handle = await submit(['sh', '-c', 'exit 41']);
    const next = new LocalExecutor(files);
    const { exitCode, message } = await next.watch('e1', 'a', handle);
    assert.deepEqual([exitCode, message], [41, 'exit code 41']);
  });
});
