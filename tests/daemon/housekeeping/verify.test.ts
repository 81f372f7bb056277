import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import { checkStore } from '../../../daemon/contract/about.ts';
import type { Verification } from '../../../daemon/contract/housekeeping.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { assertError, MlflowWire, proxyPath } from '../../support/mlflow.ts';
import { damage, uploadMany } from '../../support/scrub.ts';

/** Asks a daemon. */
async function verifyServed({ client }: TestDaemon): Promise<Verification> {
  return (await runStoreTask(client, { kind: 'verify' }, () => {})).verification;
}

/** Asks the command. */
async function verify(place: TestPlace): Promise<{ exitCode: number; found: Verification }> {
  const { exitCode, stdout, stderr } = await modelthat(place, 'store', 'verify', '--json');
  assert.notEqual(stdout, '', stderr);
  return { exitCode, found: JSON.parse(stdout) as Verification };
}

describe('modelthat store verify', () => {
  let place: TestPlace;
  let daemon: TestDaemon;
  let files: string[];

  before(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
    files = await uploadMany(daemon, 60);
  });
  after(async () => {
    await daemon.stop();
    place.remove();
  });

  it('finds nothing in a sound store, whose files came by upload or otherwise', async () => {
    fs.writeFileSync(path.join(place.store, 'artifacts', 'by-hand.txt'), 'hello');
    const { exitCode, found } = await verify(place);
    assert.equal(exitCode, 0);
    assert.deepEqual(
      { ...found, bytes: undefined },
      { database: [], artifacts: [], files: 60, bytes: undefined, unrecorded: 1, skipped: [] },
    );
  });

  it('finds nothing amiss where files are replaced and deleted while it reads', async () => {
    const wire = new MlflowWire(daemon);
    let verified = false;
    const busy = files.slice(0, 8).map(async file => {
      for (let round = 0; !verified; round += 1) {
        await wire.upload(file, `content ${round} of ${file}`);
        if (round % 3 === 0) await wire.send('DELETE', proxyPath(file));
        await wire.upload(file, `again ${round} of ${file}`);
      }
    });
    const found = await verifyServed(daemon);
    verified = true;
    await Promise.all(busy);
    assert.deepEqual([found.database, found.artifacts], [[], []]);
  });

  it('names each damaged file and no other, and none of them is given out', async () => {
    const bad = damage(place.store, files, { flipped: 6, truncated: 3, deleted: 2 });
    const found = await verifyServed(daemon);
    assert.deepEqual(found.artifacts.map(({ path }) => path).sort(), bad);
    const wire = new MlflowWire(daemon);
    for (const file of files) {
      const answer = await wire.send('GET', proxyPath(file));
      if (!bad.includes(file)) assert.equal(answer.status, 200, file);
      else if (answer.status !== 404) assertError(answer, 410, 'DATA_LOSS', 'Get it back from a backup');
    }
  });

  it('takes a damaged file back when it is uploaded again', async () => {
    const [file = ''] = files.filter(name => fs.existsSync(path.join(place.store, 'artifacts', name)));
    const wire = new MlflowWire(daemon);
    fs.writeFileSync(path.join(place.store, 'artifacts', file), 'broken');
    assert.equal((await wire.send('GET', proxyPath(file))).status, 410);
    await wire.upload(file, 'whole');
    assert.equal((await wire.send('GET', proxyPath(file))).body.toString(), 'whole');
  });

  it('says the same of a store that no daemon serves, and starts none', async () => {
    const served = await verifyServed(daemon);
    await daemon.stop();
    const { exitCode, found } = await verify(place);
    assert.deepEqual([exitCode, found], [1, served]);
    assert.equal(fs.existsSync(path.join(place.state, 'connection.json')), false);
    daemon = await startDaemon({ place });
  });

  it('names what does not fit together in the database', async () => {
    const wire = new MlflowWire(daemon);
    const { runId, artifacts } = await wire.startRun('summaries');
    await wire.post('runs/log-metric', { run_id: runId, key: 'loss', value: 1, timestamp: 1, step: 1 });
    await wire.upload(`${artifacts}/model/MLmodel`, 'flavors: {}\n');
    await wire.post('registered-models/create', { name: 'sales' });
    await wire.post('model-versions/create', {
      name: 'sales',
      source: `runs:/${runId}/model`,
      run_id: runId,
    });
    const connection = new SQLite(path.join(place.store, 'modelthat.db'));
    connection.exec('UPDATE metric_summary SET count = 7');
    connection.close();
    fs.rmSync(path.join(place.store, 'artifacts', artifacts, 'model'), { recursive: true });
    const found = await verifyServed(daemon);
    assert.equal(found.database.length, 2, found.database.join('\n'));
    assert.match(found.database[0] ?? '', new RegExp(`metric 'loss' of run ${runId} \\(7 points\\)`));
    assert.match(found.database[1] ?? '', /sales version 1: its files at .* are gone/);
    const { problems } = await daemon.client.call(checkStore, {});
    assert.equal(problems.length, 1);
  });
});

describe('a store whose database is damaged', () => {
  it('is told of by verify and doctor, without a daemon', async () => {
    const place = testPlace();
    const daemon = await startDaemon({ place });
    await uploadMany(daemon, 4);
    await daemon.stop();
    const file = path.join(place.store, 'modelthat.db');
    const content = fs.readFileSync(file);
    content.fill(0xa5, 4096, 3 * 4096);
    fs.writeFileSync(file, content);
    const { exitCode, found } = await verify(place);
    assert.equal(exitCode, 1);
    assert.ok(found.database.length > 0);
    const doctor = await modelthat(place, 'doctor', '--json');
    const checks = JSON.parse(doctor.stdout) as { name: string; state: string; message: string }[];
    const store = checks.find(({ name }) => name === 'Store');
    assert.equal(store?.state, 'failed', JSON.stringify(store));
    assert.deepEqual(fs.readFileSync(file), content, 'nothing was changed');
    place.remove();
  });
});
