/** Who the audit log says it was where no person asked by hand: steps of pipelines, and imports. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import path from 'node:path';
import { listAudit, verifyAudit } from '../../../daemon/contract/audit.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { unpackStore } from '../../support/foreign-stores.ts';
import { importStore } from '../../support/importing.ts';
import { run, write } from '../../support/pipelines.ts';

/** Logs a model, and tags the registered one that is of it already, as MLflow's client would. */
const TRAIN = [
  'import json, os, urllib.request',
  'base, token = os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_TRACKING_PASSWORD"]',
  'def call(method, path, body, kind="application/json"):',
  '    headers = {"content-type": kind, "authorization": "Bearer " + token}',
  '    return urllib.request.urlopen(urllib.request.Request(base + path, body, headers, method=method)).read()',
  'def post(path, body): return json.loads(call("POST", "/api/2.0/mlflow/" + path, json.dumps(body).encode()))',
  'run = post("runs/create", {})["run"]["info"]',
  'place = run["artifact_uri"].split(":", 1)[1].lstrip("/")',
  'call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/model/MLmodel", b"flavors: {}\\n", "application/octet-stream")',
  'post("registered-models/create", {"name": "by-step"})',
];

describe('who the audit log says it was', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  const entries = async (model: string) =>
    (await daemon.client.call(listAudit, { query: { model, order: 'oldest', limit: 1000 } })).items;

  it('is the step that registered a version, and the step whose code made a model', async () => {
    write(daemon, 'train.py', ...TRAIN);
    const { id, status } = await run(daemon, [
      'steps: { train: { run: python3 train.py, model: { register: sales } } }',
    ]);
    assert.equal(status, 'succeeded');
    const subject = `execution ${id}, step train`;
    const actor = { subject, role: 'execution', claimed: false };
    assert.deepEqual(
      (await entries('sales')).map(entry => [entry.action, entry.version, entry.actor]),
      [
        ['model.create', null, { ...actor, via: 'pipeline' }],
        ['version.create', 1, { ...actor, via: 'pipeline' }],
      ],
    );
    assert.deepEqual(
      (await entries('by-step')).map(entry => entry.actor),
      [{ ...actor, via: 'mlflow' }],
    );
  });

  it('is whoever imported a store, once for each model and version that came', async () => {
    const folder = path.join(daemon.place.workspace, 'old');
    const { models } = unpackStore('mlflow-2.22-sqlite', folder);
    await importStore(daemon, folder);
    await importStore(daemon, folder);
    const actor = { subject: userInfo().username, role: 'owner', claimed: true, via: 'import' };
    assert.ok(models.length > 0);
    for (const { name } of models) {
      const found = await entries(name);
      assert.equal(found[0]?.action, 'model.create');
      for (const entry of found) assert.deepEqual(entry.actor, actor);
      const versions = found.flatMap(entry => (entry.action === 'version.import' ? [entry.version] : []));
      assert.deepEqual(versions, [...new Set(versions)], 'a second import adds nothing');
    }
    const { problems, unwitnessed } = await daemon.client.call(verifyAudit, {});
    assert.deepEqual([problems, unwitnessed], [[], []]);
  });
});
