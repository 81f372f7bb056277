import assert from 'node:assert/strict';
import path from 'node:path';
import { openForReading, openForWriting } from '../../../daemon/database/open.ts';
import { importRun } from '../../../daemon/tracking/store/import.ts';
import { Sealing } from '../../../daemon/tracking/store/sealing.ts';
import { reads } from '../../../daemon/tracking/store.ts';
import { temporaryFolder } from '../../support/database.ts';

const RUN = 'f'.repeat(32);
const DAY_MS = 24 * 3600_000;

describe('long histories', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let file: string;
  beforeEach(() => {
    folder = temporaryFolder();
    file = path.join(folder.path, 'modelthat.db');
  });
  afterEach(() => folder.remove());

  function makeRun(length: number) {
    const connection = openForWriting(file);
    connection.pragma('synchronous = OFF');
    const steps = Float64Array.from({ length }, (_, place) => place);
    connection.transaction(() =>
      importRun(connection, {
        ...{ id: RUN, experimentId: '0', name: 'long', user: 'ada', artifactUri: 'mlflow-artifacts:/0/long' },
        ...{ status: 'RUNNING', lifecycle: 'active', startTime: 1, endTime: null, deletedAt: null },
        ...{ params: [], tags: [], datasets: [], modelInputs: [], modelOutputs: [] },
        metrics: [{ key: 'loss', steps, timestamps: steps, values: steps.map(step => step / 3) }],
      }),
    )();
    return connection;
  }

  for (const [name, read] of Object.entries({
    history: (connection: ReturnType<typeof openForReading>) =>
      reads['tracking.metricHistoryBody'](connection, { runId: RUN, key: 'loss', limit: 100_000 }).metrics
        ?.length,
    chart: (connection: ReturnType<typeof openForReading>) =>
      reads['tracking.metricSeries'](connection, { runId: RUN, keys: ['loss'], buckets: 300 }).series[0]
        ?.total,
  }))
    it(`are of one moment while points are sealed: ${name}`, () => {
      const writing = makeRun(20_000);
      const reading = openForReading(file);
      const prepare = reading.prepare.bind(reading);
      let sealed = false;
      // The points move right before the first of them is read.
      reading.prepare = ((sql: string) => {
        if (sql.includes('metric_block_content') && !sealed) {
          sealed = true;
          const sealing = new Sealing(writing);
          while (sealing.next(Date.now() + DAY_MS)) {}
        }
        return prepare(sql);
      }) as typeof reading.prepare;
      try {
        assert.equal(read(reading), 20_000);
        assert.ok(sealed);
        assert.equal(read(reading), 20_000);
      } finally {
        reading.close();
        writing.close();
      }
    });
});
