/** Stores that are damaged, or made to do harm: what is sound is imported, the rest is named, nothing else is read. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import SQLite from 'better-sqlite3';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { type Import, startImport } from '../../../daemon/contract/imports.ts';
import { searchRuns } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { unpackStore } from '../../support/foreign-stores.ts';
import { importStore } from '../../support/importing.ts';

const RUN = '0123456789abcdef0123456789abcdef';

describe('importing damaged and hostile stores', () => {
  let daemon: TestDaemon;
  let scratch: string;
  before(async () => {
    daemon = await startDaemon();
  });
  beforeEach(() => {
    scratch = fs.mkdtempSync(path.join(daemon.place.workspace, 'store '));
  });
  after(() => daemon.dispose());

  const write = (file: string, content: string | Uint8Array) => {
    const place = path.join(scratch, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, content);
  };

  /** A file store of one experiment, named as the scratch folder, with one run. */
  const makeStore = (runId = RUN) => {
    write(
      'mlruns/7/meta.yaml',
      `experiment_id: '7'\nname: ${path.basename(scratch)}\nlifecycle_stage: active\n`,
    );
    write(
      `mlruns/7/${runId}/meta.yaml`,
      `run_id: ${runId}\nexperiment_id: '7'\nstatus: 3\nstart_time: 1\nend_time: 2\n` +
        `artifact_uri: ${scratch}/mlruns/7/${runId}/artifacts\n`,
    );
  };

  const places = (result: Import) =>
    result.problems
      .map(({ place, line, message }) => {
        const inner = place.startsWith(scratch) ? path.relative(scratch, place) : place;
        return `${inner.replaceAll(path.sep, '/')}${line === undefined ? '' : `:${line}`}: ${message}`;
      })
      .sort();

  const bring = (options = {}) => importStore(daemon, scratch, options);

  const artifactsOf = async (runId: string) => {
    const response = await daemon.client.fetch(
      `/api/2.0/mlflow-artifacts/artifacts?path=${encodeURIComponent(await artifactPath(runId))}`,
    );
    const { files = [] } = (await response.json()) as { files?: { path: string }[] };
    return files.map(file => file.path);
  };
  const artifactPath = async (runId: string) => {
    const response = await daemon.client.fetch(`/api/v1/runs/${runId}`);
    const { artifactUri } = (await response.json()) as { artifactUri: string };
    return artifactUri.replace('mlflow-artifacts:/', '');
  };

  it('damaged files are named with their line, and the rest goes on', async () => {
    makeStore();
    write(
      `mlruns/7/${RUN}/metrics/loss`,
      '1 0.5 0\nnonsense\n2 0.25 1\n3 one 2\n99999999999999999999 1 3\n4 nan 4',
    );
    write(`mlruns/7/${RUN}/params/lr`, '0.1');
    write(`mlruns/7/${RUN}/params/binary`, new Uint8Array([0xff, 0xfe, 0x00]));
    write(`mlruns/7/${RUN}/tags/..weird`, 'x');
    write('mlruns/7/11111111111111111111111111111111/params/a', '1');
    write('mlruns/7/22222222222222222222222222222222/meta.yaml', 'run_id: [unclosed');
    write('mlruns/7/33333333333333333333333333333333/meta.yaml', `run_id: ${RUN}\nstatus: 3\n`);
    write('mlruns/7/44444444444444444444444444444444/meta.yaml', `run_id: ${'4'.repeat(32)}\nstatus: 9\n`);
    write('mlruns/8/meta.yaml', 'just a text');
    write('mlruns/models/broken/meta.yaml', 'name: &a [*a, *a]\n');
    const result = await bring();
    assert.deepEqual([result.state, result.message], ['finished', '']);
    assert.deepEqual([result.counts.runs.made, result.counts.points], [1, 3]);
    const left = places(result).join('\n');
    for (const expected of [
      `mlruns/7/${RUN}/metrics/loss:2: The line was left out: it is not 'timestamp value step'.`,
      `mlruns/7/${RUN}/metrics/loss:4: The line was left out: 'one' is not a number.`,
      `mlruns/7/${RUN}/metrics/loss:5: The line was left out: the timestamp 99999999999999999999 is too large.`,
      `mlruns/7/${RUN}/params/binary: Param was left out: it is not UTF-8 text.`,
      'mlruns/7/11111111111111111111111111111111/meta.yaml: The run was left out: the file is missing.',
      'mlruns/7/22222222222222222222222222222222/meta.yaml: The run was left out: it is not valid YAML',
      `mlruns/7/33333333333333333333333333333333/meta.yaml: The run was left out: it is about the run '${RUN}'`,
      "mlruns/7/44444444444444444444444444444444/meta.yaml: The run was left out: 'status' should be",
      'mlruns/8/meta.yaml: The experiment was left out: it is not a YAML map.',
      'mlruns/models/broken/meta.yaml: The registered model was left out',
    ])
      assert.ok(left.includes(expected), `${expected}\nis not in\n${left}`);
  });

  it('no link leads out of the store', async () => {
    const run = '1'.repeat(32);
    makeStore(run);
    const secret = path.join(daemon.place.workspace, 'secret.txt');
    fs.writeFileSync(secret, 'do not read');
    const artifacts = path.join(scratch, `mlruns/7/${run}/artifacts`);
    write(`mlruns/7/${run}/artifacts/real.txt`, 'fine');
    fs.symlinkSync(secret, path.join(artifacts, 'secret.txt'));
    fs.symlinkSync(path.dirname(secret), path.join(artifacts, 'outside'));
    fs.symlinkSync('real.txt', path.join(artifacts, 'inside.txt'));
    fs.symlinkSync('.', path.join(artifacts, 'cycle'));
    fs.symlinkSync('loop', path.join(artifacts, 'loop'));
    write(`mlruns/7/${run}/params/lr`, '1');
    fs.symlinkSync(secret, path.join(scratch, `mlruns/7/${run}/params/stolen`));
    fs.symlinkSync(path.dirname(secret), path.join(scratch, 'mlruns/9'));
    const result = await bring();
    assert.deepEqual((await artifactsOf(run)).sort(), ['inside.txt', 'real.txt']);
    const named = places(result);
    for (const name of [
      'artifacts/secret.txt',
      'artifacts/outside',
      'artifacts/cycle',
      'artifacts/loop',
      'params/stolen',
    ])
      assert.ok(
        named.some(text => text.startsWith(`mlruns/7/${run}/${name}: `)),
        `${name} is not in ${named.join('\n')}`,
      );
  });

  it('artifacts elsewhere on the disk are read only when their folder is named', async () => {
    const run = '2'.repeat(32);
    makeStore(run);
    const elsewhere = fs.mkdtempSync(path.join(daemon.place.workspace, 'elsewhere '));
    fs.mkdirSync(path.join(elsewhere, run, 'artifacts'), { recursive: true });
    fs.writeFileSync(path.join(elsewhere, run, 'artifacts/model.bin'), 'weights');
    write(
      `mlruns/7/${run}/meta.yaml`,
      `run_id: ${run}\nexperiment_id: '7'\nstatus: 3\nartifact_uri: file://${encodeURI(elsewhere)}/${run}/artifacts\n`,
    );
    const refused = await bring();
    assert.match(places(refused).join(), /outside of the store. Name it by --artifacts/);
    assert.deepEqual([await artifactsOf(run), refused.counts.runs.made], [[], 1]);
    const allowed = await bring({ artifacts: [elsewhere] });
    assert.deepEqual([allowed.problems, allowed.counts.files.made], [[], 1]);
    assert.deepEqual(await artifactsOf(run), ['model.bin']);
  });

  it('artifacts in remote storage stay there', async () => {
    const run = '3'.repeat(32);
    makeStore(run);
    write(
      `mlruns/7/${run}/meta.yaml`,
      `run_id: ${run}\nexperiment_id: '7'\nstatus: 3\nartifact_uri: s3://bucket/7/${run}/artifacts\n`,
    );
    const result = await bring();
    assert.deepEqual(result.problems, []);
    assert.deepEqual(result.notes, ['Artifacts at s3://bucket stay there; they are not copied.']);
    assert.equal(await artifactPath(run), `s3://bucket/7/${run}/artifacts`);
  });

  it('what was logged since the first import is added', async () => {
    const run = '4'.repeat(32);
    makeStore(run);
    const running = `run_id: ${run}\nexperiment_id: '7'\nstatus: 1\nstart_time: 1\n`;
    write(`mlruns/7/${run}/meta.yaml`, running);
    write(`mlruns/7/${run}/metrics/loss`, '1 0.5 0\n');
    await bring();
    write(`mlruns/7/${run}/meta.yaml`, running.replace('status: 1', 'status: 3\nend_time: 9'));
    write(`mlruns/7/${run}/metrics/loss`, '1 0.5 0\n2 0.4 1\n');
    write(`mlruns/7/${run}/artifacts/new.txt`, 'new');
    const { counts } = await bring();
    assert.deepEqual(
      [counts.runs, counts.points, counts.files.made],
      [{ made: 0, changed: 1, same: 0 }, 1, 1],
    );
    const response = await daemon.client.fetch(`/api/v1/runs/${run}`);
    const { status, endTime } = (await response.json()) as { status: string; endTime: number };
    assert.deepEqual([status, endTime], ['FINISHED', 9]);
  });

  it('an experiment of the name of a deleted one goes beside it', async () => {
    const name = path.basename(scratch);
    const post = (route: string, body: object) =>
      daemon.client.fetch(`/api/2.0/mlflow/experiments/${route}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    const { experiment_id } = (await (await post('create', { name })).json()) as { experiment_id: string };
    await post('delete', { experiment_id });
    const run = '5'.repeat(32);
    makeStore(run);
    await bring();
    const { items } = await daemon.client.call(searchRuns, {
      body: { filter: `attributes.run_id = '${run}'` },
    });
    const found = await daemon.client.fetch(
      `/api/2.0/mlflow/experiments/get?experiment_id=${items[0]?.experimentId}`,
    );
    assert.equal(((await found.json()) as { experiment: { name: string } }).experiment.name, `${name} (2)`);
  });

  it('rows of a database that make no sense are left out, and an unknown schema is told', async () => {
    unpackStore('mlflow-2.22-sqlite', scratch);
    const database = new SQLite(path.join(scratch, 'mlflow.db'));
    database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA ignore_check_constraints = ON;
      PRAGMA foreign_keys = OFF;
      UPDATE alembic_version SET version_num = 'ffffffffffff';
      INSERT INTO runs (run_uuid, name, status, experiment_id, start_time) VALUES ('../../etc', 'x', 'FINISHED', 1, 1);
      INSERT INTO runs (run_uuid, name, status, experiment_id, start_time) VALUES ('${'6'.repeat(32)}', 'x', 'DANCING', 1, 1);
      INSERT INTO runs (run_uuid, name, status, experiment_id, start_time) VALUES ('${'7'.repeat(32)}', 'x', 'FINISHED', 99, 1);
      INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
        SELECT '../up', 1, 1, run_uuid, 0, 0 FROM runs WHERE name = 'first';
      INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)
        SELECT 'late', 1, 1, run_uuid, 0, 0 FROM runs WHERE name = 'first';
    `);
    try {
      const result = await bring({ modelPrefix: 'odd ' });
      const left = places(result).join('\n');
      assert.match(left, /runs, run_uuid \.\.\/\.\.\/etc: The run was left out: its id is not one of MLflow/);
      assert.match(left, /The run was left out: its status is 'DANCING'/);
      assert.match(left, /run 7+: It was left out, because its experiment 99 could not be read/);
      assert.match(left, /The key "\.\.\/up" was left out/);
      assert.match(result.notes.join(), /Its schema \(revision ffffffffffff\) is not one/);
      // Written last, and so in the log beside the database alone.
      const { items } = await daemon.client.call(searchRuns, { body: { filter: 'metrics.late = 1' } });
      assert.equal(items.length, 1);
    } finally {
      database.close();
    }
  });

  it('what is no store is refused', async () => {
    const refusal = async (place: string) => {
      const error: unknown = await daemon.client
        .call(startImport, { body: { path: place } })
        .catch(caught => caught);
      assert.ok(error instanceof ApiError);
      return `${error.code}: ${error.message}`;
    };
    write('notes.txt', 'nothing to import');
    write('empty.db', '');
    assert.match(
      await refusal(path.join(scratch, 'absent')),
      /^RESOURCE_DOES_NOT_EXIST: There is nothing at/,
    );
    assert.match(await refusal('mlruns'), /^INVALID_PARAMETER_VALUE: .*must be absolute/);
    for (const name of ['', 'notes.txt', 'empty.db'])
      assert.match(await refusal(path.join(scratch, name)), /^INVALID_PARAMETER_VALUE: .*is not a store/);
    write('mlflow.db', `SQLite format 3\0${'x'.repeat(5000)}`);
    const damaged = await bring();
    assert.deepEqual(damaged.state, 'failed');
    assert.match(damaged.message, /damaged, or no SQLite database/);
    const other = new SQLite(path.join(scratch, 'other.db'));
    other.exec('CREATE TABLE things (id)');
    other.close();
    const foreign = await importStore(daemon, path.join(scratch, 'other.db'));
    assert.match(foreign.message, /not a database of MLflow or FastTrackML: experiments\.experiment_id/);
  });

  it('the tracking token may import nothing', async () => {
    makeStore();
    await assert.rejects(daemon.trackingClient.call(startImport, { body: { path: scratch } }), /owner token/);
  });
});
