/** Webhooks with real servers at the other end, and MLflow's own client at this one. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { execa } from 'execa';
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  testWebhook,
  type WebhookEvent,
} from '../../../daemon/contract/webhooks.ts';
import { isPublic } from '../../../daemon/webhooks/address.ts';
import { modelthatReading } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import { Receiver } from '../../support/receiver.ts';

describe('webhooks', () => {
  const receiver = new Receiver();
  let daemon: TestDaemon;
  let mlflow: MlflowWire;
  before(async () => {
    await receiver.listen();
    daemon = await startDaemon({ env: { MODELTHAT_WEBHOOKS_ALLOW: 'http,private' } });
    mlflow = new MlflowWire(daemon);
  });
  after(async () => {
    await daemon.stop();
    daemon.place.remove();
    await receiver.close();
  });

  const make = (name: string, events: WebhookEvent[], more = {}) =>
    daemon.client.call(createWebhook, {
      body: { name, url: `${receiver.url}/${name}`, events, ...more },
    });

  it('are told of what is done, in order, in MLflow’s form and signed', async () => {
    const secret = 'between us';
    await make(
      'signed',
      [
        'registered_model.created',
        'model_version.created',
        'model_version_tag.set',
        'model_version_alias.created',
      ],
      { secret },
    );
    const { runId, artifacts } = await mlflow.startRun();
    await mlflow.upload(`${artifacts}/model/MLmodel`, 'flavors: {}');
    await mlflow.post('registered-models/create', {
      name: 'sales',
      tags: [{ key: 'team', value: 'retail' }],
    });
    const source = `runs:/${runId}/model`;
    await mlflow.post('model-versions/create', { name: 'sales', source, run_id: runId });
    await mlflow.post('model-versions/set-tag', { name: 'sales', version: '1', key: 'ok', value: 'yes' });
    await mlflow.post('registered-models/alias', { name: 'sales', alias: 'champion', version: '1' });

    const payloads = await receiver.payloads('/signed', 4);
    assert.deepEqual(
      payloads.map(({ timestamp: _timestamp, ...payload }) => payload),
      [
        {
          entity: 'registered_model',
          action: 'created',
          data: { name: 'sales', tags: { team: 'retail' }, description: null },
        },
        {
          entity: 'model_version',
          action: 'created',
          data: { name: 'sales', version: '1', source, run_id: runId, tags: {}, description: null },
        },
        {
          entity: 'model_version_tag',
          action: 'set',
          data: { name: 'sales', version: '1', key: 'ok', value: 'yes' },
        },
        {
          entity: 'model_version_alias',
          action: 'created',
          data: { name: 'sales', alias: 'champion', version: '1' },
        },
      ],
    );
    for (const { headers, body } of receiver.deliveries) {
      const content = `${headers['x-mlflow-delivery-id']}.${headers['x-mlflow-timestamp']}.${body}`;
      const signature = createHmac('sha256', secret).update(content).digest('base64');
      assert.equal(headers['x-mlflow-signature'], `v1,${signature}`);
    }
  });

  it('never give their secret out, nor keep it in the store', async () => {
    const { items } = await daemon.client.call(listWebhooks, {});
    assert.ok(!JSON.stringify(items).includes('between us'));
    assert.ok(!(await mlflow.get('webhooks')).body.includes('between us'));
    const file = path.join(daemon.place.state, 'webhook-secrets.json');
    assert.ok(fs.readFileSync(file, 'utf8').includes('between us'));
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    for (const name of fs.readdirSync(daemon.place.store))
      if (name.startsWith('modelthat.db'))
        assert.ok(!fs.readFileSync(path.join(daemon.place.store, name)).includes('between us'));
  });

  it('are told again after a failure that may pass, with the same id, and not of what is no concern of theirs', async () => {
    await make('flaky', ['model_version_alias.deleted']);
    receiver.answers.set('/flaky', { status: 503 });
    await mlflow.send(
      'DELETE',
      '/api/2.0/mlflow/registered-models/alias',
      JSON.stringify({ name: 'sales', alias: 'champion' }),
      { 'content-type': 'application/json' },
    );
    const [first, second] = await receiver.payloads('/flaky', 2);
    assert.deepEqual(first, second);
    const ids = receiver.deliveries.filter(each => each.url === '/flaky');
    assert.equal(ids[0]?.headers['x-mlflow-delivery-id'], ids[1]?.headers['x-mlflow-delivery-id']);
  });

  it('follow no redirect', async () => {
    const hook = await make('away', ['registered_model.created']);
    receiver.answers.set('/away', { status: 307, headers: { location: `${receiver.url}/inside` } });
    const result = await daemon.client.call(testWebhook, { params: { id: hook.id }, body: {} });
    assert.deepEqual([result.success, result.status], [false, 307]);
    assert.match(result.error ?? '', /redirect \(307\), which is not followed/);
    assert.ok(!receiver.deliveries.some(({ url }) => url === '/inside'));
    await daemon.client.call(deleteWebhook, { params: { id: hook.id } });
  });

  it('go on after a restart with what was not delivered', async () => {
    await make('late', ['registered_model.created']);
    receiver.answers.set('/late', { status: 500 });
    await mlflow.post('registered-models/create', { name: 'second' });
    await receiver.payloads('/late', 1);
    await daemon.stop();
    daemon = await startDaemon({
      place: daemon.place,
      env: { MODELTHAT_WEBHOOKS_ALLOW: 'http,private' },
    });
    mlflow = new MlflowWire(daemon);
    const payloads = await receiver.payloads('/late', 2);
    assert.deepEqual(payloads.at(-1)?.data, { name: 'second', tags: {}, description: null });
  });

  it('are made by the command line, with our own events, which MLflow’s clients are not shown', async () => {
    const args = [
      'create',
      'stages',
      `${receiver.url}/stages`,
      '--event',
      'model_version_stage.transitioned',
    ];
    const made = await modelthatReading(daemon.place, 's3cret\n', 'webhooks', ...args, '--secret-stdin');
    assert.equal(made.exitCode, 0);
    const tested = await modelthatReading(daemon.place, '', 'webhooks', 'test', made.stdout);
    assert.equal(tested.stdout, 'It answered 200: seen');
    const [payload] = await receiver.payloads('/stages', 1);
    assert.deepEqual([payload?.entity, payload?.action], ['model_version_stage', 'transitioned']);
    assert.match((await modelthatReading(daemon.place, '', 'webhooks', 'ls')).stdout, /stages +active/);
    assert.ok(!(await mlflow.get('webhooks')).body.includes('stages'));
    await modelthatReading(daemon.place, '', 'webhooks', 'rm', made.stdout);
  });

  it('work with MLflow’s own client', async function () {
    this.timeout(300_000);
    const python = await ensurePythonEnvironment('tests/python/requirements-mlflow3.txt');
    const script = `
import json, sys
from mlflow import MlflowClient
client = MlflowClient()
made = client.create_webhook(name="python", url=sys.argv[1], events=["registered_model.created", "model_version_tag.set"],
                             secret="whisper", description="from Python")
listed = [hook.name for hook in client.list_webhooks()]
result = client.test_webhook(made.webhook_id)
changed = client.update_webhook(made.webhook_id, status="DISABLED", events=["model_version.created"])
got = client.get_webhook(made.webhook_id)
client.delete_webhook(made.webhook_id)
left = [hook.name for hook in client.list_webhooks()]
print(json.dumps([made.status, sorted(listed), result.success, result.response_status, result.response_body,
                  changed.status, [str(event) for event in got.events], got.description, "python" in left]))
`;
    const { stdout } = await execa(python, ['-c', script, `${receiver.url}/python`], {
      env: { ...daemon.mlflowEnv },
    });
    const last = JSON.parse(stdout.split('\n').at(-1) ?? '');
    assert.deepEqual(last, [
      ...['ACTIVE', ['flaky', 'late', 'python', 'signed'], true, 200, 'seen'],
      ...['DISABLED', ['model_version.created'], 'from Python', false],
    ]);
    const [payload] = await receiver.payloads('/python', 1);
    assert.equal((payload as { data: { name: string } }).data.name, 'example_model');
  });
});

describe('addresses of webhooks', () => {
  const receiver = new Receiver();
  let daemon: TestDaemon;
  before(async () => {
    await receiver.listen();
    daemon = await startDaemon();
  });
  after(async () => {
    await daemon.dispose();
    await receiver.close();
  });

  const make = (url: string) =>
    daemon.client.call(createWebhook, { body: { name: 'hook', url, events: ['registered_model.created'] } });

  it('are refused where their text leads inside, or is no HTTPS', async () => {
    for (const [url, message] of [
      ['http://example.org/', /Allowed schemes are: https\./],
      ['file:///etc/passwd', /scheme: 'file'/],
      ['https://127.0.0.1/', /non-public/],
      ['https://2130706433/', /non-public.*127\.0\.0\.1/],
      ['https://0x7f.1/', /non-public/],
      ['https://[::1]/', /non-public/],
      ['https://[::ffff:10.0.0.1]/', /non-public/],
      ['https://169.254.169.254/latest/meta-data', /non-public/],
      ['https://user:secret@example.org/', /no user or password/],
      ['example.org', /Invalid webhook URL/],
    ] as const)
      await assert.rejects(make(url), { code: 'INVALID_PARAMETER_VALUE', message }, url);
  });

  it('are checked as they are when the connection is made, whatever the name meant before', async () => {
    const { id } = await make(`https://localhost:${receiver.port}/`);
    const result = await daemon.client.call(testWebhook, { params: { id }, body: {} });
    assert.equal(result.success, false);
    assert.match(result.error ?? '', /'localhost' resolves to (127\.0\.0\.1|::1)/);
    assert.deepEqual(receiver.deliveries, []);
  });

  it('are public where the internet says so', () => {
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111']) assert.ok(isPublic(address), address);
    for (const address of ['10.1.2.3', '172.16.0.1', '100.64.0.1', '0.0.0.0', '255.255.255.255', '224.0.0.1'])
      assert.ok(!isPublic(address), address);
    for (const address of ['::', '::1', 'fe80::1', 'fc00::1', 'ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::'])
      assert.ok(!isPublic(address), address);
  });
});
