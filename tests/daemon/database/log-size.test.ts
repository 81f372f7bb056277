import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { openDatabase } from '../../../daemon/database/database.ts';
import { temporaryFolder } from '../../support/database.ts';

const LIMIT = 512 * 1024;
const POINTS = 20_000;
const READERS = 4;

describe('the write-ahead log', () => {
  it('stays small while reads overlap without a pause', async () => {
    const folder = temporaryFolder();
    const file = path.join(folder.path, 'modelthat.db');
    const database = await openDatabase(file, error => assert.fail(error), LIMIT);
    const run = await database.write('tracking.createRun', { run: { tags: [] } });
    const metrics = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) => ({
        key: 'm',
        value: Math.sin(from + index),
        step: from + index,
        timestamp: 1,
      }));
    const log = (from: number, count: number) =>
      database.write('tracking.logBatch', {
        runId: run.id,
        batch: { metrics: metrics(from, count), params: [], tags: [] },
      });
    for (let from = 0; from < POINTS; from += 1_000) await log(from, 1_000);
    let writing = true;
    const reading = Array.from({ length: READERS }, async () => {
      while (writing)
        await database.readJson('tracking.metricHistoryBody', { runId: run.id, key: 'm', limit: POINTS });
    });
    let largest = 0;
    for (let turn = 0; turn < 300; turn += 1) {
      await log(POINTS + turn * 10, 10);
      largest = Math.max(largest, fs.statSync(`${file}-wal`).size);
    }
    writing = false;
    await Promise.all(reading);
    await database.close();
    folder.remove();
    assert.ok(largest < 2 * LIMIT, `it grew to ${largest} bytes, where ${LIMIT} are its limit`);
  });
});
