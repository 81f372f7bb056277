import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { execa } from 'execa';
import { getApproval } from '../../../daemon/contract/approvals.ts';
import {
  cancelEvaluation,
  Evaluation,
  getEvaluation,
  listEvaluations,
  startEvaluation,
} from '../../../daemon/contract/evaluations.ts';
import { getAffected, getLineage } from '../../../daemon/contract/lineage.ts';
import { getModel, promoteVersion } from '../../../daemon/contract/models.ts';
import { getRun } from '../../../daemon/contract/runs.ts';
import { environmentHas, listProcesses } from '../../../daemon/processes/table.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { CLI_MAIN } from '../../support/programs.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

/** Logs and registers `sales`, whose versions say the truth times 1.3 and 1.1, and one that waits. */
const REGISTER = `
import os, sys, tempfile, mlflow
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema

class Scale(mlflow.pyfunc.PythonModel):
    def __init__(self, factor): self.factor = factor
    def predict(self, context, model_input, params=None):
        if self.factor == 0:
            import time; time.sleep(600)
        return model_input["x"] * self.factor

client = mlflow.MlflowClient()
client.create_registered_model("sales")
for factor in (1.3, 1.1, 0):
    with mlflow.start_run() as run, tempfile.TemporaryDirectory() as folder:
        place = os.path.join(folder, "model")
        signature = ModelSignature(Schema([ColSpec("double", "x")]))
        mlflow.pyfunc.save_model(place, python_model=Scale(factor), signature=signature, pip_requirements=["mlflow-skinny"])
        # So that the environment that is there is taken.
        os.remove(os.path.join(place, "requirements.txt"))
        mlflow.log_artifacts(place, "model")
        client.create_model_version("sales", f"runs:/{run.info.run_id}/model", run.info.run_id)
`;

describe('evaluating a model version', function () {
  this.timeout(900_000);
  let daemon: TestDaemon;
  let data: string;
  let python: string;
  before(async () => {
    python = await ensurePythonEnvironment(
      path.resolve(import.meta.dirname, '../../python/requirements.txt'),
    );
    daemon = await startDaemon({ env: { MODELTHAT_PYTHON: python } });
    await execa(python, ['-c', REGISTER], { env: daemon.mlflowEnv });
    const params = { name: 'sales', version: 1 as never };
    await daemon.client.call(promoteVersion, { params, body: { stage: 'Production' } });
    data = path.join(daemon.place.workspace, 'holdout.csv');
    const rows = Array.from(
      { length: 40 },
      (_, row) => `${row + 1},${row + 1},${row % 2 ? 'north' : 'south'}`,
    );
    fs.writeFileSync(data, ['x,sales,region', ...rows].join('\n'));
  });
  after(() => daemon.dispose());

  const evaluate = (...args: string[]) =>
    modelthat(daemon.place, '--json', 'evaluate', 'sales', '--data', data, ...args);

  it('measures it beside the version in Production, and keeps what it found', async () => {
    const options = ['--version', '2', '--target', 'sales', '--metric', 'rmspe', '--slice', 'region'];
    const { stdout, stderr, exitCode } = await evaluate(...options);
    assert.equal(exitCode, 0, stdout + stderr);
    const found = Evaluation.parse(JSON.parse(stdout));
    assert.equal(found.champion, 1);
    const { metrics, comparison, slices, rows } = found.result ?? assert.fail(found.message);
    assert.equal(rows, 40);
    assert.equal(Number(metrics.rmspe).toFixed(6), '0.100000');
    assert.equal(comparison?.verdict, 'better');
    assert.equal(Number(comparison?.difference).toFixed(6), '-0.200000');
    assert.equal(comparison?.interval?.resamples, 2000);
    assert.deepEqual(
      slices.map(slice => [slice.value, slice.rows]),
      [
        ['north', 20],
        ['south', 20],
      ],
    );

    const file = path.join(daemon.place.workspace, 'modelthat.yaml');
    fs.writeFileSync(file, 'registry: { Production: { approval: true } }');
    const { request } = await daemon.client.call(promoteVersion, {
      params: { name: 'sales', version: 2 },
      body: { stage: 'Production' },
    });
    fs.rmSync(file);
    const evidence = await daemon.client.call(getApproval, { params: { id: request ?? 0 } });
    assert.deepEqual(
      evidence.slices.map(({ column, value, rows, metric, candidate }) => [
        ...[column, value, rows, metric],
        Number(candidate).toFixed(6),
      ]),
      [
        ['region', 'north', 20, 'rmspe', '0.100000'],
        ['region', 'south', 20, 'rmspe', '0.100000'],
      ],
    );
    const shown = await modelthat(daemon.place, 'models', 'requests', String(request));
    assert.match(shown.stdout, /region = north +20 +rmspe@\S+ +0\.1/);

    const { versions } = await daemon.client.call(getModel, { params: { name: 'sales' } });
    const version = versions.find(each => each.version === 2);
    assert.equal(version?.metrics.rmspe, metrics.rmspe, 'gates read it');
    const run = await daemon.client.call(getRun, { params: { runId: found.runId } });
    assert.equal(run.metrics.rmspe?.last, metrics.rmspe, 'MLflow clients see it');
    const picture = await daemon.trackingClient.fetch(
      `/api/2.0/mlflow-artifacts/artifacts${run.artifactUri.replace('mlflow-artifacts:', '')}/pictures/residuals.svg`,
      {},
    );
    assert.equal((await picture.text()).match(/<circle /g)?.length, 40);
    const listed = await daemon.trackingClient.call(listEvaluations, { params: { name: 'sales' } });
    assert.deepEqual(listed.items[0], found);
  });

  it('stands between its data and the version in the lineage of both', async () => {
    const { items } = await daemon.client.call(listEvaluations, { params: { name: 'sales' } });
    const id = `evaluation:${items[0]?.runId}`;
    const { start, edges } = await daemon.client.call(getLineage, { query: { node: `data:${data}` } });
    const related = edges.map(({ from, to, relation }) => `${from} ${relation} ${to}`);
    assert.ok(related.includes(`${start} read by ${id}`), related.join('\n'));
    const above = await daemon.client.call(getLineage, { query: { node: id, direction: 'upstream' } });
    for (const expected of [`model:sales/2 evaluated in ${id}`, `model:sales/1 compared in ${id}`])
      assert.ok(above.edges.some(({ from, to, relation }) => `${from} ${relation} ${to}` === expected));
    const { versions } = await daemon.client.call(getAffected, { query: { what: 'holdout.csv' } });
    assert.deepEqual(
      versions.map(({ version, by }) => [version, by]),
      [[2, 'judged by it']],
    );
  });

  it('measures by a function of the user', async () => {
    const file = path.join(daemon.place.workspace, 'profit.py');
    fs.writeFileSync(
      file,
      'def profit(said, truth, frame):\n    return float(len(frame) + (said - truth).max())\n',
    );
    const options = ['--stage', 'Production', '--target', 'sales', '--custom', `${file}:profit`];
    const { stdout } = await evaluate(...options);
    const { result, message } = Evaluation.parse(JSON.parse(stdout));
    assert.equal(Number(result?.metrics.profit).toFixed(6), '52.000000', message);
    assert.equal(result?.comparison, null, 'it is the champion itself');
  });

  it('says which column is not there, and what cannot be measured', async () => {
    const column = await evaluate('--version', '2', '--target', 'turnover');
    assert.equal(column.exitCode, 1);
    assert.match(
      Evaluation.parse(JSON.parse(column.stdout)).message,
      /holdout\.csv lacks the column turnover; it has x, sales, region/,
    );
    const guessed = await evaluate('--version', '2');
    assert.match(
      guessed.stdout,
      /Name the column with the truth by --target: the model leaves sales, region/,
    );
    const metric = await evaluate(
      '--version',
      '2',
      '--target',
      'sales',
      '--metric',
      'rmsep',
      '--against',
      'none',
    );
    assert.match(metric.stdout, /rmsep cannot be measured: there is no such metric\. What can be: rmse, mae/);
  });

  it('refuses a file and a version that are not there', async () => {
    const start = (body: object) =>
      daemon.client.call(startEvaluation, {
        body: { model: 'sales', target: { version: 2 }, data, ...body },
      });
    await assert.rejects(start({ data: '/no/such.csv' }), /There is no data set \/no\/such\.csv/);
    await assert.rejects(start({ target: { version: 9 } }), { code: 'RESOURCE_DOES_NOT_EXIST' });
    await assert.rejects(start({ against: 2 }), /cannot be compared with itself/);
    const { stderr } = await evaluate('--version', '2', '--stage', 'Production');
    assert.match(stderr, /Name the version by one of --version, --stage and --alias/);
  });

  it('ends one that is cancelled, and one that takes too long', async () => {
    const body = { model: 'sales', target: { version: 3 }, data, column: 'sales' };
    const { runId } = await daemon.client.call(startEvaluation, { body });
    const cancelled = await daemon.client.call(cancelEvaluation, { params: { runId }, body: {} });
    assert.equal(cancelled.state, 'cancelled');
    assert.deepEqual(await daemon.client.call(getEvaluation, { params: { runId } }), cancelled);

    const slow = await evaluate('--version', '3', '--target', 'sales', '--timeout', '1');
    assert.equal(slow.exitCode, 1);
    assert.match(slow.stdout, /It did not end within 1 s and was ended/);
  });

  it('is on the version’s card, with what people wrote, as text', async () => {
    const python = await ensurePythonEnvironment(
      path.resolve(import.meta.dirname, '../../python/requirements.txt'),
    );
    const tag =
      'import mlflow; mlflow.MlflowClient().set_model_version_tag("sales", "2", "card.limits", "Not <b>abroad</b>")';
    await execa(python, ['-c', tag], { env: daemon.mlflowEnv });
    await evaluate('--version', '2', '--target', 'sales', '--metric', 'rmspe', '--against', '1');
    const { stdout } = await modelthat(daemon.place, 'models', 'card', 'sales', '2');
    assert.match(stdout, /^# sales version 2\n/);
    assert.match(stdout, /## Limits\n\nNot &lt;b>abroad/);
    assert.match(stdout, /holdout.csv \| 40 \| rmspe \| 0.1\d* \| version 1 \(0.3\d*\) \| better \|/);
    const file = path.join(daemon.place.workspace, 'card.html');
    await modelthat(daemon.place, 'models', 'card', 'sales', '2', '--format', 'html', '--out', file);
    const html = fs.readFileSync(file, 'utf8');
    assert.match(html, /Not &lt;b&gt;abroad&lt;\/b&gt;/);
    assert.match(html, /<td>inputs<\/td><td>\[\{&quot;type&quot;/);
  });

  it('leaves nothing running when its daemon is killed', async () => {
    const { place } = daemon;
    const body = { model: 'sales', target: { version: 3 }, data, column: 'sales' };
    const { runId } = await daemon.client.call(startEvaluation, { body });
    const mark = `MODELTHAT_EVALUATION=${runId}`;
    const running = async () => {
      // Lets timeouts of the test come through.
      await turn();
      return [...(await listProcesses()).keys()].filter(pid => environmentHas(pid, mark)).length;
    };
    if (process.platform === 'linux') while ((await running()) === 0);
    await daemon.kill();
    while ((await running()) > 0);
    daemon = await startDaemon({ place, env: { MODELTHAT_PYTHON: python } });
  });

  it('is started from Python, which has what was found, or is told what was wrong', async () => {
    const programs = path.join(daemon.place.workspace, 'programs');
    fs.mkdirSync(programs);
    const shim = `#!/bin/sh\nexec '${process.execPath}' '${CLI_MAIN}' "$@"\n`;
    fs.writeFileSync(path.join(programs, 'modelthat'), shim, { mode: 0o755 });
    const env = {
      ...daemon.place.env,
      PYTHONPATH: path.resolve(import.meta.dirname, '../../../python/modelthat/src'),
      PATH: `${programs}${path.delimiter}${process.env.PATH}`,
    };
    const code = [
      'import modelthat',
      'found = modelthat.evaluate("sales", "holdout.csv", version=2, target="sales", metric="rmspe", slices=["region"])',
      'print(found["result"]["comparison"]["verdict"], len(found["result"]["slices"]))',
      'try: modelthat.evaluate("sales", "nothing.csv", version=2)',
      'except RuntimeError as error: print(error)',
    ];
    const { stdout } = await execa(python, ['-c', code.join('\n')], { cwd: daemon.place.workspace, env });
    const [verdict, problem] = stdout.split('\n');
    assert.equal(verdict, 'better 2');
    assert.match(problem ?? '', /There is no data set .*nothing\.csv/);
  });

  it('is not to be had with the tracking token, for it runs code', async () => {
    const body = { model: 'sales', target: { version: 2 }, data };
    await assert.rejects(daemon.trackingClient.call(startEvaluation, { body }), {
      code: 'PERMISSION_DENIED',
    });
  });
});
