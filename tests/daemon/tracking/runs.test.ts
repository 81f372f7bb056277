import assert from 'node:assert/strict';
import { HEARTBEAT_LIMIT_MS } from '../../../daemon/contract/runs.ts';
import type { MetricPoint } from '../../../daemon/tracking/model.ts';
import { openTracking, type TestTracking } from '../../support/database.ts';

const point = (key: string, value: number, step = 0, timestamp = 0): MetricPoint => ({
  key,
  value,
  step,
  timestamp,
});

/** Matches an ApiError by code and a part of its message. */
const refusal = (message: string | RegExp, code = 'INVALID_PARAMETER_VALUE') => ({
  name: 'ApiError',
  code,
  message: typeof message === 'string' ? new RegExp(message.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')) : message,
});

describe('runs', () => {
  let store: TestTracking;
  let tracking: TestTracking['tracking'];
  let runId: string;

  before(async () => {
    store = await openTracking();
    tracking = store.tracking;
  });
  after(() => store.close());
  beforeEach(async () => {
    ({ id: runId } = await tracking.createRun({ tags: [] }));
  });

  /** A page of a history as MLflow's clients get it. */
  const history = async (input: Parameters<typeof tracking.metricHistoryBody>[0]) => {
    const body = JSON.parse(Buffer.from(await tracking.metricHistoryBody(input)).toString());
    const items: { step: number; value: number | string }[] = body.metrics ?? [];
    return { items, nextPageToken: body.next_page_token as string | undefined };
  };
  const metrics = async () => (await tracking.getRun(runId)).metrics;
  const log = (...points: MetricPoint[]) =>
    tracking.logBatch(runId, { metrics: points, params: [], tags: [] });

  describe('creating', () => {
    it('goes to the default experiment, is running, and gets a name that its tag repeats', async () => {
      const run = await tracking.getRun(runId);
      assert.match(run.id, /^[0-9a-f]{32}$/);
      assert.match(run.name, /^[a-z]+-[a-z]+-\d{1,3}$/);
      assert.deepEqual(
        [run.experimentId, run.status, run.endTime, run.artifactUri, run.tags],
        ['0', 'RUNNING', null, `mlflow-artifacts:/0/${run.id}/artifacts`, { 'mlflow.runName': run.name }],
      );
    });

    it('takes the name from the tag, and refuses two different ones', async () => {
      const tags = [{ key: 'mlflow.runName', value: 'b' }];
      assert.equal((await tracking.createRun({ tags })).name, 'b');
      await assert.rejects(
        tracking.createRun({ name: 'a', tags }),
        refusal("specified, but with different values (run_name='a', mlflow.runName='b')"),
      );
    });

    it('refuses unknown and deleted experiments', async () => {
      await assert.rejects(
        tracking.createRun({ experimentId: '999', tags: [] }),
        refusal('No Experiment with id=999 exists', 'RESOURCE_DOES_NOT_EXIST'),
      );
      await assert.rejects(
        tracking.createRun({ experimentId: '1; DROP', tags: [] }),
        refusal('must be a valid integer'),
      );
      const { id } = await tracking.experiments.create({ name: 'to be deleted' });
      await tracking.experiments.delete(id);
      await assert.rejects(
        tracking.createRun({ experimentId: id, tags: [] }),
        refusal("must be in the 'active' state"),
      );
    });

    it('ties what a step starts to the step', async () => {
      const { id: experimentId } = await tracking.experiments.create({ name: 'pipeline' });
      const { id: other } = await tracking.experiments.create({ name: 'other' });
      const scope = {
        executionId: 'e',
        step: 'train',
        runId: 'a'.repeat(32),
        parentRunId: runId,
        experimentId,
      };
      const own = await tracking.createRun({ tags: [] }, scope);
      assert.deepEqual(
        [own.id, own.parentId, own.experimentId, own.name],
        [scope.runId, runId, experimentId, 'train'],
      );
      const child = await tracking.createRun({ experimentId, tags: [] }, scope);
      assert.equal(child.parentId, scope.runId);
      const grandchild = await tracking.createRun(
        { experimentId, tags: [{ key: 'mlflow.parentRunId', value: child.id }] },
        scope,
      );
      assert.equal(grandchild.parentId, child.id);
      const elsewhere = await tracking.createRun({ experimentId: other, tags: [] }, scope);
      assert.deepEqual([elsewhere.experimentId, elsewhere.parentId], [other, scope.runId]);
    });
  });

  describe('metrics', () => {
    it('keep the last by step, then time, then value, and the extremes', async () => {
      await log(point('m', 5, 1, 1), point('m', 9, 3, 1), point('m', 1, 2, 9), point('m', 8, 3, 1));
      await log(point('m', 7, 3, 0));
      assert.deepEqual((await metrics()).m, { last: 9, step: 3, timestamp: 1, min: 1, max: 9, count: 5 });
    });

    it('drop exact duplicates, in a batch and between batches', async () => {
      const batch = Array.from({ length: 60 }, (_, step) => point('m', step, step));
      await log(...batch, ...batch);
      await log(...batch, point('m', 0.5));
      assert.equal((await metrics()).m?.count, 61);
      assert.equal((await history({ runId, key: 'm', limit: 100 })).items.length, 61);
    });

    it('count a point once that is logged again with the model it was measured on', async () => {
      await log(point('m', 1, 1), point('m', 2, 2));
      await log({ ...point('m', 2, 2), modelId: 'm-count', datasetName: 'holdout' });
      assert.equal((await metrics()).m?.count, 2);
      assert.equal((await history({ runId, key: 'm', limit: 9 })).items.length, 2);
      const [onModel, ...more] = await tracking.modelMetrics(['m-count']);
      assert.deepEqual(
        [onModel?.value, onModel?.step, onModel?.datasetName, more.length],
        [2, 2, 'holdout', 0],
      );
    });

    it('keep NaN and infinities', async () => {
      await log(point('n', Number.NaN, 1), point('n', Number.NaN, 1), point('i', Number.POSITIVE_INFINITY));
      await log(point('i', Number.NEGATIVE_INFINITY, 1), point('i', 2, -3));
      const { n, i } = await metrics();
      assert.deepEqual(n, { last: 'NaN', step: 1, timestamp: 0, min: 'NaN', max: 'NaN', count: 1 });
      assert.deepEqual(i, {
        last: '-Infinity',
        step: 1,
        timestamp: 0,
        min: '-Infinity',
        max: 'Infinity',
        count: 3,
      });
      const { items } = await history({ runId, key: 'i', limit: 9 });
      assert.deepEqual(
        items.map(item => [item.step, item.value]),
        [
          [-3, 2],
          [0, Number.MAX_VALUE],
          [1, -Number.MAX_VALUE],
        ],
      );
    });

    it('are refused with bad keys, times and steps', async () => {
      await assert.rejects(
        log(point('a?b', 1)),
        refusal(`Invalid value "a?b" for parameter 'metrics[0].name' supplied`),
      );
      for (const key of ['/a', 'a/', 'a//b', '../a', '.', 'a/../b'])
        await assert.rejects(log(point(key, 1)), refusal('must not resolve to other names'));
      await assert.rejects(
        log(point('k'.repeat(251), 1)),
        refusal("'Metric name' exceeds the maximum length of 250"),
      );
      await assert.rejects(
        log(point('', 1)),
        refusal("Missing value for required parameter 'metrics[0].name'"),
      );
      await assert.rejects(log(point('a', 1, 0, -1)), refusal('Timestamp must be'));
      await assert.rejects(log(point('a', 1, 0.5)), refusal('Step must be'));
      await log(point('größe/ä b.c-d:e_1', 1));
      assert.deepEqual(Object.keys(await metrics()), ['größe/ä b.c-d:e_1']);
    });

    it('page their history by time, step and value', async () => {
      await log(point('m', 3, 0, 2), point('m', 1, 5, 1), point('m', 0, 4, 1), point('m', 2, 0, 2));
      const first = await history({ runId, key: 'm', limit: 3 });
      const rest = await history({
        runId,
        key: 'm',
        limit: 3,
        pageToken: first.nextPageToken,
      });
      assert.deepEqual(
        [...first.items, ...rest.items].map(item => item.value),
        [0, 1, 2, 3],
      );
      assert.equal(rest.nextPageToken, undefined);
      assert.deepEqual((await history({ runId: 'none', key: 'm', limit: 3 })).items, []);
      assert.deepEqual((await history({ runId, key: 'none', limit: 3 })).items, []);
    });

    it("are sampled over runs with each run's first and last step", async () => {
      const { id: second } = await tracking.createRun({ tags: [] });
      await log(...Array.from({ length: 100 }, (_, step) => point('m', step, step)));
      await tracking.logMetric(second, point('m', 0, 41));
      const points = await tracking.sampledHistories({ runIds: [runId, second], key: 'm', limit: 5 });
      const steps = points.filter(each => each.runId === runId).map(each => each.step);
      assert.deepEqual([steps[0], steps.at(-1)], [0, 99]);
      assert.ok(steps.length <= 5 + 2, `${steps}`);
      assert.ok(steps.includes(41), 'steps are the same for all runs');
      assert.deepEqual(
        points.filter(each => each.runId === second).map(each => each.step),
        [41],
      );
      const range = await tracking.sampledHistories({
        runIds: [runId],
        key: 'm',
        limit: 50,
        startStep: 10,
        endStep: 12,
      });
      assert.deepEqual(
        range.map(each => each.step),
        [10, 11, 12],
      );
    });

    it('come as curves of at most so many buckets, with their extremes', async () => {
      await log(...Array.from({ length: 1000 }, (_, step) => point('m', step === 500 ? 1e6 : step, step)));
      const read = async (buckets: number, range = {}) =>
        JSON.parse(
          Buffer.from(
            await tracking.metricSeriesJson({ runId, keys: ['m', 'none'], buckets, ...range }),
          ).toString(),
        ).series;
      const [sampled, unknown] = await read(10);
      assert.deepEqual(unknown, { key: 'none', points: [], total: 0 });
      assert.deepEqual([sampled.total, sampled.points.length], [1000, 10]);
      assert.equal(Math.max(...sampled.points.map((each: { max: number }) => each.max)), 1e6);
      assert.deepEqual(sampled.points[0], {
        step: 99,
        timestamp: 0,
        value: 49.5,
        min: 0,
        max: 99,
        count: 100,
      });
      const [whole] = await read(10, { fromStep: 3, toStep: 5 });
      assert.deepEqual(
        whole.points.map((each: { value: number }) => each.value),
        [3, 4, 5],
      );
    });

    it('count NaN in a bucket of a curve, but not into its mean', async () => {
      await log(
        ...Array.from({ length: 8 }, (_, step) => point('m', step < 4 || step % 2 ? Number.NaN : step, step)),
      );
      const json = await tracking.metricSeriesJson({ runId, keys: ['m'], buckets: 2 });
      const [{ points }] = JSON.parse(Buffer.from(json).toString()).series;
      assert.deepEqual(points, [
        { step: 3, timestamp: 0, value: 'NaN', min: 'NaN', max: 'NaN', count: 4 },
        { step: 7, timestamp: 0, value: 5, min: 4, max: 6, count: 4 },
      ]);
    });

    it('of a logged model are found by the model', async () => {
      await log(
        { ...point('acc', 0.5, 1), modelId: 'm-1', datasetName: 'eval', datasetDigest: 'd' },
        point('acc', 0.6, 2),
      );
      assert.deepEqual(await tracking.modelMetrics(['m-1', 'm-2']), [
        {
          runId,
          key: 'acc',
          value: 0.5,
          timestamp: 0,
          step: 1,
          modelId: 'm-1',
          datasetName: 'eval',
          datasetDigest: 'd',
        },
      ]);
    });
  });

  describe('params', () => {
    it('never change, but may come again', async () => {
      await tracking.logParam(runId, { key: 'p', value: '1' });
      await tracking.logParam(runId, { key: 'p', value: '1' });
      await assert.rejects(
        tracking.logParam(runId, { key: 'p', value: '2' }),
        refusal(
          `Changing param values is not allowed. Param with key='p' was already logged with value='1' for run ID='${runId}'. ` +
            "Attempted logging new value '2'.",
        ),
      );
      assert.deepEqual((await tracking.getRun(runId)).params, { p: '1' });
    });

    it('are cut to 6000 characters before they are compared', async () => {
      const long = 'x'.repeat(6001);
      await tracking.logParam(runId, { key: 'p', value: long });
      await tracking.logParam(runId, { key: 'p', value: `${long}y` });
      assert.equal((await tracking.getRun(runId)).params.p?.length, 6000);
      const split = { key: 'emoji', value: `${'x'.repeat(5999)}😀` };
      await tracking.logParam(runId, split);
      await tracking.logParam(runId, split);
    });
  });

  describe('batches', () => {
    it('are kept whole or not at all', async () => {
      await tracking.logParam(runId, { key: 'p', value: '1' });
      const batch = {
        metrics: [point('m', 1)],
        params: [
          { key: 'new', value: '1' },
          { key: 'p', value: '2' },
        ],
        tags: [{ key: 't', value: '1' }],
      };
      await assert.rejects(
        tracking.logBatch(runId, batch),
        refusal("Params were already logged='[{'key': 'p', 'old_value': '1', 'new_value': '2'}]'"),
      );
      const run = await tracking.getRun(runId);
      assert.deepEqual([run.metrics, run.params, run.tags.t], [{}, { p: '1' }, undefined]);
    });

    it('have limits, each and together', async () => {
      const pairs = (count: number) =>
        Array.from({ length: count }, (_, index) => ({ key: `k${index}`, value: '' }));
      const points = (count: number) => Array.from({ length: count }, (_, step) => point('m', 1, step));
      const batch = (metricCount: number, params: number, tags: number) =>
        tracking.logBatch(runId, { metrics: points(metricCount), params: pairs(params), tags: pairs(tags) });
      await assert.rejects(batch(1001, 0, 0), refusal('at most 1000 metrics. Got 1001 metrics'));
      await assert.rejects(batch(0, 101, 0), refusal('at most 100 params. Got 101 params'));
      await assert.rejects(batch(0, 0, 101), refusal('at most 100 tags. Got 101 tags'));
      await assert.rejects(batch(900, 100, 1), refusal('at most 1000 metrics, params, and tags. Got 1001'));
      await batch(900, 100, 0);
      await batch(0, 0, 0);
    });

    it('refuse a param twice and take the last of a tag', async () => {
      const twice = [
        { key: 'dp', value: '1' },
        { key: 'dp', value: '2' },
      ];
      await assert.rejects(
        tracking.logBatch(runId, { metrics: [], params: twice, tags: [] }),
        refusal("Duplicate parameter keys have been submitted: ['dp']"),
      );
      await tracking.logBatch(runId, { metrics: [], params: [], tags: twice });
      assert.equal((await tracking.getRun(runId)).tags.dp, '2');
    });

    const send = (body: unknown) =>
      tracking.logBatchBody(
        new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)).buffer,
      );

    it('are read from the wire, with numbers in strings', async () => {
      await send({
        run_id: runId,
        metrics: [
          { key: 'a', value: 'NaN', timestamp: '5', step: '-2' },
          { key: 'b', value: true, timestamp: 1, unknown: 1 },
          { key: 'c', value: '1e-3', timestamp: 1, model_id: 'm-9', dataset_name: 'd' },
        ],
        params: [{ key: 'p' }],
        tags: [{ key: 't', value: 'é' }],
      });
      const run = await tracking.getRun(runId);
      assert.deepEqual(
        Object.values(run.metrics).map(each => [each.last, each.step]),
        [
          ['NaN', -2],
          [1, 0],
          [0.001, 0],
        ],
      );
      assert.deepEqual([run.params.p, run.tags.t], ['', 'é']);
    });

    const WIRE: readonly [unknown, string][] = [
      ['{', 'not valid JSON'],
      ['[]', 'must be a JSON object'],
      [{}, "Missing value for required parameter 'run_id'"],
      [{ run_id: 'a b' }, 'Invalid value "a b" for parameter \'run_id\' supplied'],
      [
        { run_id: 'r', metrics: {} },
        "Invalid value {} for parameter 'metrics' supplied:  Hint: Value was of type 'dict'",
      ],
      [{ run_id: 'r', metrics: [{ key: 'a', value: 1 }] }, "required parameter 'metrics[0].timestamp'"],
      [
        { run_id: 'r', metrics: [{ key: 'a', value: 'x', timestamp: 1 }] },
        "for parameter 'metrics[0].value'",
      ],
      [{ run_id: 'r', metrics: [{ key: 'a', value: 1, timestamp: 1.5 }] }, "Value was of type 'float'"],
      [{ run_id: 'r', params: [{ key: 'a', value: 1 }] }, "for parameter 'params[0].value'"],
      [{ run_id: 'r', tags: [null] }, "Value was of type 'NoneType'"],
    ];
    for (const [body, message] of WIRE)
      it(`refuses ${JSON.stringify(body)} on the wire`, () => assert.rejects(send(body), refusal(message)));
  });

  describe('life', () => {
    it('refuses every write to a run in the bin, and shows it', async () => {
      await tracking.deleteRun(runId);
      await tracking.deleteRun(runId);
      for (const write of [
        log(point('m', 1)),
        tracking.setTag(runId, { key: 't', value: '1' }),
        tracking.deleteTag(runId, 't'),
        tracking.updateRun(runId, { status: 'FINISHED' }),
        tracking.logInputs(runId, [], ['m-1']),
      ])
        await assert.rejects(
          write,
          refusal(`The run ${runId} must be in the 'active' state. Current state is deleted.`),
        );
      assert.equal((await tracking.getRun(runId)).lifecycle, 'deleted');
      await tracking.restoreRun(runId);
      await log(point('m', 1));
    });

    it('follows its experiment into the bin and back', async () => {
      const { id } = await tracking.experiments.create({ name: `bin ${runId}` });
      const run = await tracking.createRun({ experimentId: id, tags: [] });
      await tracking.experiments.delete(id);
      assert.equal((await tracking.getRun(run.id)).lifecycle, 'deleted');
      await assert.rejects(
        tracking.experiments.delete(id),
        refusal(`No Experiment with id=${id}`, 'RESOURCE_DOES_NOT_EXIST'),
      );
      await assert.rejects(
        tracking.experiments.create({ name: `bin ${runId}` }),
        refusal('already exists', 'RESOURCE_ALREADY_EXISTS'),
      );
      await tracking.experiments.restore(id);
      assert.equal((await tracking.getRun(run.id)).lifecycle, 'active');
    });

    it('is renamed with its tag, both ways', async () => {
      await tracking.updateRun(runId, { name: 'one' });
      assert.equal((await tracking.getRun(runId)).tags['mlflow.runName'], 'one');
      await tracking.setTag(runId, { key: 'mlflow.runName', value: 'two' });
      assert.equal((await tracking.getRun(runId)).name, 'two');
      await tracking.updateRun(runId, { name: '', status: 'FINISHED', endTime: 5, tags: { x: '1' } });
      const run = await tracking.getRun(runId);
      assert.deepEqual([run.name, run.status, run.endTime, run.tags.x], ['two', 'FINISHED', 5, '1']);
      await tracking.updateRun(runId, { tags: { x: null, never: null } });
      assert.equal((await tracking.getRun(runId)).tags.x, undefined);
      await assert.rejects(
        tracking.deleteTag(runId, 'x'),
        refusal(`No tag with name: x in run with id ${runId}`, 'RESOURCE_DOES_NOT_EXIST'),
      );
    });

    it('is lost when its heartbeats stop, found again when they return, and never ended without any', async () => {
      const { id: silent } = await tracking.createRun({ tags: [] });
      await tracking.heartbeat(runId);
      const later = Date.now() + HEARTBEAT_LIMIT_MS + 1000;
      await tracking.loseSilentRuns();
      assert.equal((await tracking.getRun(runId)).status, 'RUNNING');
      await tracking.loseSilentRuns(later);
      const lost = await tracking.getRun(runId);
      assert.equal(lost.status, 'LOST');
      assert.ok(lost.endTime !== null && lost.tags['modelthat.lostSince']);
      assert.equal((await tracking.getRun(silent)).status, 'RUNNING');
      await tracking.heartbeat(runId);
      const found = await tracking.getRun(runId);
      assert.deepEqual(
        [found.status, found.endTime, found.tags['modelthat.lostSince']],
        ['RUNNING', null, undefined],
      );
    });

    it('is not lost because the clock was set, and is when it falls silent after that', async () => {
      await tracking.heartbeat(runId);
      const day = 24 * 3600_000;
      for (const by of [day, -day]) {
        const now = Date.now() + by;
        // The heartbeat is of before the clock was set, the run's silence of after.
        await tracking.clockMoved(by, now);
        await tracking.loseSilentRuns(now + 1000);
        assert.equal((await tracking.getRun(runId)).status, 'RUNNING');
        await tracking.loseSilentRuns(now + HEARTBEAT_LIMIT_MS + 1000);
        assert.equal((await tracking.getRun(runId)).status, 'LOST');
        await tracking.heartbeat(runId);
      }
    });

    it('leaves heartbeats alone that came after the clock was set', async () => {
      await tracking.heartbeat(runId);
      const day = 24 * 3600_000;
      for (const by of [day, -day]) {
        await tracking.clockMoved(by);
        await tracking.loseSilentRuns(Date.now() + HEARTBEAT_LIMIT_MS / 2);
        assert.equal((await tracking.getRun(runId)).status, 'RUNNING');
        await tracking.loseSilentRuns(Date.now() + HEARTBEAT_LIMIT_MS + 1000);
        assert.equal((await tracking.getRun(runId)).status, 'LOST');
        await tracking.heartbeat(runId);
      }
    });

    it('keeps data sets once each, with the tags of the first call', async () => {
      const dataset = { name: 'd', digest: '1', sourceType: 'local', source: 's', schema: '{}' };
      const training = { ...dataset, tags: { 'mlflow.data.context': 'training' } };
      await tracking.logInputs(runId, [training], ['m-1']);
      await tracking.logInputs(runId, [{ ...dataset, tags: {} }], ['m-1']);
      await tracking.logOutputs(runId, [{ modelId: 'm-2', step: 3 }]);
      const run = await tracking.getRun(runId);
      assert.deepEqual(run.datasets, [training]);
      assert.deepEqual([run.modelInputs, run.modelOutputs], [['m-1'], [{ modelId: 'm-2', step: 3 }]]);
      assert.deepEqual(await tracking.experiments.searchDatasets(['0']), [
        { experimentId: '0', name: 'd', digest: '1', context: 'training' },
      ]);
    });

    it('tells of every change after it is kept', async () => {
      const from = store.events.length;
      const { id } = await tracking.createRun({ tags: [] });
      await tracking.logMetric(id, point('m', 1));
      await assert.rejects(tracking.logParam('none', { key: 'p', value: '1' }));
      await tracking.deleteRun(id);
      assert.deepEqual(store.events.slice(from), [
        { topic: 'run', id, kind: 'created', parent: '0' },
        { topic: 'run', id, kind: 'updated', parent: '0' },
        { topic: 'run', id, kind: 'deleted', parent: '0' },
      ]);
    });
  });
});
