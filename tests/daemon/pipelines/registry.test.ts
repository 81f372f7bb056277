// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { decideApproval, listApprovals } from '../../../daemon/contract/approvals.ts';
import { getModel, listTransitions, promoteVersion } from '../../../daemon/contract/models.ts';
import { decideStep, type Execution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

/** A training step without dependencies: it speaks MLflow's protocol as its client does. */
const TRAIN = [
  'import json, os, sys, urllib.request',
  'base, token = os.environ["MLFLOW_TRACKING_URI"], os.environ["MLFLOW_TRACKING_PASSWORD"]',
  'def call(method, path, body, kind="application/json"):',
  '    headers = {"content-type": kind, "authorization": "Bearer " + token}',
  '    return urllib.request.urlopen(urllib.request.Request(base + path, body, headers, method=method)).read()',
  'def post(path, body): return json.loads(call("POST", "/api/2.0/mlflow/" + path, json.dumps(body).encode()))',
  'run = post("runs/create", {"experiment_id": sys.argv[2]} if len(sys.argv) > 2 else {})["run"]["info"]',
  'post("runs/log-metric", {"run_id": run["run_id"], "key": "rmspe", "value": float(sys.argv[1]), "timestamp": 1, "step": 3})',
  'place = run["artifact_uri"].split(":", 1)[1].lstrip("/")',
  'call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/model/MLmodel", b"flavors: {}\\n", "application/octet-stream")',
];

/** Writes over the model that the newest version is of. */
const CHANGE = [
  ...TRAIN.slice(0, 5),
  'headers = {"authorization": "Bearer " + token}',
  'address = base + "/api/2.0/mlflow/model-versions/get?version=1&name=" + sys.argv[1]',
  'found = json.load(urllib.request.urlopen(urllib.request.Request(address, headers=headers)))["model_version"]',
  'address = base + "/api/2.0/mlflow/runs/get?run_id=" + found["run_id"]',
  'run = json.load(urllib.request.urlopen(urllib.request.Request(address, headers=headers)))["run"]["info"]',
  'place = run["artifact_uri"].split(":", 1)[1].lstrip("/")',
  'call("PUT", f"/api/2.0/mlflow-artifacts/artifacts/{place}/model/MLmodel", b"flavors: { other: {} }\\n", "application/octet-stream")',
];

describe('pipelines and the registry', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
    write(daemon, 'train.py', ...TRAIN);
    write(daemon, 'params.yaml', 'rmspe: 0.09', 'limit: 0.1');
  });
  after(() => daemon.dispose());

  const model = (name: string) => daemon.client.call(getModel, { params: { name } });

  const pipeline = (name: string) => [
    `name: ${name}`,
    'steps:',
    `  train: { run: "python3 train.py \${rmspe}", model: { register: ${name} } }`,
    '  evaluate:',
    '    after: [train]',
    '    gates: ["rmspe < ${limit}", rmspe <= champion.rmspe * 1.02]',
    `    promote: { model: ${name}, to: Staging }`,
    '  approve: { after: [evaluate], approval: Production }',
    `  release: { after: [approve], promote: { model: ${name}, to: Production } }`,
  ];

  async function decide(
    execution: Execution,
    decision: 'approve' | 'reject',
    reason: string,
  ): Promise<Execution> {
    await until(daemon, execution.id, ({ status }) => status === 'waiting');
    const params = { executionId: execution.id, step: 'approve' };
    await daemon.client.call(decideStep, { params, body: { decision, reason } });
    return ended(daemon, execution.id);
  }

  it('registers, gates, promotes to Staging, and to Production after a person approved', async () => {
    const execution = await decide(await start(daemon, pipeline('sales')), 'approve', 'numbers are fine');
    assert.equal(execution.exitCode, 0, JSON.stringify(execution, null, 2));
    assert.deepEqual(execution.versions, [{ name: 'sales', version: 1, stage: 'Production' }]);
    assert.match(step(execution, 'approve').message, /approved by owner: numbers are fine/);
    assert.match(step(execution, 'evaluate').message, /no version is in Production/);
    const [version] = (await model('sales')).versions;
    assert.equal(version?.runId, step(execution, 'train').runId);
    assert.deepEqual(
      version?.gates.map(({ gate, passed, observed }) => [gate, passed, observed]),
      [
        ['rmspe < 0.1', true, 0.09],
        ['rmspe <= champion.rmspe * 1.02', true, 0.09],
      ],
    );
    const { items } = await daemon.client.call(listTransitions, { params: { name: 'sales' } });
    assert.deepEqual(
      items.map(({ to, by, reason }) => [to, by, reason]),
      [
        ['Production', `execution ${execution.id}, step release`, 'step release succeeded'],
        [
          'Staging',
          `execution ${execution.id}, step evaluate`,
          'gates passed: rmspe < 0.1, rmspe <= champion.rmspe * 1.02',
        ],
      ],
    );
    assert.deepEqual(step(execution, 'train').metric, { key: 'rmspe', value: 0.09, step: 3 });
  });

  it('ends with 4 when a person rejects', async () => {
    const execution = await decide(await start(daemon, pipeline('rejected')), 'reject', 'not now');
    assert.deepEqual([execution.status, execution.exitCode], ['rejected', 4]);
    assert.deepEqual(statuses(execution), {
      train: 'succeeded',
      evaluate: 'succeeded',
      approve: 'rejected',
      release: 'skipped',
    });
    assert.equal((await model('rejected')).versions[0]?.stage, 'Staging');
  });

  it('judges against the version in Production', async () => {
    const first = await run(daemon, pipeline('champion').slice(0, 6));
    assert.equal(first.exitCode, 0);
    await daemon.client.call(promoteVersion, {
      params: { name: 'champion', version: 1 },
      body: { stage: 'Production' },
    });
    const worse = await run(daemon, pipeline('champion').slice(0, 7), { set: { rmspe: '0.095' } });
    assert.equal(worse.exitCode, 3);
    const [, gate] = step(worse, 'evaluate').gates;
    assert.deepEqual([gate?.passed, gate?.observed, gate?.expected], [false, 0.095, 0.09 * 1.02]);
    const [version] = (await model('champion')).versions;
    assert.deepEqual([version?.version, version?.stage, version?.gates.length], [2, 'None', 2]);
  });

  it('promotes by the rules of the registry beside the gates of the step', async () => {
    const ruled = (...rules: string[]) => [...pipeline('ruled').slice(0, 7), 'registry:', ...rules];
    const refused = await run(daemon, ruled('  Staging: { gates: [rmspe < 0.01] }'));
    assert.equal(refused.exitCode, 3);
    assert.match(step(refused, 'evaluate').message, /rmspe < 0\.01 does not hold \(observed 0\.09/);
    assert.equal((await model('ruled')).versions[0]?.stage, 'None');

    const asking = await run(daemon, ruled('  Staging: { approval: true }'), { force: true });
    assert.equal(asking.exitCode, 0, JSON.stringify(asking, null, 2));
    const [, id] = /waits for approval .* \(request (\d+)\)/.exec(step(asking, 'evaluate').message) ?? [];
    await daemon.client.call(decideApproval, { params: { id: Number(id) }, body: { decision: 'approve' } });
    const [version] = (await model('ruled')).versions;
    assert.deepEqual([version?.version, version?.stage], [2, 'Staging']);
  });

  describe('with a step that a person approved', () => {
    const ruled = (name: string, rule: string) => [
      ...pipeline(name),
      `registry: { Production: { approval: ${rule} } }`,
    ];
    const requests = async (name: string) =>
      (await daemon.client.call(listApprovals, { query: { model: name } })).items;

    it('ask for the approval of the rules no second time', async () => {
      const execution = await decide(await start(daemon, ruled('once', 'true')), 'approve', 'as I said');
      assert.equal(execution.exitCode, 0, JSON.stringify(execution, null, 2));
      assert.equal((await model('once')).versions[0]?.stage, 'Production');
      const [request, ...others] = await requests('once');
      assert.deepEqual([request?.state, others], ['approved', []]);
      assert.deepEqual(
        request?.answers.map(({ approved, by, reason }) => [approved, by.role, reason]),
        [[true, 'owner', 'as I said']],
      );
    });

    it('count it as one where the rules want more, and not where they name others', async () => {
      await decide(await start(daemon, ruled('two', '{ count: 2 }')), 'approve', '');
      const [two] = await requests('two');
      assert.deepEqual([two?.state, two?.answers.length], ['pending', 1]);
      const asked = await decide(await start(daemon, ruled('others', '{ by: [ada] }')), 'approve', '');
      assert.match(step(asked, 'release').message, /waits for approval before it comes to Production/);
      const [others] = await requests('others');
      assert.deepEqual([others?.state, others?.answers], ['pending', []]);
    });

    it('do not take it for files that changed since', async () => {
      const lines = ruled('changed', 'true').map(line =>
        line.startsWith('  approve:')
          ? `${line}\n  change: { after: [approve], run: python3 change.py changed }`
          : line.replace('after: [approve]', 'after: [change]'),
      );
      // Not through Staging, whose files nobody can change.
      const direct = lines.filter(line => !line.includes('to: Staging'));
      write(daemon, 'change.py', ...CHANGE);
      const execution = await decide(await start(daemon, direct), 'approve', '');
      assert.match(step(execution, 'release').message, /waits for approval/, JSON.stringify(execution));
      assert.equal((await model('changed')).versions[0]?.stage, 'None');
    });
  });

  it('leave a version alone that was archived meanwhile', async () => {
    const lines = pipeline('archived').slice(0, 6);
    await run(daemon, lines);
    const archive = { params: { name: 'archived', version: 1 }, body: { stage: 'Archived' as const } };
    await daemon.client.call(promoteVersion, archive);
    const again = await run(daemon, [
      ...lines,
      '  release: { after: [evaluate], promote: { model: archived, to: Production } }',
    ]);
    assert.match(step(again, 'release').message, /version 1 of archived stays in Archived/);
    assert.equal((await model('archived')).versions[0]?.stage, 'Archived');
  });

  it('has data checks on record for the rules', async () => {
    write(daemon, 'found.json', '[{"name": "no gaps", "passed": true}]');
    const execution = await run(daemon, [
      'steps:',
      '  raw: { run: cp found.json raw.json, checks: raw.json }',
      '  train: { after: raw, run: python3 train.py 0.09, model: { register: checked } }',
      '  release: { after: train, promote: { model: checked, to: Staging } }',
      'registry: { Staging: { checks: true } }',
    ]);
    assert.equal(execution.exitCode, 0, JSON.stringify(execution, null, 2));
    assert.equal((await model('checked')).versions[0]?.stage, 'Staging');
  });

  it('fails a step that logged no model to register', async () => {
    const execution = await run(daemon, ['steps: { train: { run: echo, model: { register: nothing } } }']);
    assert.match(step(execution, 'train').message, /logged no model to register as “nothing”/);
    assert.equal(execution.exitCode, 1);
  });

  it('fails a promotion of a model without versions', async () => {
    const execution = await run(daemon, ['steps: { a: { promote: { model: unheard-of, to: Staging } } }']);
    assert.match(step(execution, 'a').message, /“unheard-of” has no version/);
  });
});
