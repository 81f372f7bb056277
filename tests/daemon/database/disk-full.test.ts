import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { openDatabase } from '../../../daemon/database/database.ts';
import { openForReading, openForWriting } from '../../../daemon/database/open.ts';
import { EventBus } from '../../../daemon/events/bus.ts';
import { TrackingService } from '../../../daemon/tracking/service.ts';
import { temporaryFolder } from '../../support/database.ts';
import { mountSmall } from '../../support/small-disk.ts';

describe('a full disk', () => {
  it('leaves the old schema when there is no room for the backup', async function () {
    const folder = temporaryFolder();
    const unmountable = mountSmall(folder.path);
    if (unmountable) {
      console.log(`skipped: ${unmountable}`);
      folder.remove();
      this.skip();
    }
    const file = path.join(folder.path, 'modelthat.db');
    const first = 'CREATE TABLE thing (bytes BLOB); INSERT INTO thing VALUES (zeroblob(2000000))';
    try {
      openForWriting(file, [first]).close();
      fs.writeFileSync(path.join(folder.path, 'ballast'), Buffer.alloc(5 * 1024 * 1024));
      assert.throws(() => openForWriting(file, [first, 'DROP TABLE thing']), {
        code: 'INSUFFICIENT_STORAGE',
        message: /Free 2 MB/,
      });
      const connection = openForReading(file);
      assert.equal(connection.pragma('user_version', { simple: true }), 1);
      connection.close();
      assert.deepEqual(fs.readdirSync(path.join(folder.path, 'backups')), []);
    } finally {
      spawnSync('umount', [folder.path]);
      folder.remove();
    }
  });

  it('refuses what does not fit, keeps what was acknowledged, and goes on when there is space again', async function () {
    const folder = temporaryFolder();
    const unmountable = mountSmall(folder.path);
    if (unmountable) {
      console.log(`skipped: ${unmountable}`);
      folder.remove();
      this.skip();
    }
    try {
      const database = await openDatabase(path.join(folder.path, 'modelthat.db'), error =>
        assert.fail(error),
      );
      const tracking = new TrackingService(database, new EventBus());
      const { id: runId } = await tracking.createRun({ tags: [] });
      const log = (step: number) =>
        tracking.logBatch(runId, {
          metrics: Array.from({ length: 500 }, (_, index) => ({
            key: 'loss',
            value: step,
            timestamp: index,
            step: step * 500 + index,
          })),
          params: [],
          tags: [],
        });
      fs.writeFileSync(path.join(folder.path, 'ballast'), Buffer.alloc(3 * 1024 * 1024));
      let acknowledged = 0;
      const refused = await (async () => {
        for (;;) {
          try {
            await log(acknowledged);
            acknowledged += 1;
          } catch (error) {
            return error;
          }
        }
      })();
      assert.ok(refused instanceof ApiError, String(refused));
      assert.equal(refused.code, 'INSUFFICIENT_STORAGE');
      assert.ok(acknowledged > 0);
      const count = async () => (await tracking.getRun(runId)).metrics.loss?.count;
      assert.equal(await count(), acknowledged * 500, 'reads go on, and see what was acknowledged');
      fs.rmSync(path.join(folder.path, 'ballast'));
      await log(acknowledged);
      assert.equal(await count(), (acknowledged + 1) * 500);
      await database.close();
    } finally {
      spawnSync('umount', [folder.path]);
      folder.remove();
    }
  });
});
