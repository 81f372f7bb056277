import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { openPlace } from '../../../daemon/client/store.ts';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import type { Backup, Restored } from '../../../daemon/contract/housekeeping.ts';
import { getRun } from '../../../daemon/contract/runs.ts';
import { restore } from '../../../daemon/housekeeping/restore.ts';
import { type CliResult, modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { MlflowWire, proxyPath } from '../../support/mlflow.ts';
import { uploadMany } from '../../support/scrub.ts';

const parse = <Result>({ stdout, stderr }: CliResult): Result => {
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as Result;
};

describe('modelthat store backup', () => {
  let place: TestPlace;
  let daemon: TestDaemon;
  let files: string[];
  let first: Backup;

  before(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
    files = await uploadMany(daemon, 24);
  });
  after(async () => {
    await daemon.stop();
    place.remove();
  });

  const backUp = async (folder?: string): Promise<Backup> =>
    (await runStoreTask(daemon.client, { kind: 'backup', path: folder }, () => {})).backup;
  const restoreFirst = (store: string, force = false) =>
    restore(
      { backup: first.path, store, force },
      { progress: () => {}, signal: new AbortController().signal },
    );
  const artifact = (root: string, file: string) => path.join(root, 'artifacts', ...file.split('/'));

  it('holds every write that was acknowledged before it began, made while others go on', async () => {
    const wire = new MlflowWire(daemon);
    const { runId } = await wire.startRun('busy');
    let step = 0;
    let going = true;
    const log = async () => {
      while (going) {
        const at = step;
        await wire.post('runs/log-batch', {
          run_id: runId,
          metrics: [{ key: 'loss', value: at, step: at, timestamp: at }],
        });
        step = at + 1;
      }
    };
    const logging = log();
    while (step < 20) await new Promise(setImmediate);
    const before = step;
    first = await backUp();
    going = false;
    await logging;
    assert.deepEqual(first.damaged, []);
    const store = path.join(place.workspace, 'elsewhere');
    const restored = await restoreFirst(store);
    assert.deepEqual([restored.store, restored.movedTo], [store, null]);
    const next = await startDaemon({ place: { ...place, ...openPlace(store) } });
    const { verification } = await runStoreTask(next.client, { kind: 'verify' }, () => {});
    assert.deepEqual(
      [verification.database, verification.artifacts, verification.files],
      [[], [], files.length],
    );
    const { metrics } = await next.client.call(getRun, { params: { runId } });
    assert.ok((metrics.loss?.count ?? 0) >= before, `${metrics.loss?.count} of ${before}`);
    await next.stop();
  });

  it('shares unchanged artifacts with the backup before it, and none with the store', async () => {
    const second = await backUp();
    const [file = ''] = files;
    const inode = (root: string) => fs.statSync(artifact(root, file)).ino;
    assert.equal(inode(second.path), inode(first.path));
    assert.notEqual(inode(second.path), inode(place.store));
  });

  it('names damaged artifacts, and has them whole where an earlier backup does', async () => {
    const wire = new MlflowWire(daemon);
    const [old = ''] = files;
    const fresh = old.replace(/[^/]*$/, 'fresh.bin');
    await wire.upload(fresh, 'new content');
    for (const file of [old, fresh]) fs.appendFileSync(artifact(place.store, file), 'x');
    const result = await modelthat(place, 'store', 'backup', '--json');
    const made = parse<Backup>(result);
    assert.deepEqual([result.exitCode, made.damaged], [1, [fresh]]);
    assert.deepEqual(fs.readFileSync(artifact(made.path, old)), fs.readFileSync(artifact(first.path, old)));
  });

  it('goes to a new folder only, and not among the store’s own files', async () => {
    await assert.rejects(backUp(first.path), /There is something at/);
    await assert.rejects(backUp(path.join(place.store, 'artifacts/b')), /lies in the store itself/);
    const leftovers = fs.readdirSync(path.join(place.store, 'backups')).filter(name => /partial/.test(name));
    assert.deepEqual(leftovers, []);
  });

  it('is not restored over a store in use, nor over one that holds something unless forced', async () => {
    await assert.rejects(restoreFirst(place.store, true), /is in use. Stop its daemon first/);
    await daemon.stop();
    await assert.rejects(restoreFirst(place.store), /holds something. With --force/);
    const now = fs.readFileSync(path.join(place.store, 'modelthat.db'));
    const { movedTo } = parse<Restored>(
      await modelthat(place, 'store', 'restore', first.path, '--force', '--json'),
    );
    assert.deepEqual(fs.readFileSync(path.join(movedTo ?? '', 'modelthat.db')), now);
    assert.ok(fs.existsSync(first.path), 'the backups stay with the store');
    daemon = await startDaemon({ place });
    const [file = ''] = files;
    assert.equal((await new MlflowWire(daemon).send('GET', proxyPath(file))).status, 200);
  });

  it('is refused whole when a byte of it is damaged, is missing, or leads elsewhere', async () => {
    await daemon.stop();
    const before = fs.readdirSync(place.store).sort();
    const refused = (why: RegExp) => assert.rejects(restoreFirst(place.store, true), why);
    const [file = '', other = ''] = files;
    const place1 = artifact(first.path, file);
    const content = fs.readFileSync(place1);
    fs.writeFileSync(place1, Buffer.from(content).fill(0, 0, 1));
    fs.renameSync(artifact(first.path, other), `${place1}.moved`);
    await refused(/(?=.*is not what was backed up).*is missing/);
    fs.writeFileSync(place1, content);
    const manifest = path.join(first.path, 'manifest.json');
    const told = fs.readFileSync(manifest, 'utf8');
    fs.writeFileSync(manifest, told.replace(`artifacts/${file}`, '../../outside'));
    await refused(/names ..\/..\/outside, outside of it/);
    fs.rmSync(manifest);
    await refused(/is no backup of a store/);
    assert.deepEqual(fs.readdirSync(place.store).sort(), before);
    assert.deepEqual(
      fs.readdirSync(place.workspace).filter(name => /restoring/.test(name)),
      [],
    );
    daemon = await startDaemon({ place });
  });
});
