import assert from 'node:assert/strict';
import path from 'node:path';
import { execa } from 'execa';
import type { ServableVersion } from '../../../daemon/serving/model.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import { type ServingFixture, servingFixture } from '../../support/serving.ts';

/** A model in MLflow's "models from code" form: it scales a column, and does as it is told otherwise. */
const MODEL = `
import os
import mlflow

class Scale(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        print("loading, on standard output")
        os.system("echo a child of the model writes, too")

    def predict(self, context, model_input, params=None):
        print("predicting, on standard output")
        if "order" in model_input and model_input["order"].iloc[0] == "crash":
            os._exit(7)
        if "order" in model_input and model_input["order"].iloc[0] == "environment":
            return [dict(os.environ)]
        if (model_input["x"] > 100).any():
            raise ValueError("x is at most 100")
        return (model_input["x"] * 2).to_numpy()

mlflow.models.set_model(Scale())
`;

const SAVE = `
import sys, mlflow
mlflow.pyfunc.save_model(sys.argv[2], python_model=sys.argv[1], pip_requirements=["mlflow"])
`;

describe('serving an MLflow model', function () {
  this.timeout(900_000);
  let python: string;
  let serving: ServingFixture;
  let version: ServableVersion;

  before(async () => {
    python = await ensurePythonEnvironment(
      path.resolve(import.meta.dirname, '../../python/requirements.txt'),
    );
    process.env.MODELTHAT_CANARY = 'secret';
    serving = servingFixture({ findPython: async () => python });
    version = serving.add('scale', { '../model.py': MODEL });
    await execa(python, ['-c', SAVE, path.join(version.folder, '..', 'model.py'), version.folder]);
  });
  after(async () => {
    delete process.env.MODELTHAT_CANARY;
    await serving.close();
  });

  it('answers as MLflow’s own scoring server does, whatever the model prints', async () => {
    const { status, body } = await serving.predict('scale', { dataframe_records: [{ x: 1 }, { x: 2.5 }] });
    assert.deepEqual({ status, body }, { status: 200, body: { predictions: [2, 5] } });
    const csv = await serving.service.predict(
      'scale',
      { version: 1 },
      'text/csv',
      Buffer.from('x\n3\n'),
      true,
    );
    assert.deepEqual(JSON.parse(csv.body.toString()), { predictions: [6] });
  });

  it('answers NaN as null, for JSON has none', async () => {
    const { body } = await serving.predict('scale', { dataframe_records: [{ x: 1 }, { x: null }] });
    assert.deepEqual(body, { predictions: [2, null] });
  });

  it('tells the model’s own error, and bad requests, as errors of the protocol', async () => {
    const failing = await serving.predict('scale', { dataframe_records: [{ x: 101 }] });
    assert.equal(failing.status, 400);
    assert.equal((failing.body as { error_code: string }).error_code, 'BAD_REQUEST');
    assert.match((failing.body as { message: string }).message, /ValueError: x is at most 100/);

    const bare = await serving.predict('scale', [{ x: 1 }]);
    assert.equal(bare.status, 400);
    const type = await serving.service.predict(
      'scale',
      { version: 1 },
      'text/xml',
      Buffer.from('<x/>'),
      true,
    );
    assert.equal(type.status, 415);
    assert.equal((await serving.predict('scale', { dataframe_records: [{ x: 1 }] })).status, 200);
  });

  it('hands the model no secret of the daemon', async () => {
    const { body } = await serving.predict('scale', { dataframe_records: [{ x: 1, order: 'environment' }] });
    assert.ok(!JSON.stringify(body).includes('secret'));
    assert.ok(JSON.stringify(body).includes('PYTHONUTF8'));
  });

  it('replaces a process that died in the middle of a request', async () => {
    const dying = serving.predict('scale', { dataframe_records: [{ x: 1, order: 'crash' }] });
    await assert.rejects(dying, /scale version 1 ended while it answered \(exit code 7\)/);
    assert.equal((await serving.predict('scale', { dataframe_records: [{ x: 1 }] })).status, 200);
  });

  it('says why a model does not load', async () => {
    serving.add('broken', { MLmodel: 'flavors: {python_function: {loader_module: no_such_module}}' });
    await assert.rejects(
      serving.predict('broken', { dataframe_records: [{ x: 1 }] }),
      /broken version 1 cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'/,
    );
  });
});
