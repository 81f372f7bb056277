/** Tokens of people: what they open, what records say, and how they end. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { DaemonClient } from '../../daemon/client/client.ts';
import { listAudit } from '../../daemon/contract/audit.ts';
import { EVENTS_PATH } from '../../daemon/contract/events.ts';
import { getModel, registerVersion } from '../../daemon/contract/models.ts';
import { listSecrets } from '../../daemon/contract/secrets.ts';
import { createToken, listTokens, revokeToken } from '../../daemon/contract/tokens.ts';
import { PersonTokens } from '../../daemon/http/person-tokens.ts';
import { modelthat } from '../support/cli.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';

describe('tokens of people', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  const command = (...args: string[]) => modelthat(daemon.place, 'token', ...args);
  const create = async (name: string, role: string) => (await command('create', name, '--role', role)).stdout;
  const as = (token: string) => new DaemonClient({ url: daemon.url, token });
  const DENIED = { code: 'PERMISSION_DENIED' };

  it('are shown once, and kept as a hash in a private file', async () => {
    const token = await create('Ada Lovelace', 'approver');
    assert.match(token, /^[\w-]{43}$/);
    const file = path.join(daemon.place.state, 'person-tokens.json');
    const kept = fs.readFileSync(file, 'utf8');
    assert.ok(!kept.includes(token));
    assert.ok(kept.includes(createHash('sha256').update(token).digest('hex')));
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.ok(!(await command('ls', '--json')).stdout.includes(token));
    assert.match((await command('ls')).stdout, /Ada Lovelace +approver .*never/);
  });

  it('of an approver reads, and does nothing else', async () => {
    const approver = as(await create('grace', 'approver'));
    await new MlflowWire(daemon).post('registered-models/create', { name: 'sales' });
    assert.equal((await approver.call(getModel, { params: { name: 'sales' } })).name, 'sales');
    await approver.call(listAudit, { query: {} });
    await assert.rejects(approver.call(listSecrets, {}), DENIED);
    await assert.rejects(approver.call(listTokens, {}), DENIED);
    const version = { params: { name: 'sales' }, body: { runId: 'any' } };
    await assert.rejects(approver.call(registerVersion, version), DENIED);
    const evil = { name: 'eve', role: 'approver' as const };
    await assert.rejects(approver.call(createToken, { body: evil }), DENIED);
    for (const [method, target] of [
      ['POST', '/api/2.0/mlflow/registered-models/create'],
      ['DELETE', '/api/2.0/mlflow/registered-models/delete'],
      ['POST', '/serve/sales/invocations'],
    ] as const)
      await assert.rejects(
        approver.fetch(target, { method, headers: { 'content-type': 'application/json' }, body: '{}' }),
        DENIED,
      );
  });

  it('of tracking log like any other, and records name the person without “claimed”', async () => {
    const token = await create('joan', 'tracking');
    await new MlflowWire(daemon, token).post('registered-models/create', { name: 'of-joan' });
    const { items } = await daemon.client.call(listAudit, { query: { model: 'of-joan' } });
    assert.deepEqual(items[0]?.actor, { subject: 'joan', role: 'tracking', claimed: false, via: 'mlflow' });
    await assert.rejects(as(token).call(listSecrets, {}), DENIED);
    const { run } = await new MlflowWire(daemon, token).post<{ run: { info: { user_id: string } } }>(
      'runs/create',
      { experiment_id: '0', user_id: 'ada' },
    );
    assert.equal(run.info.user_id, 'joan', 'who trains may not pass for another');
  });

  it('make the command line that person’s', async () => {
    const token = await create('hedy', 'approver');
    const place = { ...daemon.place, env: { ...daemon.place.env, MODELTHAT_TOKEN: token } };
    assert.equal((await modelthat(place, 'models', 'show', 'sales')).exitCode, 0);
    assert.match((await modelthat(place, 'token', 'ls')).stderr, /needs the owner token/);
  });

  it('are worth nothing once they are revoked', async () => {
    const revoked = as(await create('mallory', 'tracking'));
    await revoked.call(listAudit, { query: {} });
    assert.equal((await command('revoke', 'mallory')).exitCode, 0);
    await assert.rejects(revoked.call(listAudit, { query: {} }), { code: 'UNAUTHENTICATED' });
    assert.match((await command('revoke', 'mallory')).stderr, /“mallory” has no token/);
  });

  it('end the stream of events that they opened, once they are revoked', async () => {
    const listener = as(await create('listener', 'tracking'));
    const { body } = await listener.fetch(EVENTS_PATH);
    const events = body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    assert.match((await events?.next())?.value ?? '', /hello/);
    await daemon.client.call(revokeToken, { params: { name: 'listener' } });
    await new MlflowWire(daemon).post('registered-models/create', { name: 'unheard' });
    assert.equal((await events?.next())?.done, true);
  });

  it('hold after a restart, until they expire', async () => {
    const place = testPlace();
    const digestOf = (token: string) => createHash('sha256').update(token).digest('hex');
    const people = new PersonTokens(place.state);
    const lasting = people.create('ada', 'approver', null);
    const passing = people.create('grace', 'tracking', Date.now() + 3_600_000);
    const file = path.join(place.state, 'person-tokens.json');
    const kept = JSON.parse(fs.readFileSync(file, 'utf8'));
    kept[1].expiresAt = Date.now() - 1;
    fs.writeFileSync(file, JSON.stringify(kept));
    const later = new PersonTokens(place.state);
    assert.deepEqual(later.principalOf(digestOf(lasting.token)), { access: 'approver', subject: 'ada' });
    assert.equal(later.principalOf(digestOf(passing.token)), undefined);
    place.remove();
  });

  it('are refused for names that would pass for something else', async () => {
    const create = (name: string) => daemon.client.call(createToken, { body: { name, role: 'approver' } });
    for (const name of ['owner', 'Tracking (ada)', 'execution 1', 'import', '', ' ada', 'a\nb'])
      await assert.rejects(create(name), { code: 'INVALID_PARAMETER_VALUE' }, name);
    await assert.rejects(create('GRACE'), { code: 'RESOURCE_ALREADY_EXISTS' });
    const over = { name: 'late', role: 'approver' as const, expiresAt: 1 };
    await assert.rejects(daemon.client.call(createToken, { body: over }), { message: /which is over/ });
    await assert.rejects(daemon.client.call(revokeToken, { params: { name: 'nobody' } }));
  });
});
