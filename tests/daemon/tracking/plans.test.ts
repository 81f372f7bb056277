import assert from 'node:assert/strict';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import { openForWriting } from '../../../daemon/database/open.ts';
import { getRun } from '../../../daemon/tracking/store/read-runs.ts';
import { createRun } from '../../../daemon/tracking/store/runs.ts';
import { temporaryFolder } from '../../support/database.ts';

/** A table that is gone through by keys which belong to the wanted runs. */
const BY_THE_RUN = /json_each|PRIMARY KEY \(|\((run|id|uuid|value)=\?/;

describe('what the database goes through', () => {
  it('to read a run is nothing of other runs', () => {
    const folder = temporaryFolder();
    const connection = openForWriting(path.join(folder.path, 'modelthat.db'));
    try {
      const runId = createRun(connection, { run: { tags: [] } });
      const prepare = connection.prepare.bind(connection);
      const read = new Set<string>();
      connection.prepare = ((sql: string) => {
        read.add(sql);
        return prepare(sql);
      }) as Connection['prepare'];
      getRun(connection, { runId });
      assert.ok(read.size > 5);
      const steps = [...read].flatMap(sql =>
        prepare(`EXPLAIN QUERY PLAN ${sql}`)
          .all(Array(sql.split('?').length - 1).fill(null))
          .map(step => (step as { detail: string }).detail),
      );
      const others = steps.filter(step => /^(SEARCH|SCAN)/.test(step) && !BY_THE_RUN.test(step));
      assert.deepEqual(others, []);
    } finally {
      connection.close();
      folder.remove();
    }
  });
});
