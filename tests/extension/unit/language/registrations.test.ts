import assert from 'node:assert/strict';
import {
  registrationsInPipeline,
  registrationsInPython,
} from '../../../../extension/language/registrations.ts';

describe('registrations in a pipeline file', () => {
  it('are at the lines of the steps', () => {
    const text = `steps:
  prepare:
    run: x
  train:
    run: y
    model: { register: sales }
  other:
    model: { register: "\${name}" }
`;
    assert.deepEqual(registrationsInPipeline('/w/modelthat.yaml', text), [{ model: 'sales', line: 3 }]);
  });

  it('are below meta in a dvc.yaml', () => {
    const text = 'stages:\n  train:\n    cmd: y\n    meta: { model: { register: sales } }\n';
    assert.deepEqual(registrationsInPipeline('/w/dvc.yaml', text), [{ model: 'sales', line: 1 }]);
  });

  it('are found while the file is being written', () => {
    assert.deepEqual(
      registrationsInPipeline('/w/modelthat.yaml', 'steps:\n  train:\n    model: { register:'),
      [],
    );
  });
});

describe('registrations in Python code', () => {
  const models = (text: string) => registrationsInPython(text);

  it('are where a model is logged under a registered name', () => {
    const text = 'import mlflow\nmlflow.sklearn.log_model(\n  model,\n  registered_model_name="sales",\n)\n';
    assert.deepEqual(models(text), [{ model: 'sales', line: 3 }]);
  });

  it('are where a model is registered', () => {
    assert.deepEqual(models("mlflow.register_model(f'runs:/{run.id()}/model', 'sales')"), [
      { model: 'sales', line: 0 },
    ]);
    assert.deepEqual(
      models('mlflow.register_model(\n    model_uri=uri,\n    name="sales",\n    tags={},\n)'),
      [{ model: 'sales', line: 0 }],
    );
  });

  it('are not where the name is computed, or in a comment', () => {
    assert.deepEqual(models('mlflow.register_model(uri, name)'), []);
    assert.deepEqual(models('# mlflow.register_model(uri, "sales")'), []);
    assert.deepEqual(models('register_model(uri, name)\nprint("a", "b")'), []);
  });

  it('end soon in code that is unfinished', () => {
    assert.deepEqual(models(`register_model(${'(a, '.repeat(5_000)}`), []);
  });
});
