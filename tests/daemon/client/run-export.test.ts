import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { exportRuns } from '../../../daemon/client/run-export/export.ts';
import type { ExportFormat } from '../../../daemon/client/run-export/formats.ts';
import type { Run } from '../../../daemon/contract/runs.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { Tracker } from '../../support/tracker.ts';

describe('exporting runs as a table', () => {
  let daemon: TestDaemon;
  const ids: string[] = [];
  const fileOf = (name: string) => path.join(daemon.place.workspace, name);
  const write = (format: ExportFormat, runs: Parameters<typeof exportRuns>[1]['runs']) =>
    exportRuns(daemon.client, { runs, format, file: fileOf(`runs.${format}`) });

  before(async () => {
    daemon = await startDaemon();
    const tracker = new Tracker(daemon.url, daemon.secrets, 0);
    for (const [index, note] of ['plain', 'a "quoted", note\nin two lines', '=1+1'].entries()) {
      const runId = await tracker.startRun('exported', `run-${index}`, { note });
      if (index > 0) await tracker.logMetric(runId, 'val loss', [9, index / 10]);
      if (index === 2)
        await tracker.call('POST', 'runs/log-metric', {
          ...{ run_id: runId, key: 'grad', value: 'NaN', timestamp: 1, step: 0 },
        });
      ids.push(runId);
    }
  });
  after(() => daemon.dispose());

  it('writes CSV that quotes what has to be, with last values of metrics', async () => {
    assert.equal(await write('csv', { orderBy: ['attributes.run_name'] }), 3);
    const text = fs.readFileSync(fileOf('runs.csv'), 'utf8');
    const [head = '', first = ''] = text.split('\r\n');
    assert.match(head, /^run_id,run_name,.*,metrics\.grad,metrics\.val loss,params\.note,tags\./);
    assert.match(first, new RegExp(`^${ids[0]},run-0,.*,RUNNING,.*Z,,[^,]*,,,plain,`));
    assert.match(text, /,,0\.1,"a ""quoted"", note\nin two lines",/);
    assert.match(text, /,NaN,0\.2,=1\+1,/);
  });

  it('writes JSON that is the runs as the API has them', async () => {
    const [one = '', , three = ''] = ids;
    assert.equal(await write('json', { runIds: [three, one] }), 2);
    const runs = JSON.parse(fs.readFileSync(fileOf('runs.json'), 'utf8')) as Run[];
    assert.deepEqual(
      runs.map(({ id, metrics }) => [id, metrics['val loss']?.min]),
      [
        [three, 0.2],
        [one, undefined],
      ],
    );
  });

  it('writes Parquet with numbers, times and texts', async () => {
    await write('parquet', { filter: "params.note != 'plain'", orderBy: ['attributes.run_name'] });
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(fileOf('runs.parquet')) });
    assert.deepEqual(
      rows.map(row => [row.run_id, row['metrics.val loss'], row['metrics.grad'], row['params.note']]),
      [
        [ids[1], 0.1, null, 'a "quoted", note\nin two lines'],
        [ids[2], 0.2, Number.NaN, '=1+1'],
      ],
    );
    assert.ok(rows[0]?.start_time instanceof Date);
  });

  it('leaves the file that is there, and nothing else, when it cannot be done', async () => {
    fs.writeFileSync(fileOf('runs.csv'), 'mine');
    await assert.rejects(write('csv', { filter: 'metrics.loss <' }), /Invalid clause/);
    assert.equal(fs.readFileSync(fileOf('runs.csv'), 'utf8'), 'mine');
    const stop = AbortSignal.abort(new Error('stopped'));
    const job = { runs: {}, format: 'csv', file: fileOf('runs.csv') } as const;
    await assert.rejects(exportRuns(daemon.client, job, undefined, stop), /stopped/);
    assert.equal(fs.readFileSync(fileOf('runs.csv'), 'utf8'), 'mine');
    assert.ok(!fs.existsSync(fileOf('runs.csv.part')));
  });

  it('is a command, whose file says in what format', async () => {
    const args = ['runs', 'export', '--experiment', 'exported', '--out'];
    const { stdout } = await modelthat(daemon.place, ...args, 'table.parquet', '--json');
    assert.deepEqual(JSON.parse(stdout), { file: fileOf('table.parquet'), format: 'parquet', runs: 3 });
    const refused = await modelthat(daemon.place, ...args, 'table.xls');
    assert.match(refused.stderr, /table\.xls .* \.csv, \.json, \.parquet/);
    assert.notEqual(refused.exitCode, 0);
  });
});
