import assert from 'node:assert/strict';
import { checkPromptSource, parseSource } from '../../../daemon/registry/source.ts';

const ID = 'a'.repeat(32);

describe('sources of model versions', () => {
  it('refer to a logged model, a version, a run’s artifacts or a location', () => {
    assert.deepEqual(parseSource(`models:/m-${ID}`), { kind: 'loggedModel', modelId: `m-${ID}` });
    assert.deepEqual(parseSource('models:/my model/3'), { kind: 'version', name: 'my model', version: 3 });
    assert.deepEqual(parseSource(`runs:/${ID}/model`), { kind: 'run', runId: ID, path: 'model' });
    assert.deepEqual(parseSource('runs:/of-another-server/model/inner'), {
      kind: 'run',
      runId: 'of-another-server',
      path: 'model/inner',
    });
    assert.deepEqual(parseSource('s3://bucket/a/b'), { kind: 'location', uri: 's3://bucket/a/b' });
  });

  for (const source of [
    'mlflow-artifacts:/models',
    'mlflow-artifacts:/models/',
    'mlflow-artifacts:/models///',
    'mlflow-artifacts:/foo///bar',
    'mlflow-artifacts://host:9000/models',
    'mlflow-artifacts:/a/..../b',
    'https://host/a%20b/c',
  ])
    it(`${source} is taken`, () => assert.equal(parseSource(source).kind, 'location'));

  for (const source of [
    '/etc/passwd',
    '../../../etc',
    'C:\\models',
    'C:/models',
    'file:///etc',
    'FILE:/etc',
    'relative/path',
    '',
    'mlflow-artifacts://host:9000/models/../../../',
    'mlflow-artifacts://host:9000/models/..%2f..%2fartifacts',
    'mlflow-artifacts://host:9000/models/..%252f..%252fartifacts',
    'mlflow-artifacts://host:9000/models/artifact%00',
    'mlflow-artifacts:/a\\..\\b',
    'dbfs:/x/a%3f/../../..',
    's3a://b/../..',
    'https://host/a?x=/../b',
    'http://host/%2e%2e/a',
    `runs:/${ID}`,
    `runs:/${ID}/../x`,
    'models:/name',
    'models:/name/latest',
    'models:/m-short',
  ])
    it(`'${source}' is refused`, () =>
      assert.throws(() => parseSource(source), {
        code: 'INVALID_PARAMETER_VALUE',
        message: /Invalid model version source/,
      }));
});

describe('sources of prompts', () => {
  for (const source of ['dummy-source', 'prompt-template', 'https://host/prompts/a'])
    it(`${source} is taken`, () => checkPromptSource(source));

  for (const source of ['/etc/passwd', 'file:///etc/passwd', 'C:\\secrets', 'https://host/a/..%2f..%2fb'])
    it(`'${source}' is refused`, () =>
      assert.throws(() => checkPromptSource(source), { code: 'INVALID_PARAMETER_VALUE' }));
});
