/** Ways round enforced rules that the tracking token could take, and that refusals are in the audit log. */
import assert from 'node:assert/strict';
import { actorOf } from '../../../daemon/contract/principal.ts';
import { openRegistry, type TestRegistry } from '../../support/registry.ts';

const CODE = actorOf({ access: 'tracking' }, 'mlflow', 'user');
const OWNER = actorOf({ access: 'owner' }, 'native', 'user');
const person = (subject: string) => actorOf({ access: 'approver', subject }, 'native');

type Stage = 'None' | 'Staging' | 'Production' | 'Archived';

describe('ways round enforced rules', () => {
  let test: TestRegistry;
  beforeEach(async () => {
    test = await openRegistry();
  });
  afterEach(() => test.close());

  async function register(name: string, rmspe = 0.1): Promise<number> {
    const { id } = await test.tracking.createRun({ tags: [] });
    await test.tracking.logMetric(id, { key: 'rmspe', value: rmspe, timestamp: 1, step: 0 });
    await test.logModel(id, 'model');
    return (await test.registry.registerFromRun({ runIds: [id], name, actor: CODE })).version;
  }

  const move = (name: string, version: number, stage: Stage, actor = CODE) =>
    test.stages.move({ name, version, stage, archiveExisting: false, actor, reason: '', plain: true });

  const denied = (change: Promise<unknown>, message: RegExp) =>
    assert.rejects(change, { code: 'PERMISSION_DENIED', message });

  async function audited(action: string) {
    const entries = await test.database.read('audit.list', { order: 'oldest', limit: 1000 });
    return entries.filter(entry => entry.action === action);
  }

  const aliasesOf = async (name: string) => (await test.registry.getModel(name)).aliases;

  it('by a name whose rules do not bind: nothing is renamed while it is in a guarded stage', async () => {
    test.writeRules(
      'registry:',
      '  enforce: true',
      '  Production: { gates: [rmspe < 0.01] }',
      '  models: { sandbox: { enforce: false } }',
    );
    await register('sales');
    await test.registry.renameModel('sales', 'sandbox', CODE);
    await move('sandbox', 1, 'Production');
    await denied(
      test.registry.renameModel('sandbox', 'sales', CODE),
      /'sandbox' cannot be renamed: version 1 is in Production, and its rules are enforced\. .*models promote sandbox 1 --to Archived/,
    );
    const [refused] = await audited('model.refuse');
    assert.deepEqual(
      [refused?.model, refused?.before, refused?.after],
      ['sandbox', { name: 'sandbox' }, { refused: { name: 'sales' } }],
    );
    await move('sandbox', 1, 'Archived');
    await test.registry.renameModel('sandbox', 'sales', CODE);
    await denied(move('sales', 1, 'Production'), /rmspe < 0\.01 does not hold/);
  });

  it('by an alias that was set under another name', async () => {
    test.writeRules(
      'registry:',
      '  enforce: true',
      '  aliases: { Production: champion }',
      '  models: { sandbox: { enforce: false, aliases: {} } }',
    );
    await register('sandbox');
    await test.registry.setAlias('sandbox', 'champion', 1, CODE);
    await test.registry.renameModel('sandbox', 'sales', CODE);
    assert.deepEqual(await aliasesOf('sales'), {});
  });

  it('by an approval that was given under another name', async () => {
    test.writeRules('registry:', '  enforce: true', '  Production: { approval: true }');
    await register('sandbox');
    await denied(move('sandbox', 1, 'Production'), /request 1/);
    await test.registry.renameModel('sandbox', 'sales', CODE);
    await assert.rejects(
      test.stages.decide({ id: 1, approved: true, actor: person('ada'), reason: '' }),
      /void: the model was called 'sandbox'/,
    );
    await denied(move('sales', 1, 'Production'), /request 2/);
  });

  it('by renaming a model, so that who registered a version may approve it', async () => {
    test.writeRules('registry:', '  Production: { approval: { except: [registrar] } }');
    const { id } = await test.tracking.createRun({ tags: [] });
    await test.logModel(id, 'model');
    const registered = { runIds: [id], name: 'sandbox', actor: person('joan') };
    await test.registry.registerFromRun(registered);
    await test.registry.renameModel('sandbox', 'sales', CODE);
    const to = { version: 1, stage: 'Production', archiveExisting: true } as const;
    await test.stages.move({ name: 'sales', ...to, actor: CODE, reason: '' });
    const answer = { id: 1, approved: true, reason: '' };
    await denied(test.stages.decide({ ...answer, actor: person('joan') }), /than who registered it/);
    await test.stages.decide({ ...answer, actor: person('ada') });
  });

  it('by deleting what is in a guarded stage, or the model around it', async () => {
    test.writeRules('registry:', '  enforce: true');
    await register('sales');
    await register('sales');
    await move('sales', 1, 'Production');
    await denied(
      test.registry.deleteVersion('sales', 1, CODE),
      /Version 1 of 'sales' cannot be deleted: it is in Production, .*models promote sales 1 --to Archived/,
    );
    await denied(test.registry.deleteModel('sales', CODE), /version 1 is in Production/);
    await test.registry.deleteVersion('sales', 2, CODE);
    await move('sales', 1, 'Archived');
    await test.registry.deleteModel('sales', CODE);
    const [version] = await audited('version.refuse');
    assert.deepEqual([version?.version, version?.after], [1, { refused: null }]);
    const [deleted] = await audited('model.delete');
    assert.partialDeepStrictEqual(deleted?.before, { versions: [{ version: 1, stage: 'Archived' }] });
  });

  it('by a mistake in the rules: what they guarded stays guarded', async () => {
    await register('sales');
    await move('sales', 1, 'Production');
    await register('other');
    test.writeRules('registry:', '  enforce: yes please');
    await denied(test.registry.deleteModel('sales', CODE), /cannot be read: .*modelthat\.yaml:2/);
    await denied(test.registry.renameModel('sales', 'more', CODE), /cannot be read/);
    await test.registry.deleteModel('other', CODE);
  });

  it('by taking away the version in Production that others are compared with', async () => {
    test.writeRules('registry:', '  enforce: true', '  Production: { gates: [rmspe <= champion.rmspe] }');
    await register('sales', 0.1);
    await move('sales', 1, 'Production');
    await register('sales', 0.5);
    for (const stage of ['Archived', 'None', 'Staging'] as const)
      await denied(move('sales', 1, stage), /only one in Production.*--to/);
    await denied(move('sales', 2, 'Production'), /observed 0\.5, expected <= 0\.1/);
    const better = await register('sales', 0.05);
    await move('sales', better, 'Production');
    assert.equal((await test.registry.getVersion('sales', 1)).stage, 'Archived');
    await move('sales', better, 'Archived', OWNER);
  });

  it('by files that nobody here can read, so that they can become others after the approval', async () => {
    test.writeRules('registry:', '  enforce: true', '  Production: { approval: true }');
    await test.registry.createModel({ name: 'sales', description: '', tags: {}, actor: CODE });
    const elsewhere = { source: 's3://bucket/model', runId: null, modelId: null, runLink: '' };
    await test.registry.register({ name: 'sales', ...elsewhere, description: '', tags: {}, actor: CODE });
    await denied(move('sales', 1, 'Production'), /content does not hold \(its files are not in this store/);
  });

  it('by a new model of the same name: it has none of the approvals of the one before', async () => {
    test.writeRules('registry:', '  enforce: true', '  Production: { approval: true }');
    await register('sales');
    await denied(move('sales', 1, 'Production'), /request 1/);
    await test.stages.decide({ id: 1, approved: true, actor: person('ada'), reason: '' });
    await move('sales', 1, 'Archived');
    await test.registry.deleteModel('sales', CODE);
    await register('sales');
    await denied(move('sales', 1, 'Production'), /request 2/);
  });

  it('by a copy, which has to be let in itself', async () => {
    test.writeRules(
      'registry:',
      '  enforce: true',
      '  models: { sales: { Production: { approval: true } } }',
    );
    await register('sandbox');
    await move('sandbox', 1, 'Production');
    await test.registry.createModel({ name: 'sales', description: '', tags: {}, actor: CODE });
    const copied = { source: 'models:/sandbox/1', runId: null, modelId: null, runLink: '' };
    await test.registry.register({ name: 'sales', ...copied, description: '', tags: {}, actor: CODE });
    assert.equal((await test.registry.getVersion('sales', 1)).stage, 'None');
    await denied(move('sales', 1, 'Production'), /waits for approval/);
  });

  it('are in the audit log when they are tried', async () => {
    test.writeRules(
      'registry:',
      '  enforce: true',
      '  aliases: { Production: champion }',
      '  Staging: { gates: [rmspe < 0.1] }',
      '  Production: { approval: { by: [ada] } }',
    );
    const worse = await register('sales', 0.5);
    await denied(move('sales', worse, 'Staging'), /rmspe/);
    await denied(test.registry.setAlias('sales', 'champion', worse, CODE), /follows Production/);
    const [version] = await audited('version.refuse');
    assert.deepEqual(
      [version?.actor, version?.version, version?.before, version?.after],
      [CODE, worse, { stage: 'None' }, { refused: { stage: 'Staging' } }],
    );
    assert.match(version?.reason ?? '', /rmspe < 0\.1 does not hold \(observed 0\.5/);
    const [alias] = await audited('alias.refuse');
    assert.deepEqual(
      [alias?.version, alias?.before, alias?.after],
      [worse, null, { refused: { alias: 'champion', version: worse } }],
    );

    const better = await register('sales', 0.05);
    await denied(move('sales', better, 'Production'), /request 1/);
    const answer = (approved: boolean, subject: string) =>
      test.stages.decide({ id: 1, approved, actor: person(subject), reason: 'no' });
    await denied(answer(true, 'mallory'), /leave that to ada/);
    const [approval] = await audited('approval.refuse');
    assert.deepEqual([approval?.actor.subject, approval?.version], ['mallory', better]);
    await answer(false, 'ada');
    await denied(move('sales', better, 'Production'), /was rejected/);
    assert.equal((await audited('version.refuse')).at(-1)?.version, better);
  });
});

describe('deleting a version in a stage that an alias follows', () => {
  it('has the alias follow to the version that is left, and tells both', async () => {
    const test = await openRegistry();
    try {
      test.writeRules('registry:', '  aliases: { Production: champion }', '  Production: { archive: false }');
      for (const version of [1, 2]) {
        const { id } = await test.tracking.createRun({ tags: [] });
        await test.logModel(id, 'model');
        await test.registry.registerFromRun({ runIds: [id], name: 'sales', actor: OWNER });
        const to = { version, stage: 'Production', archiveExisting: false } as const;
        await test.stages.move({ name: 'sales', ...to, actor: OWNER, reason: '' });
      }
      await test.registry.setAlias('sales', 'best', 2, OWNER);
      await test.registry.deleteVersion('sales', 2, OWNER);
      assert.deepEqual((await test.registry.getModel('sales')).aliases, { champion: 1 });
      await test.registry.deleteVersion('sales', 1, OWNER);
      assert.deepEqual((await test.registry.getModel('sales')).aliases, {});
      const entries = await test.database.read('audit.list', { order: 'oldest', limit: 1000 });
      assert.deepEqual(
        entries
          .filter(({ action }) => /^(alias|version\.delete)/.test(action))
          .map(({ action, after }) => [action, after]),
        [
          ['alias.set', { alias: 'champion', version: 1 }],
          ['alias.set', { alias: 'champion', version: 2 }],
          ['alias.set', { alias: 'best', version: 2 }],
          ['version.delete', null],
          ['alias.set', { alias: 'champion', version: 1 }],
          ['alias.delete', null],
          ['version.delete', null],
          ['alias.delete', null],
        ],
      );
    } finally {
      await test.close();
    }
  });
});
