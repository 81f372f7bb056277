/** Rules for stages, as the file of a workspace has them, on a real database with several people. */
import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { storePathOf } from '../../../daemon/artifacts/uri.ts';
import type { ApiError } from '../../../daemon/contract/errors.ts';
import { actorOf } from '../../../daemon/contract/principal.ts';
import type { Refusal } from '../../../daemon/contract/rules.ts';
import { CHECKS_TAG } from '../../../daemon/contract/runs.ts';
import { openRegistry, type TestRegistry } from '../../support/registry.ts';

const person = (subject: string) => actorOf({ access: 'owner', subject }, 'native');
const ADA = person('ada');
const GRACE = person('grace');

describe('rules for stages', () => {
  let test: TestRegistry;
  beforeEach(async () => {
    test = await openRegistry();
  });
  afterEach(() => test.close());

  /** Registers a version of `sales` with these metrics. */
  async function version(
    metrics: Record<string, number> = {},
    logged: { manifest?: string; runTags?: Record<string, string>; user?: string } = {},
  ): Promise<number> {
    const tags = Object.entries(logged.runTags ?? {}).map(([key, value]) => ({ key, value }));
    const { id } = await test.tracking.createRun({ tags, ...(logged.user ? { user: logged.user } : {}) });
    for (const [key, value] of Object.entries(metrics))
      await test.tracking.logMetric(id, { key, value, timestamp: 1, step: 0 });
    await test.logModel(id, 'model', logged.manifest === undefined ? {} : { manifest: logged.manifest });
    return (await test.registry.registerFromRun({ runIds: [id], name: 'sales', actor: ADA })).version;
  }

  const move = (number: number, stage: 'Staging' | 'Production', more = {}) =>
    test.stages.move({
      name: 'sales',
      version: number,
      stage,
      archiveExisting: true,
      actor: ADA,
      reason: '',
      ...more,
    });

  const stageOf = async (number: number) => (await test.registry.getVersion('sales', number)).stage;

  async function refused(promise: Promise<unknown>, kind: Refusal['refused']): Promise<string> {
    let error: ApiError | undefined;
    await promise.catch(thrown => {
      error = thrown;
    });
    assert.ok(error, 'it was not refused');
    assert.equal(error.code, 'PERMISSION_DENIED', String(error));
    assert.equal((error.details as Refusal).refused, kind);
    return error.message;
  }

  describe('gates', () => {
    it('name what was observed and what was expected, and are kept with the version', async () => {
      test.writeRules('registry:', '  Staging: { gates: [rmspe < 0.1, rmspe <= champion.rmspe * 1.02] }');
      const worse = await version({ rmspe: 0.2 });
      const message = await refused(move(worse, 'Staging'), 'conditions');
      assert.match(message, /rmspe < 0\.1 does not hold \(observed 0\.2, expected < 0\.1\)/);
      assert.equal(await stageOf(worse), 'None');
      const shown = await test.registry.show('sales', worse);
      assert.deepEqual(
        shown.gates.map(({ gate, passed }) => [gate, passed]),
        [
          ['rmspe < 0.1', false],
          ['rmspe <= champion.rmspe * 1.02', true],
        ],
      );
    });

    it('compare with the version in Production, on the way to Production, too', async () => {
      test.writeRules('registry:', '  Staging: { gates: [rmspe <= champion.rmspe * 1.02] }');
      await move(await version({ rmspe: 0.09 }), 'Production');
      const worse = await version({ rmspe: 0.095 });
      assert.match(
        await refused(move(worse, 'Production'), 'conditions'),
        /observed 0\.095, expected <= 0\.0918/,
      );
      const better = await version({ rmspe: 0.08 });
      await move(better, 'Production');
      assert.deepEqual([await stageOf(1), await stageOf(better)], ['Archived', 'Production']);
    });

    it('refuse a metric that is missing, and one that is no number', async () => {
      test.writeRules('registry:', '  Staging: { gates: [mape != 1] }');
      const missing = await version({ rmspe: 1 });
      assert.match(await refused(move(missing, 'Staging'), 'conditions'), /no metric “mape”; logged: rmspe/);
      const nan = await version({ mape: Number.NaN });
      assert.match(await refused(move(nan, 'Staging'), 'conditions'), /not a number \(NaN\)/);
    });

    it('read metrics of evaluations, with parameters filled in', async () => {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own syntax
      test.writeRules('params: { limit: 0.1 }', 'registry:', '  Staging: { gates: ["holdout < ${limit}"] }');
      const number = await version({ holdout: 0.5 });
      await test.registry.recordEvaluation({
        name: 'sales',
        version: number,
        runId: null,
        of: 'holdout.parquet',
        gates: [],
        metrics: { holdout: 0.05 },
      });
      await move(number, 'Staging');
      assert.equal(await stageOf(number), 'Staging');
    });

    it('mean the evaluation that they name, whatever else has a metric of that name', async () => {
      test.writeRules(
        'registry:',
        '  Staging:',
        '    gates: [rmspe@run < 0.2, rmspe@holdout.parquet <= champion.rmspe@holdout.parquet]',
      );
      const evaluated = (of: string, number: number, rmspe: number) =>
        test.registry.recordEvaluation({
          ...{ name: 'sales', version: number, runId: null },
          ...{ of, gates: [], metrics: { rmspe } },
        });
      const champion = await version({ rmspe: 0.1 });
      await evaluated('holdout.parquet', champion, 0.3);
      await move(champion, 'Production');
      const worse = await version({ rmspe: 0.1 });
      assert.match(await refused(move(worse, 'Staging'), 'conditions'), /no metric “rmspe@holdout\.parquet”/);
      await evaluated('holdout.parquet', worse, 0.4);
      await evaluated('easy.parquet', worse, 0.01);
      assert.match(
        await refused(move(worse, 'Staging'), 'conditions'),
        /holdout\.parquet does not hold \(observed 0\.4, expected <= 0\.3\)\.$/,
      );
      assert.deepEqual((await test.registry.show('sales', worse)).metrics, {
        rmspe: 0.01,
        'rmspe@run': 0.1,
        'rmspe@holdout.parquet': 0.4,
        'rmspe@easy.parquet': 0.01,
      });
      await evaluated('holdout.parquet', worse, 0.2);
      await move(worse, 'Staging');
      assert.equal(await stageOf(worse), 'Staging');
    });
  });

  it('ask for data checks that passed, of the run or of what it is part of', async () => {
    test.writeRules('registry:', '  Staging: { checks: true }');
    const none = await version();
    assert.match(await refused(move(none, 'Staging'), 'conditions'), /no data checks are recorded/);
    const outer = await test.tracking.createRun({
      tags: [{ key: `${CHECKS_TAG}raw`, value: JSON.stringify({ passed: 3, failed: 0 }) }],
    });
    const inside = { 'mlflow.parentRunId': outer.id };
    const good = await version({}, { runTags: inside });
    await move(good, 'Staging');
    const failed = { ...inside, [`${CHECKS_TAG}features`]: JSON.stringify({ passed: 3, failed: 1 }) };
    const bad = await version({}, { runTags: failed });
    assert.match(await refused(move(bad, 'Staging'), 'conditions'), /failed: features/);
  });

  it('ask for a signature that fits, and bound the size', async () => {
    test.writeRules('registry:', '  Staging: { signature: compatible, max_size: 1KB }');
    const signed = (inputs: object[]) =>
      `signature:\n  inputs: '${JSON.stringify(inputs)}'\n  outputs: '[{"type": "double", "name": "y"}]'\n`;
    const store = { name: 'store', type: 'integer', required: true };
    const promo = { name: 'promo', type: 'string', required: true };
    await move(await version({}, { manifest: signed([store]) }), 'Production');
    const needsMore = await version({}, { manifest: signed([store, promo]) });
    assert.match(await refused(move(needsMore, 'Staging'), 'conditions'), /needs the input “promo”/);
    const another = await version({}, { manifest: signed([{ ...store, type: 'string' }]) });
    assert.match(
      await refused(move(another, 'Staging'), 'conditions'),
      /takes "string" for the input “store”/,
    );
    const unsigned = await version({}, { manifest: 'flavors: {}\n' });
    assert.match(await refused(move(unsigned, 'Staging'), 'conditions'), /has no signature/);
    const optional = await version(
      {},
      {
        manifest: signed([
          { ...store, type: 'double' },
          { ...promo, required: false },
        ]),
      },
    );
    await move(optional, 'Staging');
    const large = await version({}, { manifest: `${signed([store])}# ${'x'.repeat(1000)}\n` });
    assert.match(
      await refused(move(large, 'Staging'), 'conditions'),
      /size does not hold \(observed 1\d{3}, expected <= 1000\)/,
    );
  });

  it('of one model take the place of those for all', async () => {
    test.writeRules(
      'registry:',
      '  Staging: { gates: [rmspe < 0.1] }',
      '  models: { sales: { Staging: { gates: [rmspe < 0.5] } } }',
    );
    const number = await version({ rmspe: 0.2 });
    await move(number, 'Staging');
    const check = await test.stages.check('sales', number, 'Production');
    assert.deepEqual([check.allowed, check.conditions.map(({ gate }) => gate)], [true, ['rmspe < 0.5']]);
  });

  it('that cannot be read let nothing pass, and are told with their place', async () => {
    const number = await version();
    for (const [lines, message] of [
      [['registry:', '  Staging: { gates: [rmspe <] }'], /modelthat\.yaml:2: the gate cannot be read/],
      [['registry:', '  Stagign: {}'], /modelthat\.yaml:2: unknown key “Stagign”/],
      [['registry: {', 'steps'], /modelthat\.yaml:/],
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the file's own syntax
      [['registry:', '  Staging: { gates: ["rmspe < ${gone}"] }'], /there is no parameter “gone”/],
      [['registry:', '  aliases: { Production: latest }'], /reserved/],
    ] as const) {
      test.writeRules(...lines);
      await assert.rejects(move(number, 'Staging'), { code: 'PERMISSION_DENIED', message });
      await assert.rejects(move(number, 'Staging', { plain: true }), { code: 'PERMISSION_DENIED' });
    }
    test.writeRules('steps: { wrong', 'other: 1');
    await move(number, 'Staging');
  });

  it('keep aliases in step with stages', async () => {
    test.writeRules('registry:', '  aliases: { Production: champion, Staging: challenger }');
    const aliases = async () => (await test.registry.getModel('sales')).aliases;
    const [first, second] = [await version(), await version()];
    await move(first, 'Production');
    await move(second, 'Staging');
    assert.deepEqual(await aliases(), { champion: first, challenger: second });
    await move(second, 'Production');
    assert.deepEqual(await aliases(), { champion: second });
  });

  it('do not matter to a version that was deleted while it was to move', async () => {
    test.writeRules('registry:', '  Staging: { gates: [rmspe < 1] }');
    const number = await version({ rmspe: 0.1 });
    const [deleted, moved] = await Promise.allSettled([
      test.registry.deleteVersion('sales', number, ADA),
      move(number, 'Staging'),
    ]);
    assert.equal(deleted.status, 'fulfilled');
    if (moved.status === 'rejected') {
      assert.equal(moved.reason.code, 'RESOURCE_DOES_NOT_EXIST');
      assert.match(moved.reason.message, /version=1\) not found/);
    }
    await assert.rejects(move(number, 'Staging'), { code: 'RESOURCE_DOES_NOT_EXIST' });
    assert.equal(await test.registry.versionInStage('sales', 'Staging'), undefined);
  });

  it('are recorded where a client that knows nothing of them is not bound', async () => {
    test.writeRules('registry:', '  Staging: { gates: [rmspe < 0.1] }', '  Production: { approval: true }');
    const number = await version({ rmspe: 0.2 });
    await move(number, 'Production', { plain: true });
    assert.equal(await stageOf(number), 'Production');
    const [moved] = await test.registry.transitions('sales');
    assert.match(moved?.reason ?? '', /against the rules.*rmspe < 0\.1 does not hold.*approval is missing/);
  });

  describe('approvals', () => {
    const asked = async (number: number, more = {}) =>
      (await move(number, 'Production', more)).request?.id ?? 0;
    const answer = (id: number, actor: typeof ADA, approved = true, reason = '') =>
      test.stages.decide({ id, approved, actor, reason });

    it('move the version once enough people gave theirs', async () => {
      test.writeRules('registry:', '  Production: { approval: { count: 2 } }');
      const number = await version();
      const id = await asked(number, { reason: 'better on the holdout' });
      assert.equal(await asked(number), id, 'asking again is the same request');
      assert.equal((await answer(id, ADA)).state, 'pending');
      await assert.rejects(answer(id, ADA), { code: 'RESOURCE_CONFLICT', message: /ada has approved/ });
      assert.equal((await answer(id, GRACE, true, 'fine')).state, 'approved');
      assert.equal(await stageOf(number), 'Production');
      const [moved] = await test.registry.transitions('sales');
      assert.deepEqual([moved?.by, moved?.reason], ['grace', 'fine']);
      await assert.rejects(answer(id, person('joan')), /is closed already: approved/);
      assert.ok(test.changed.includes(`approval ${id} created`));
      assert.ok(test.changed.includes(`approval ${id} updated`));
    });

    it('are for those whom the rules name, and not for who made it or asked', async () => {
      test.writeRules(
        'registry:',
        '  Production: { approval: { by: [ada, grace, joan], except: [trainer, requester] } }',
      );
      const id = await asked(await version({}, { user: 'joan' }));
      await assert.rejects(answer(id, person('mallory')), {
        code: 'PERMISSION_DENIED',
        message: /mallory may not approve it: the rules leave that to ada, grace, joan/,
      });
      await assert.rejects(answer(id, ADA), /somebody else than who asked for the approval/);
      await assert.rejects(answer(id, person('joan')), /somebody else than who trained it/);
      assert.match((await test.stages.evidence(id, ADA)).obstacle ?? '', /ada may not/);
      assert.equal((await test.stages.evidence(id, GRACE)).obstacle, null);
      assert.equal((await answer(id, GRACE)).state, 'approved');
    });

    it('that are refused keep the reason, and are asked for again only when told to', async () => {
      test.writeRules('registry:', '  Production: { approval: true }');
      const number = await version();
      const id = await asked(number);
      const rejected = await answer(id, GRACE, false, 'too slow');
      assert.deepEqual([rejected.state, rejected.answers[0]?.reason], ['rejected', 'too slow']);
      assert.match(await refused(move(number, 'Production'), 'rejected'), /rejected .* by grace .*too slow/);
      assert.ok((await asked(number, { again: true })) > id);
    });

    it('are void once the files are not what was asked about', async () => {
      test.writeRules('registry:', '  Production: { approval: true }');
      const run = await test.tracking.createRun({ tags: [] });
      const modelId = await test.logModel(run.id, 'model');
      const { version: number } = await test.registry.registerFromRun({
        runIds: [run.id],
        name: 'sales',
        actor: ADA,
      });
      const id = await asked(number);
      const { model } = await test.models.get(modelId);
      const file = `${storePathOf(model.artifactUri)}/weights`;
      await test.artifacts.upload(file, Readable.from([Buffer.from('others')]));
      assert.equal((await test.stages.evidence(id, GRACE)).changed, true);
      await assert.rejects(answer(id, GRACE), {
        code: 'RESOURCE_CONFLICT',
        message: /void: the files .* changed/,
      });
      assert.equal(await stageOf(number), 'None');
      const [request] = await test.stages.approvals({ limit: 1 });
      assert.equal(request?.state, 'void');
      const second = await asked(number);
      assert.notEqual(second, id);
      assert.equal((await answer(second, GRACE)).state, 'approved');
    });

    it('wait for nothing when the version is deleted meanwhile', async () => {
      test.writeRules('registry:', '  Production: { approval: true }');
      const number = await version();
      const id = await asked(number);
      await test.registry.deleteVersion('sales', number, ADA);
      await assert.rejects(answer(id, GRACE), {
        code: 'RESOURCE_CONFLICT',
        message: /the version was deleted/,
      });
      assert.deepEqual(await test.stages.approvals({ state: 'pending', limit: 10 }), []);
      const evidence = await test.stages.evidence(id, GRACE);
      assert.deepEqual([evidence.version, evidence.request.state], [null, 'void']);
    });

    it('show what is known beside the version in Production', async () => {
      await move(await version({ rmspe: 0.1 }), 'Production');
      test.writeRules(
        'registry:',
        '  Staging: { gates: [rmspe < 1] }',
        '  Production: { approval: { count: 2 } }',
      );
      const id = await asked(await version({ rmspe: 0.09, mape: 3 }));
      const evidence = await test.stages.evidence(id, GRACE);
      assert.deepEqual(evidence.metrics, [
        { key: 'mape', candidate: 3, champion: null },
        { key: 'rmspe', candidate: 0.09, champion: 0.1 },
      ]);
      assert.deepEqual(
        [
          evidence.needed,
          evidence.champion?.version,
          evidence.changed,
          evidence.conditions.map(each => each.passed),
        ],
        [2, 1, false, [true]],
      );
    });

    it('do not count when a gate fails by then', async () => {
      test.writeRules(
        'registry:',
        '  Staging: { gates: [rmspe <= champion.rmspe] }',
        '  Production: { approval: true }',
      );
      const number = await version({ rmspe: 0.09 });
      const id = await asked(number);
      await move(await version({ rmspe: 0.05 }), 'Production', { plain: true });
      assert.match(await refused(answer(id, GRACE), 'conditions'), /observed 0\.09, expected <= 0\.05/);
      assert.equal((await test.stages.approvals({ limit: 1 }))[0]?.state, 'pending');
    });
  });

  describe('rolling back', () => {
    const back = (number?: number) =>
      test.stages.rollBack({ name: 'sales', version: number, actor: ADA, reason: '' });

    it('brings the version before back, and forward again without another approval', async () => {
      test.writeRules('registry:', '  Production: { approval: true }', '  aliases: { Production: champion }');
      const numbers = [await version(), await version(), await version()];
      for (const number of numbers) {
        const { request } = await move(number, 'Production');
        await test.stages.decide({ id: request?.id ?? 0, approved: true, actor: GRACE, reason: '' });
      }
      assert.equal((await back()).version, 2);
      assert.deepEqual((await test.registry.getModel('sales')).aliases, { champion: 2 });
      assert.equal((await back()).version, 1, 'and not the one that was rolled back from');
      await assert.rejects(back(), { code: 'INVALID_PARAMETER_VALUE', message: /before version 1/ });
      assert.equal((await move(3, 'Production')).request, null);
      assert.deepEqual(await Promise.all(numbers.map(stageOf)), ['Archived', 'Archived', 'Production']);
      assert.equal((await back(2)).version, 2);
      const [, archived] = await test.registry.transitions('sales');
      assert.deepEqual([archived?.version, archived?.to], [3, 'Archived']);
    });

    it('leaves out what was deleted, and refuses what was never there', async () => {
      for (let times = 0; times < 3; times += 1) await move(await version(), 'Production');
      await test.registry.deleteVersion('sales', 2, ADA);
      await assert.rejects(back(2), /never in Production; these were: 1/);
      await assert.rejects(back(3), /is in Production already/);
      assert.equal((await back()).version, 1);
    });

    it('refuses files that changed since', async () => {
      const run = await test.tracking.createRun({ tags: [] });
      const modelId = await test.logModel(run.id, 'model');
      const { version: number } = await test.registry.registerFromRun({
        runIds: [run.id],
        name: 'sales',
        actor: ADA,
      });
      await move(number, 'Production');
      await move(await version(), 'Production');
      const { model } = await test.models.get(modelId);
      await test.artifacts.upload(
        `${storePathOf(model.artifactUri)}/more`,
        Readable.from([Buffer.from('x')]),
      );
      await assert.rejects(back(), {
        code: 'PERMISSION_DENIED',
        message: /not those that were in Production/,
      });
    });
  });
});
