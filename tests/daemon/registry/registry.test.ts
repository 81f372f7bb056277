import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import Sqlite from 'better-sqlite3';
import { storePathOf } from '../../../daemon/artifacts/uri.ts';
import { actorOf } from '../../../daemon/contract/principal.ts';
import type { RegistryService } from '../../../daemon/registry/service.ts';
import { openRegistry, type TestRegistry } from '../../support/registry.ts';

const OWNER = actorOf({ access: 'owner' }, 'native');

describe('the model registry', () => {
  let test: TestRegistry;
  let registry: RegistryService;

  beforeEach(async () => {
    test = await openRegistry();
    registry = test.registry;
  });
  afterEach(() => test.close());

  const startRun = async () => (await test.tracking.createRun({ tags: [] })).id;

  /** Logs a model as MLflow 2 does: among the run's artifacts. */
  async function logModel2(runId: string, folder: string): Promise<void> {
    const { artifactUri } = await test.tracking.getRun(runId);
    await test.artifacts.upload(
      `${storePathOf(artifactUri)}/${folder}/MLmodel`,
      Readable.from([Buffer.from('2')]),
    );
  }

  describe('registering from a run', () => {
    it('takes the one logged model, of either MLflow', async () => {
      const three = await startRun();
      const modelId = await test.logModel(three, 'ensemble');
      const first = await registry.registerFromRun({ runIds: [three], name: 'sales', actor: OWNER });
      assert.deepEqual(
        { version: first.version, stage: first.stage, source: first.source, runId: first.runId },
        { version: 1, stage: 'None', source: `models:/${modelId}`, runId: three },
      );
      const two = await startRun();
      await logModel2(two, 'deep/model');
      const second = await registry.registerFromRun({
        runIds: [two],
        name: 'sales',
        model: 'deep/model',
        actor: OWNER,
      });
      assert.equal(second.version, 2);
      assert.ok(second.source.endsWith(`${two}/artifacts/deep/model`));
      assert.deepEqual(test.changed, ['model sales updated', 'model sales updated']);
    });

    it('asks for a name when there are several, and says which', async () => {
      const run = await startRun();
      await test.logModel(run, 'lightgbm');
      await test.logModel(run, 'xgboost');
      await assert.rejects(registry.registerFromRun({ runIds: [run], name: 'sales', actor: OWNER }), {
        code: 'INVALID_PARAMETER_VALUE',
        message: /2 models were logged .*'lightgbm'.*'xgboost'.*Name one of them/,
      });
      const version = await registry.registerFromRun({
        runIds: [run],
        name: 'sales',
        model: 'xgboost',
        actor: OWNER,
      });
      assert.equal(version.version, 1);
    });

    it('refuses a name that was logged twice in the runs', async () => {
      const runs = [await startRun(), await startRun()];
      for (const run of runs) await test.logModel(run, 'model');
      await assert.rejects(
        registry.registerFromRun({ runIds: runs, name: 'sales', model: 'model', actor: OWNER }),
        {
          code: 'INVALID_PARAMETER_VALUE',
        },
      );
    });

    it('says that there is none, and what there is, and makes nothing', async () => {
      const run = await startRun();
      await test.logModel(run, 'other');
      await test.logModel(run, 'wanted', { complete: false });
      await assert.rejects(
        registry.registerFromRun({ runIds: [run], name: 'sales', model: 'wanted', actor: OWNER }),
        {
          code: 'RESOURCE_DOES_NOT_EXIST',
          message: /No complete upload of a model named 'wanted'.*They logged: 'other'/,
        },
      );
      assert.equal(await registry.modelWithVersions('sales'), undefined);
    });
  });

  describe('stages', () => {
    beforeEach(async () => {
      const run = await startRun();
      await test.logModel(run, 'model');
      for (let times = 0; times < 3; times += 1)
        await registry.registerFromRun({ runIds: [run], name: 'sales', actor: OWNER });
    });

    const move = (
      version: number,
      stage: 'None' | 'Staging' | 'Production' | 'Archived',
      archiveExisting = true,
    ) =>
      test.stages.move({
        name: 'sales',
        version,
        stage,
        archiveExisting,
        actor: OWNER,
        reason: `to ${stage}`,
      });

    it('are taken by one version after the other, and every move is recorded', async () => {
      await move(1, 'Staging');
      await move(1, 'Production');
      await move(2, 'Production');
      assert.equal((await registry.versionInStage('sales', 'Production'))?.version, 2);
      assert.equal((await registry.getVersion('sales', 1)).stage, 'Archived');
      const history = await registry.transitions('sales');
      assert.deepEqual(
        history.map(({ version, from, to, by, reason }) => [version, from, to, by, reason]),
        [
          [2, 'None', 'Production', 'owner', 'to Production'],
          [1, 'Production', 'Archived', 'owner', 'Replaced by version 2'],
          [1, 'Staging', 'Production', 'owner', 'to Production'],
          [1, 'None', 'Staging', 'owner', 'to Staging'],
        ],
      );
    });

    it('are shared when nothing is archived; the newest version stands for the stage', async () => {
      await move(2, 'Staging', false);
      await move(1, 'Staging', false);
      assert.equal((await registry.versionInStage('sales', 'Staging'))?.version, 2);
    });

    it('of a missing model hold nothing', async () => {
      assert.equal(await registry.versionInStage('nobody', 'Staging'), undefined);
      assert.equal(await registry.versionInStage('sales', 'Archived'), undefined);
    });

    it('cannot be rewritten: the history is append-only', async () => {
      await move(1, 'Staging');
      const other = new Sqlite(test.file);
      try {
        assert.throws(() => other.exec('DELETE FROM stage_transition'), /append-only/);
        assert.throws(() => other.exec("UPDATE stage_transition SET by = 'somebody'"), /append-only/);
      } finally {
        other.close();
      }
    });

    it('of a deleted model do not become those of a new one of its name', async () => {
      await move(1, 'Staging');
      await registry.deleteModel('sales', OWNER);
      await registry.createModel({ name: 'sales', description: '', tags: {}, actor: OWNER });
      assert.deepEqual(await registry.transitions('sales'), []);
    });

    it('are won by one when several versions race, and the others are told', async () => {
      const moves = await Promise.allSettled([1, 2, 3].map(version => move(version, 'Production')));
      const lost = moves.filter(({ status }) => status === 'rejected');
      for (const { reason } of lost as PromiseRejectedResult[]) {
        assert.equal(reason.code, 'RESOURCE_CONFLICT');
        assert.match(
          reason.message,
          /Version \d of 'sales' came to Production while version \d was asked for/,
        );
      }
      assert.ok(lost.length < moves.length);
      const { versions = [] } = (await registry.modelWithVersions('sales')) ?? {};
      assert.equal(versions.filter(({ stage }) => stage === 'Production').length, 1);
      assert.equal(versions.filter(({ stage }) => stage === 'None').length, lost.length);
    });
  });

  it('tells the metrics of the run behind a version, and what judged it', async () => {
    const run = await startRun();
    await test.logModel(run, 'model');
    for (const [step, value] of [0.3, 0.09].entries())
      await test.tracking.logMetric(run, { key: 'rmspe', value, timestamp: 1, step });
    const { version } = await registry.registerFromRun({ runIds: [run], name: 'sales', actor: OWNER });
    const gate = { gate: 'holdout < 0.1', observed: 0.2, expected: 0.1 };
    const judged = { name: 'sales', version, runId: run, of: 'evaluate' };
    await registry.recordEvaluation({
      ...judged,
      gates: [{ ...gate, passed: false }],
      metrics: { holdout: 0.2, worst: 'NaN' },
    });
    await registry.recordEvaluation({
      ...judged,
      gates: [{ ...gate, passed: true, observed: 0.08 }],
      metrics: { holdout: 0.08 },
    });
    const shown = await registry.show('sales', version);
    assert.deepEqual(shown.metrics, { rmspe: 0.09, holdout: 0.08, worst: 'NaN' });
    assert.deepEqual(shown.gates, [{ ...gate, passed: true, observed: 0.08 }], 'the last judgement counts');
  });

  describe('resolving a version', () => {
    it('gives the folder of its files, by number, alias and stage', async () => {
      const run = await startRun();
      await test.logModel(run, 'model');
      const { version } = await registry.registerFromRun({ runIds: [run], name: 'sales', actor: OWNER });
      await registry.setAlias('sales', 'champion', version, OWNER);
      const staged = { name: 'sales', version, stage: 'Staging', archiveExisting: false } as const;
      await test.stages.move({ ...staged, actor: OWNER, reason: '' });
      for (const selector of [
        { version },
        { alias: 'champion' },
        { alias: 'latest' },
        { stage: 'Staging' },
      ] as const) {
        const found = await registry.resolve('sales', selector);
        assert.equal(found.version.version, version);
        assert.equal(fs.readFileSync(path.join(found.folder, 'MLmodel'), 'utf8'), 'model');
      }
      await assert.rejects(registry.resolve('sales', { stage: 'Production' }), {
        code: 'RESOURCE_DOES_NOT_EXIST',
        message: "Model 'sales' has no version in Production.",
      });
    });

    it('follows a run, and says so when the files are elsewhere or gone', async () => {
      const run = await startRun();
      await logModel2(run, 'model');
      await registry.createModel({ name: 'sales', description: '', tags: {}, actor: OWNER });
      const register = (source: string) =>
        registry.register({
          name: 'sales',
          source,
          runId: null,
          modelId: null,
          runLink: '',
          description: '',
          tags: {},
          actor: OWNER,
        });
      await register(`runs:/${run}/model`);
      await register('s3://bucket/model');
      await register('mlflow-artifacts:/gone');
      assert.ok(
        fs.existsSync(path.join((await registry.resolve('sales', { version: 1 })).folder, 'MLmodel')),
      );
      await assert.rejects(
        registry.resolve('sales', { version: 2 }),
        /s3:\/\/bucket\/model, which is not in this store/,
      );
      await assert.rejects(registry.resolve('sales', { version: 3 }), { code: 'RESOURCE_DOES_NOT_EXIST' });
    });
  });
});
