import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { openForWriting } from '../../../daemon/database/open.ts';
import { getRun } from '../../../daemon/tracking/store/read-runs.ts';
import { temporaryFolder } from '../../support/database.ts';
import { type Acknowledged, METRICS } from '../../support/logging-process.ts';

const PROGRAM = fileURLToPath(new URL('../../support/logging-process.ts', import.meta.url));
const KILLS = 20;

/** Logs until `count` writes were acknowledged, then kills the process. @returns all that it acknowledged */
async function logAndKill(file: string, count: number): Promise<Acknowledged[]> {
  const child = fork(PROGRAM, [file, '0']);
  const acknowledged: Acknowledged[] = [];
  child.on('message', message => {
    acknowledged.push(message as Acknowledged);
    if (acknowledged.length === count) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  assert.equal(signal, 'SIGKILL');
  return acknowledged;
}

describe('kill -9 of a process that logs', function () {
  this.timeout(120_000);

  it(`loses nothing acknowledged and keeps no half batch, ${KILLS} times over`, async () => {
    const folder = temporaryFolder();
    const file = path.join(folder.path, 'modelthat.db');
    try {
      for (let kill = 0; kill < KILLS; kill += 1) {
        const acknowledged = await logAndKill(file, 1 + 13 * kill);
        const connection = openForWriting(file);
        assert.equal(connection.pragma('integrity_check', { simple: true }), 'ok');
        assert.deepEqual(connection.pragma('foreign_key_check'), []);
        for (const [runId, steps] of Map.groupBy(acknowledged, write => write.runId)) {
          const run = getRun(connection, { runId });
          const last = Number(run.tags.step);
          assert.ok(last >= Math.max(...steps.map(write => write.step)), 'an acknowledged tag is lost');
          // Every batch up to the last is whole: all its metrics and its param.
          assert.equal(Object.keys(run.params).length, last + 1);
          assert.equal(Object.keys(run.metrics).length, METRICS);
          for (const metric of Object.values(run.metrics))
            assert.deepEqual([metric.count, metric.step, metric.last], [last + 1, last, last]);
        }
        connection.close();
      }
    } finally {
      folder.remove();
    }
  });
});
