import assert from 'node:assert/strict';
import path from 'node:path';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { openDatabase } from '../../../daemon/database/database.ts';
import { ReadGate } from '../../../daemon/database/read-gate.ts';
import { Writer } from '../../../daemon/database/writer.ts';
import { openTracking, type TestTracking, temporaryFolder } from '../../support/database.ts';

const writing = (file: string) => ({ file, gate: ReadGate.memory() });

describe('the writer thread', () => {
  it('refuses what exceeds its queue with the time to wait, and keeps what it took', async () => {
    const folder = temporaryFolder();
    const writer = await Writer.start(
      writing(path.join(folder.path, 'test.db')),
      error => assert.fail(error),
      10_000,
    );
    const name = (index: number) => `${index} `.padEnd(400, 'x');
    const create = (index: number) =>
      writer.write('tracking.createExperiment', { name: name(index), artifactRoot: 'x:/', tags: [] });
    const settled = await Promise.allSettled(Array.from({ length: 100 }, (_, index) => create(index)));
    const refused = settled
      .filter(result => result.status === 'rejected')
      .map(result => result.reason as ApiError);
    assert.ok(refused.length > 0 && refused.length < 100, `${refused.length} of 100 refused`);
    for (const error of refused) {
      assert.equal(error.code, 'REQUEST_LIMIT_EXCEEDED');
      assert.deepEqual(error.details, { retryAfter: 1 });
    }
    for (const [index, result] of settled.entries())
      if (result.status === 'rejected') await create(index);
      else await assert.rejects(create(index), { code: 'RESOURCE_ALREADY_EXISTS' });
    await writer.close();
    folder.remove();
  });

  it('answers reads, as reader threads do, until those are started', async () => {
    const folder = temporaryFolder();
    const database = await openDatabase(path.join(folder.path, 'test.db'), error => assert.fail(error));
    const { id } = await database.write('tracking.createExperiment', {
      name: 'one',
      artifactRoot: 'x:/',
      tags: [],
    });
    for (const start of [() => {}, database.startReaders]) {
      start();
      assert.equal((await database.read('tracking.getExperiment', { id })).name, 'one');
      await assert.rejects(database.read('tracking.getExperiment', { id: '99' }), {
        code: 'RESOURCE_DOES_NOT_EXIST',
      });
    }
    await database.close();
    folder.remove();
  });

  it('goes on after it gave its memory back', async () => {
    const { database, tracking, close } = await openTracking();
    const { id } = await tracking.createRun({ tags: [] });
    database.release();
    const point = { key: 'loss', value: 1, timestamp: 1, step: 1 };
    await tracking.logBatch(id, { metrics: [point], params: [], tags: [] });
    assert.equal((await tracking.getRun(id)).metrics.loss?.last, 1);
    await close();
  });

  it('tells what is wrong with a file that it cannot open', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder.path, 'no such folder', 'test.db');
    await assert.rejects(
      Writer.start(writing(file), () => {}),
      /directory does not exist/,
    );
    folder.remove();
  });

  it('writes what is queued before it closes, and then refuses', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder.path, 'test.db');
    const create = (writer: Writer, name: string) =>
      writer.write('tracking.createExperiment', { name, artifactRoot: 'x:/', tags: [] });
    const first = await Writer.start(writing(file), error => assert.fail(error));
    const queued = ['a', 'b', 'c'].map(name => create(first, name));
    await first.close();
    assert.deepEqual(await Promise.all(queued), [{ id: '1' }, { id: '2' }, { id: '3' }]);
    await assert.rejects(create(first, 'd'), { code: 'TEMPORARILY_UNAVAILABLE' });
    const second = await Writer.start(writing(file), error => assert.fail(error));
    await assert.rejects(create(second, 'c'), { code: 'RESOURCE_ALREADY_EXISTS' });
    await second.close();
    folder.remove();
  });
});

describe('readers', () => {
  let store: TestTracking;
  before(async () => {
    store = await openTracking();
  });
  after(() => store.close());

  it('see every write that was acknowledged', async () => {
    for (let index = 0; index < 50; index += 1) {
      const { id } = await store.tracking.experiments.create({ name: `experiment ${index}` });
      assert.equal((await store.tracking.experiments.get(id)).name, `experiment ${index}`);
    }
  });

  it('serialise answers and refuse with the same errors', async () => {
    const run = await store.tracking.createRun({ tags: [] });
    const json = await store.tracking.getRunJson(run.id);
    assert.deepEqual(JSON.parse(Buffer.from(json).toString('utf8')), run);
    await assert.rejects(store.tracking.getRunJson('none'), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.message, 'Run with id=none not found');
      return error.code === 'RESOURCE_DOES_NOT_EXIST';
    });
  });
});
