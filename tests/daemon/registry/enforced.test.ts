/** Rules for stages as MLflow's clients and people at a terminal meet them. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { decideApproval, getApproval, listApprovals } from '../../../daemon/contract/approvals.ts';
import { EVENTS_PATH } from '../../../daemon/contract/events.ts';
import { getModel, listTransitions, promoteVersion } from '../../../daemon/contract/models.ts';
import { getRules, rollBack } from '../../../daemon/contract/rules.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { write } from '../../support/pipelines.ts';

interface Refused {
  readonly error_code: string;
  readonly message: string;
}

describe('enforced rules', () => {
  let daemon: TestDaemon;
  let mlflow: MlflowWire;
  before(async () => {
    daemon = await startDaemon();
    mlflow = new MlflowWire(daemon);
  });
  after(() => daemon.dispose());

  const rules = (...lines: string[]) => write(daemon, 'modelthat.yaml', 'registry:', ...lines);

  /** Logs and registers a version as an MLflow client does. @returns its number */
  async function register(name: string, rmspe: number | string): Promise<number> {
    const { runId, artifacts } = await mlflow.startRun();
    await mlflow.upload(`${artifacts}/model/MLmodel`, 'flavors: {}');
    await mlflow.post('runs/log-metric', { run_id: runId, key: 'rmspe', value: rmspe, timestamp: 1 });
    await mlflow.call('POST', 'registered-models/create', { name });
    const { model_version: made } = await mlflow.post<{ model_version: { version: string } }>(
      'model-versions/create',
      { name, source: `runs:/${runId}/model`, run_id: runId },
    );
    return Number(made.version);
  }

  const transition = (name: string, version: number, stage: string) =>
    mlflow.call('POST', 'model-versions/transition-stage', {
      name,
      version: String(version),
      stage,
      archive_existing_versions: false,
    });

  async function refused(answer: ReturnType<typeof transition>): Promise<string> {
    const { status, json } = await answer;
    const { error_code, message } = json<Refused>();
    assert.deepEqual([status, error_code], [403, 'PERMISSION_DENIED'], message);
    return message;
  }

  const stages = async (name: string) =>
    (await daemon.client.call(getModel, { params: { name } })).versions
      .map(({ stage }) => stage)
      .toReversed();

  const command = (...args: string[]) => modelthat(daemon.place, 'models', ...args);

  it('refuse transitions of MLflow’s clients with the reason, and let others pass', async () => {
    rules('  enforce: true', '  Staging: { gates: [rmspe < 0.1] }');
    const good = await register('gated', 0.09);
    assert.equal((await transition('gated', good, 'Staging')).status, 200);
    const bad = await register('gated', 0.2);
    assert.match(await refused(transition('gated', bad, 'Staging')), /rmspe < 0\.1 .*observed 0\.2/);
    const nan = await register('gated', 'NaN');
    assert.match(await refused(transition('gated', nan, 'Production')), /not a number/);
    assert.deepEqual(await stages('gated'), ['Staging', 'None', 'None']);
    assert.equal((await transition('gated', bad, 'Archived')).status, 200);
  });

  it('ask for the approval that an MLflow client needs, and move the version when it is given', async () => {
    rules('  enforce: true', '  Production: { approval: true }', '  aliases: { Production: champion }');
    const [first, second] = [await register('approved', 0.1), await register('approved', 0.09)];
    await daemon.client.call(promoteVersion, {
      params: { name: 'approved', version: first },
      body: { stage: 'Production' },
    });
    const { items } = await daemon.client.call(listApprovals, { query: { model: 'approved' } });
    const [asked] = items;
    assert.equal(asked?.requestedBy.claimed, true);
    await daemon.client.call(decideApproval, {
      params: { id: asked?.id ?? 0 },
      body: { decision: 'approve', reason: '' },
    });
    const message = await refused(transition('approved', second, 'Production'));
    const id = Number(/request (\d+)/.exec(message)?.[1]);
    const evidence = await daemon.trackingClient.call(getApproval, { params: { id } });
    assert.deepEqual(
      [evidence.champion?.version, evidence.metrics],
      [first, [{ key: 'rmspe', candidate: 0.09, champion: 0.1 }]],
    );
    await assert.rejects(
      daemon.trackingClient.call(decideApproval, { params: { id }, body: { decision: 'approve' } }),
      { code: 'PERMISSION_DENIED', message: /needs the approver token/ },
    );
    await daemon.client.call(decideApproval, { params: { id }, body: { decision: 'approve', reason: 'go' } });
    assert.deepEqual(await stages('approved'), ['Archived', 'Production']);
    const alias = await mlflow.read<{ model_version: { version: string } }>('registered-models/alias', {
      name: 'approved',
      alias: 'champion',
    });
    assert.equal(alias.model_version.version, String(second));
  });

  it('keep aliases that follow stages out of other hands', async () => {
    rules('  enforce: true', '  aliases: { Production: champion }');
    const version = await register('aliased', 0.1);
    const alias = { name: 'aliased', alias: 'champion', version: String(version) };
    const path = 'registered-models/alias';
    assert.match(
      await refused(mlflow.call('POST', path, alias)),
      /'champion' of 'aliased' follows Production/,
    );
    assert.equal((await transition('aliased', version, 'Production')).status, 200);
    assert.equal((await mlflow.call('POST', path, alias)).status, 200, 'it is there already');
    await refused(mlflow.call('DELETE', path, alias));
    assert.equal((await mlflow.call('POST', path, { ...alias, alias: 'other' })).status, 200);
  });

  it('keep a version in Production from being deleted, and its model from being renamed', async () => {
    rules('  enforce: true');
    const version = await register('kept', 0.1);
    assert.equal((await transition('kept', version, 'Production')).status, 200);
    const key = { name: 'kept', version: String(version) };
    assert.match(await refused(mlflow.call('DELETE', 'model-versions/delete', key)), /Archive it first/);
    await refused(mlflow.call('DELETE', 'registered-models/delete', { name: 'kept' }));
    await refused(mlflow.call('POST', 'registered-models/rename', { name: 'kept', new_name: 'free' }));
    const token = daemon.secrets.owner;
    assert.equal(
      (await new MlflowWire(daemon, token).call('DELETE', 'model-versions/delete', key)).status,
      403,
    );
    assert.deepEqual(await stages('kept'), ['Production']);
  });

  it('are only recorded where they are not enforced', async () => {
    rules('  Staging: { gates: [rmspe < 0.1] }');
    const version = await register('recorded', 0.2);
    assert.equal((await transition('recorded', version, 'Staging')).status, 200);
    const { items } = await daemon.client.call(listTransitions, { params: { name: 'recorded' } });
    assert.match(items[0]?.reason ?? '', /against the rules, which are not enforced: rmspe < 0\.1/);
  });

  it('with a mistake in them stop every move until it is corrected', async () => {
    const version = await register('mistaken', 0.2);
    rules('  enforce: yes please');
    assert.match(await refused(transition('mistaken', version, 'Staging')), /modelthat\.yaml:2: .*enforce/);
    const { problems } = await daemon.client.call(getRules, {});
    assert.deepEqual([problems[0]?.line, problems[0]?.severity], [2, 'error']);
    assert.match((await command('rules')).stderr, /modelthat\.yaml:2: /);
    rules('  enforce: true');
    assert.equal((await transition('mistaken', version, 'Staging')).status, 200);
  });

  it('let one of two promotions at once win, and tell the other', async () => {
    rules('  enforce: true');
    const versions = [await register('raced', 0.1), await register('raced', 0.1)];
    const answers = await Promise.all(versions.map(version => transition('raced', version, 'Production')));
    const states = await stages('raced');
    assert.equal(states.filter(stage => stage === 'Production').length, 1, states.join());
    for (const [at, answer] of answers.entries())
      if (answer.status !== 200) {
        assert.equal(answer.json<Refused>().error_code, 'RESOURCE_CONFLICT');
        assert.equal(states[at], 'None');
      }
  });

  it('say at the terminal what is missing, with the exit codes of a pipeline', async () => {
    rules('  Staging: { gates: [rmspe < 0.1] }', '  Production: { approval: { except: [requester] } }');
    const good = await register('terminal', 0.05);
    const bad = await register('terminal', 0.2);
    const promote = (version: number, ...more: string[]) =>
      command('promote', 'terminal', String(version), '--to', 'production', ...more);

    const gate = await promote(bad);
    assert.equal(gate.exitCode, 3);
    assert.match(gate.stderr, /rmspe < 0\.1 does not hold \(observed 0\.2, expected < 0\.1\)/);
    const machine = JSON.parse((await promote(bad, '--json')).stderr);
    assert.deepEqual([machine.error_code, machine.details.refused], ['PERMISSION_DENIED', 'conditions']);

    const asked = await promote(good);
    assert.deepEqual([asked.exitCode, await stages('terminal')], [0, ['None', 'None']]);
    const id = /request (\d+)/.exec(asked.stdout)?.[1] ?? '';
    assert.match((await command('requests')).stdout, new RegExp(`${id} +terminal +1 +Production +pending`));
    assert.match(
      (await command('requests', id)).stdout,
      /terminal version 1 to Production[\s\S]*rmspe +0\.05/,
    );
    const own = await command('approve', id);
    assert.equal(own.exitCode, 1);
    assert.match(own.stderr, new RegExp(`${userInfo().username} may not approve it.*asked for the approval`));
    assert.equal((await command('reject', id)).exitCode, 2, 'a rejection has a reason');
    assert.match((await command('reject', id, '--reason', 'not yet')).stdout, /is rejected/);
    const again = await promote(good);
    assert.deepEqual([again.exitCode, /not yet/.test(again.stderr)], [4, true]);

    rules('  Production: { approval: true }');
    const { request } = JSON.parse((await promote(good, '--again', '--json')).stdout);
    assert.equal((await command('approve', String(request))).stdout, 'terminal version 1 is in Production');
    assert.match(
      (await command('rules', 'terminal', '2')).stdout,
      /approved by 0 of 1[\s\S]*cannot come to Production now/,
    );
    assert.match((await command('rules')).stdout, /all others +Production +an approval +recorded only/);
  });

  it('roll back and forward at the terminal', async () => {
    rules('  aliases: { Production: champion }');
    for (const version of [await register('rolled', 0.1), await register('rolled', 0.09)])
      await command('promote', 'rolled', String(version), '--to', 'Production');
    assert.equal(
      (await command('rollback', 'rolled', '--reason', 'slow')).stdout,
      'rolled version 1 is in Production again',
    );
    assert.deepEqual(await stages('rolled'), ['Production', 'Archived']);
    const none = await command('rollback', 'rolled');
    assert.deepEqual([none.exitCode, /before version 1/.test(none.stderr)], [1, true]);
    await command('rollback', 'rolled', '--to', '2');
    assert.deepEqual(await stages('rolled'), ['Archived', 'Production']);
    await assert.rejects(daemon.trackingClient.call(rollBack, { params: { name: 'rolled' }, body: {} }), {
      code: 'PERMISSION_DENIED',
    });
  });

  it('announce requests to who listens', async () => {
    rules('  Production: { approval: true }');
    const version = await register('announced', 0.1);
    const controller = new AbortController();
    const { body } = await daemon.trackingClient.fetch(EVENTS_PATH, { signal: controller.signal });
    const events = body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    await events?.next();
    await daemon.client.call(promoteVersion, {
      params: { name: 'announced', version },
      body: { stage: 'Production' },
    });
    let heard = '';
    while (!/"topic":"approval"/.test(heard)) heard += (await events?.next())?.value ?? '';
    controller.abort();
    assert.match(heard, /"topic":"approval","id":"\d+","kind":"created","parent":"announced"/);
  });
});
