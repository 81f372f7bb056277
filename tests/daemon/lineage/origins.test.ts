/** What runs were made from: code, data and environment, and how the code of two differs. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { execa } from 'execa';
import { getCodeChanges, getCodeFile, getOrigins } from '../../../daemon/contract/origins.ts';
import type { Execution } from '../../../daemon/contract/pipelines.ts';
import { searchRuns } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { run, write } from '../../support/pipelines.ts';

const PIPELINE = [
  'name: made',
  'steps:',
  '  prepare: { run: python3 prepare.py, deps: [raw.csv], outs: [clean.csv] }',
  '  train: { run: python3 train.py, deps: [clean.csv, labels.csv], outs: [model.txt] }',
];

for (const withGit of [true, false])
  describe(`what runs were made from, ${withGit ? 'with' : 'without'} git`, () => {
    let daemon: TestDaemon;
    let first: Execution;
    let second: Execution;
    const git = (...args: string[]) => execa('git', args, { cwd: daemon.place.workspace });

    before(async () => {
      daemon = await startDaemon();
      write(daemon, 'raw.csv', '1');
      write(daemon, 'labels.csv', '1');
      write(daemon, 'prepare.py', 'open("clean.csv", "w").write(open("raw.csv").read())');
      write(daemon, 'train.py', 'open("model.txt", "w").write("one")');
      if (withGit) {
        write(daemon, '.gitignore', '*.csv', '*.txt', '.modelthat');
        await git('init', '--quiet');
        await git('add', '.');
        await git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '--quiet', '-m', 'first');
      }
      first = await run(daemon, PIPELINE);
      write(daemon, 'raw.csv', '2');
      write(daemon, 'train.py', 'open("model.txt", "w").write("two\\n")');
      second = await run(daemon, PIPELINE);
    });
    after(() => daemon.dispose());

    const origins = async (...runIds: string[]) =>
      (await daemon.trackingClient.call(getOrigins, { body: { runIds } })).items;
    const read = async (runId: string, file: string) =>
      (await daemon.client.call(getCodeFile, { query: { run: runId, path: file } })).text;

    it('is the code, and the data that the steps read and did not make', async () => {
      const [before, now] = await origins(first.runId, second.runId);
      assert.deepEqual(Object.keys(before?.data ?? {}).sort(), ['labels.csv', 'raw.csv']);
      assert.notEqual(before?.data['raw.csv'], now?.data['raw.csv']);
      assert.equal(before?.data['labels.csv'], now?.data['labels.csv']);
      assert.notEqual(before?.files['train.py'], now?.files['train.py']);
      assert.equal(before?.source, path.join(daemon.place.workspace, 'modelthat.yaml'));
      assert.deepEqual([before?.code?.dirty, now?.code?.dirty], [withGit, withGit]);
      assert.equal(now?.code?.commit === null, !withGit);
      assert.ok(now?.host);
      // The pipeline names no environment.
      assert.equal(now?.packages, null);
    });

    it('differs in files that are named and can be read as they were', async () => {
      const query = { from: first.runId, to: second.runId };
      const { changes, more } = await daemon.client.call(getCodeChanges, { query });
      assert.deepEqual(changes, [{ path: 'train.py', change: 'changed' }]);
      assert.equal(more, 0);
      assert.equal(await read(first.runId, 'train.py'), 'open("model.txt", "w").write("one")\n');
      assert.equal(await read(second.runId, 'train.py'), 'open("model.txt", "w").write("two\\n")\n');
      assert.equal(await read(second.runId, 'none.py'), '');
    });

    it('gives no file outside of the code', async () => {
      for (const file of ['../secret', '/etc/passwd', '.git/config', '.modelthat/modelthat.db', '__proto__'])
        assert.equal(await read(second.runId, file), '', file);
    });

    it('is not read with a tracking token', async () => {
      const query = { run: second.runId, path: 'train.py' };
      await assert.rejects(daemon.trackingClient.call(getCodeFile, { query }), { code: 'PERMISSION_DENIED' });
    });
  });

describe('what a run outside of pipelines was made from', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  it('is what its client said, which is never taken for an option of git', async () => {
    const wire = new MlflowWire(daemon);
    for (const commit of ['a'.repeat(40), '--output=stolen'])
      await wire.post('runs/create', {
        experiment_id: '0',
        tags: [
          { key: 'mlflow.source.git.commit', value: commit },
          { key: 'mlflow.source.name', value: 'train.py' },
        ],
      });
    const { items: runs } = await daemon.client.call(searchRuns, { body: {} });
    const runIds = runs.map(({ id }) => id);
    const { items } = await daemon.client.call(getOrigins, { body: { runIds: [...runIds, 'gone'] } });
    assert.equal(items.length, 2);
    assert.deepEqual(
      items.map(({ source }) => source),
      ['train.py', 'train.py'],
    );
    assert.deepEqual(
      items.map(({ code }) => code?.dirty),
      [null, null],
    );
    const [from = '', to = ''] = runIds;
    const { changes, remarks } = await daemon.client.call(getCodeChanges, { query: { from, to } });
    assert.deepEqual(changes, []);
    assert.match(remarks.join(' '), /cannot be compared/);
  });
});
