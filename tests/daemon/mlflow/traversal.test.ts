/** No path leads out of the artifact root: every spelling of the way out, at every route that takes a path. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { type Answer, MlflowWire } from '../../support/mlflow.ts';

const CANARY = 'the canary sings';

/** Ways to spell "one level up", as they stand in a URL. */
const UPS = [
  '..',
  '%2e%2e',
  '%2E.',
  '.%2e',
  '%252e%252e',
  '%25252e%25252e',
  '%25%32%65%25%32%65',
  '%c0%ae%c0%ae',
  '%e0%80%ae%e0%80%ae',
  '..%00',
  '..%23',
  '..;',
  '...',
  '..%20',
  '%ef%bc%8e%ef%bc%8e',
  '..%0a',
];
const SEPARATORS = ['/', '%2f', '%252f', '%5c', '\\', '%255c', '//', '%c0%af', '%ef%bc%8f'];

/** From the root of the artifacts the canaries are one level up; `0/run/artifacts` is four deeper. */
const DEPTHS = [1, 4];

function wayOut(canary: string): string[] {
  const climbs = UPS.flatMap(up =>
    SEPARATORS.flatMap(separator => DEPTHS.map(depth => `${`${up}${separator}`.repeat(depth)}canary.txt`)),
  );
  const encoded = encodeURIComponent(canary);
  const plain = encodeURI(canary);
  const absolute = [
    plain,
    `/${plain}`,
    encoded,
    encodeURIComponent(encoded),
    `file://${plain}`,
    `file:${plain}`,
    encodeURIComponent(`file://${canary}`),
    'C:/Windows/win.ini',
    'C:%5cWindows%5cwin.ini',
    '%5c%5chost%5cshare%5cfile',
    '//host/share/file',
    '~/canary.txt',
    `a/%2e%2e/%2e%2e/canary.txt`,
    `a/b/../../../canary.txt`,
    `.incoming/../../canary.txt`,
    `${'x'.repeat(4096)}`,
    `${'x/'.repeat(300)}x`,
    'link/canary.txt',
    'link%2fcanary.txt',
    'file-link',
    'canary.txt%00.png',
    '.',
    './canary.txt',
    '%2e',
  ];
  return [...climbs, ...absolute];
}

describe('paths that lead out of the artifacts', () => {
  let daemon: TestDaemon;
  let wire: MlflowWire;
  let ids: { runId: string; modelId: string };
  let canary: string;
  let corpus: string[];

  before(async () => {
    daemon = await startDaemon();
    wire = new MlflowWire(daemon);
    canary = path.join(daemon.place.store, 'canary.txt');
    corpus = wayOut(canary);
    const { runId, experimentId, artifacts } = await wire.startRun();
    await wire.upload(`${artifacts}/inside.txt`, 'inside');
    const { model } = await wire.post<{ model: { info: { model_id: string } } }>('logged-models', {
      experiment_id: experimentId,
      name: 'm',
    });
    await wire.post('registered-models/create', { name: 'm' });
    await wire.post('model-versions/create', { name: 'm', source: `mlflow-artifacts:/${artifacts}` });
    ids = { runId, modelId: model.info.model_id };
    for (const folder of [daemon.place.store, daemon.place.workspace, path.dirname(daemon.place.workspace)])
      fs.writeFileSync(path.join(folder, 'canary.txt'), CANARY);
    fs.symlinkSync(daemon.place.store, path.join(daemon.place.store, 'artifacts', 'link'));
    fs.symlinkSync(canary, path.join(daemon.place.store, 'artifacts', 'file-link'));
  });
  after(() => daemon.dispose());

  /** What is on disk around the artifacts, but for the database's own files. */
  function outside(): string[] {
    const { store, workspace } = daemon.place;
    return [store, workspace, path.dirname(workspace), path.dirname(path.dirname(workspace))]
      .flatMap(folder => fs.readdirSync(folder).map(name => path.join(folder, name)))
      .filter(name => name.startsWith(path.dirname(workspace)) && !name.includes('modelthat.db'))
      .sort();
  }

  async function attack(send: (spelling: string) => Promise<Answer>): Promise<void> {
    const before = outside();
    for (const spelling of corpus) {
      const answer = await send(spelling);
      const told = `${spelling} → ${answer.status} ${answer.body.toString().slice(0, 200)}`;
      assert.ok(!answer.body.includes(CANARY), `read the canary: ${told}`);
      assert.ok(answer.status < 500, `failed by a defect: ${told}`);
    }
    assert.deepEqual(outside(), before, 'nothing is made or deleted outside of the artifacts');
    assert.equal(fs.readFileSync(canary, 'utf8'), CANARY);
  }

  for (const prefix of ['/api/2.0', '/ajax-api/2.0']) {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE'])
      it(`are refused by ${method} ${prefix}/mlflow-artifacts/artifacts/…`, () =>
        attack(spelling =>
          wire.send(
            method,
            `${prefix}/mlflow-artifacts/artifacts/${spelling}`,
            method === 'PUT' ? 'overwritten' : undefined,
          ),
        )).timeout(60_000);
  }

  it('are refused when an upload in parts begins', () =>
    attack(spelling =>
      wire.send(
        'POST',
        `/api/2.0/mlflow-artifacts/mpu/create/${spelling}`,
        JSON.stringify({ path: '../canary.txt', num_parts: 1 }),
        { 'content-type': 'application/json' },
      ),
    )).timeout(60_000);

  const queries: Record<string, (spelling: string) => string> = {
    'the proxy listing': spelling => `/api/2.0/mlflow-artifacts/artifacts?path=${spelling}`,
    'the listing of a run': spelling => `/api/2.0/mlflow/artifacts/list?run_id=${ids.runId}&path=${spelling}`,
    'the listing of a logged model': spelling =>
      `/api/2.0/mlflow/logged-models/${ids.modelId}/artifacts/directories?artifact_directory_path=${spelling}`,
    'a file of a logged model': spelling =>
      `/ajax-api/2.0/mlflow/logged-models/${ids.modelId}/artifacts/files?artifact_file_path=${spelling}`,
    '/get-artifact': spelling => `/get-artifact?run_id=${ids.runId}&path=${spelling}`,
    '/model-versions/get-artifact': spelling =>
      `/model-versions/get-artifact?name=m&version=1&path=${spelling}`,
    'the native listing': spelling => `/api/v1/runs/${ids.runId}/artifacts?path=${spelling}`,
    'the native download': spelling => `/api/v1/runs/${ids.runId}/artifacts/content?path=${spelling}`,
  };
  for (const [name, query] of Object.entries(queries))
    it(`are refused by ${name}`, () =>
      // What no URL can hold as it is would never arrive.
      attack(spelling => wire.send('GET', query(spelling).replaceAll('\\', '%5c')))).timeout(60_000);

  it('are refused by the upload of MLflow’s pages', () =>
    attack(spelling =>
      wire.send(
        'POST',
        `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${ids.runId}&path=${spelling.replaceAll('\\', '%5c')}`,
        'overwritten',
      ),
    )).timeout(60_000);

  it('are refused as the source of a model version, and never read', async () => {
    const sources = corpus.flatMap(spelling => [
      spelling,
      `mlflow-artifacts:/${spelling}`,
      `mlflow-artifacts:${spelling}`,
      `file://${spelling}`,
    ]);
    await attackSources(sources);
  }).timeout(60_000);

  async function attackSources(sources: readonly string[]): Promise<void> {
    const before = outside();
    for (const source of sources) {
      const made = await wire.call('POST', 'model-versions/create', { name: 'm', source });
      assert.ok(made.status < 500, `${source}: ${made.body}`);
      if (made.status !== 200) continue;
      const { model_version: version } = made.json<{ model_version: { version: string } }>();
      for (const file of ['canary.txt', 'a', '']) {
        const answer = await wire.send(
          'GET',
          `/model-versions/get-artifact?name=m&version=${version.version}&path=${file}`,
        );
        assert.ok(!answer.body.includes(CANARY), `read the canary by ${source}`);
        assert.ok(answer.status < 500, `${source}: ${answer.body}`);
      }
    }
    assert.deepEqual(outside(), before);
  }

  it('leave what is inside untouched', async () => {
    const { files } = await wire.read<{ files: { path: string }[] }>('artifacts/list', { run_id: ids.runId });
    assert.deepEqual(
      files.find(file => file.path === 'inside.txt'),
      { path: 'inside.txt', is_dir: false, file_size: 6 },
    );
  });
});
