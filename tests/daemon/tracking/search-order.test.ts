import assert from 'node:assert/strict';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { openForWriting } from '../../../daemon/database/open.ts';
import { logBatch } from '../../../daemon/tracking/store/log.ts';
import * as runs from '../../../daemon/tracking/store/runs.ts';
import { searchRuns } from '../../../daemon/tracking/store/search-runs.ts';
import { temporaryFolder } from '../../support/database.ts';

const RUNS = 3000;

describe('searching many runs by a metric', () => {
  const folder = temporaryFolder();
  let connection: Connection;

  before(() => {
    connection = openForWriting(path.join(folder.path, 'modelthat.db'));
    connection.exec('BEGIN');
    for (let place = 0; place < RUNS; place += 1) {
      const runId = runs.createRun(connection, { run: { startTime: place % 7, tags: [] } });
      const value = place % 11 === 0 ? Number.NaN : (place * 37) % 500;
      logBatch(connection, {
        runId,
        batch: {
          metrics: place % 13 === 0 ? [] : [{ key: 'loss', value, step: 0, timestamp: 0 }],
          params: [{ key: 'kind', value: place % 3 === 0 ? 'often' : place % 400 === 1 ? 'seldom' : 'else' }],
          tags: [],
        },
      });
    }
    connection.exec('COMMIT');
  });
  after(() => {
    connection.close();
    folder.remove();
  });

  /** @param orderBy what is asked for; a second term that changes nothing makes all runs be sorted */
  const found = (filter: string, orderBy: string[], limit: number, offset: number) => {
    const page = searchRuns(connection, { filter, orderBy, view: 'active', limit, offset });
    return { ids: page.items.map(run => run.id), more: page.nextPageToken !== undefined };
  };

  for (const order of ['metrics.loss ASC', 'metrics.loss DESC'])
    for (const filter of ['', "params.kind = 'often' AND metrics.loss < 400", "params.kind = 'seldom'"])
      it(`finds page by page what sorting all of them finds: ${filter || 'no filter'}, ${order}`, () => {
        for (const [limit, offset] of [
          [20, 0],
          [50, 500],
          [900, 0],
          [1000, 1900],
        ] as const)
          assert.deepEqual(
            found(filter, [order], limit, offset),
            found(filter, [order, 'attributes.start_time DESC'], limit, offset),
          );
      });
});
