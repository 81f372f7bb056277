import assert from 'node:assert/strict';
import {
  deleteRuns,
  describeRunColumns,
  listCurves,
  listRunIds,
  restoreRuns,
  tagRuns,
} from '../../../daemon/contract/run-lists.ts';
import { searchRuns } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { Tracker } from '../../support/tracker.ts';

describe('lists of all runs', () => {
  let daemon: TestDaemon;
  const ids: string[] = [];

  before(async () => {
    daemon = await startDaemon();
    const tracker = new Tracker(daemon.url, daemon.secrets, 0);
    for (const [index, loss] of [3, 1, Number.NaN, 2].entries()) {
      const runId = await tracker.startRun('lists', `run-${index}`, {
        ...{ 'batch size': '32', depth: String(index % 2) },
        ...(index === 0 && { extra: 'x' }),
      });
      const value = Number.isNaN(loss) ? 'NaN' : loss;
      await tracker.call('POST', 'runs/log-metric', {
        run_id: runId,
        key: 'loss',
        value,
        timestamp: 1,
        step: 0,
      });
      ids.push(runId);
    }
    await tracker.startRun('others', 'elsewhere');
  });
  after(() => daemon.dispose());

  const list = async (body: object) => {
    const reply = await daemon.client.call(listRunIds, { body });
    return { ...reply, ids: reply.ids.map(id => ids.indexOf(id)) };
  };

  it('have the order of the search, and no more than asked for', async () => {
    const filter = "params.`batch size` = '32'";
    assert.deepEqual(await list({ filter, orderBy: ['metrics.loss'] }), { ids: [1, 3, 0, 2], more: false });
    assert.deepEqual(await list({ filter, orderBy: ['params.depth DESC', 'metrics.loss'], limit: 2 }), {
      ids: [1, 3],
      more: true,
    });
    const { items } = await daemon.client.call(searchRuns, { body: { filter } });
    const newest = items.map(({ id }) => ids.indexOf(id));
    assert.deepEqual((await list({ filter })).ids, newest);
    const [{ experimentId = '' } = {}] = items;
    assert.equal((await list({ experimentIds: [experimentId] })).ids.length, 4);
  });

  it('refuse a filter that cannot be used, with the reason', async () => {
    await assert.rejects(list({ filter: 'metrics.loss <' }), /Invalid clause in 'metrics.loss <'/);
    await assert.rejects(list({ orderBy: ['attributes.size'] }), /unknown attribute 'size'/);
  });

  it('are sorted by what takes long, extremes of metrics and data', async () => {
    const tracker = new Tracker(daemon.url, daemon.secrets, 0);
    const [one = '', two = ''] = ids;
    // Of both, the last value is 1.
    await tracker.logMetric(one, 'wave', [0, 5, 1]);
    await tracker.logMetric(two, 'wave', [-3, 2, 1]);
    const filter = 'metrics.wave = 1';
    assert.deepEqual((await list({ filter, orderBy: ['min.wave'] })).ids, [1, 0]);
    assert.deepEqual((await list({ filter, orderBy: ['max.wave DESC'] })).ids, [0, 1]);
    await tracker.call('POST', 'runs/log-inputs', {
      run_id: two,
      datasets: [{ dataset: { name: 'sales', digest: 'd1', source_type: 'local', source: 'x' }, tags: [] }],
    });
    assert.deepEqual((await list({ filter, orderBy: ['attributes.data'] })).ids, [1, 0]);
    await tracker.call('POST', 'runs/update', {
      run_id: one,
      status: 'FINISHED',
      end_time: Date.now() + 9e6,
    });
    // Those that have not ended come last, in either direction.
    for (const orderBy of [['attributes.duration'], ['attributes.duration DESC']])
      assert.deepEqual((await list({ filter, orderBy })).ids, [0, 1]);
  });

  it('are put together by what they have, with the ranges of their metrics', async () => {
    const filter = "params.`batch size` = '32'";
    const orderBy = ['metrics.loss'];
    const grouped = await list({ filter, orderBy, groupBy: 'params.depth', metrics: ['loss', 'nothing'] });
    // The group of the best run stands first.
    assert.deepEqual(grouped.ids, [1, 3, 0, 2]);
    assert.deepEqual(grouped.groups, [
      { value: '1', runs: 2, metrics: { loss: { min: 1, mean: 1.5, max: 2 } } },
      { value: '0', runs: 2, metrics: { loss: { min: 3, mean: 3, max: 3 } } },
    ]);
    const extra = await list({ filter, orderBy, groupBy: 'params.extra' });
    assert.deepEqual(
      extra.groups?.map(({ value, runs }) => [value, runs]),
      [
        [null, 3],
        ['x', 1],
      ],
    );
    const days = await list({ filter, groupBy: 'attributes.start_time' });
    assert.match(days.groups?.[0]?.value ?? '', /^\d{4}-\d\d-\d\d$/);
    await assert.rejects(list({ groupBy: 'attributes.size' }), /unknown attribute 'size'/);
  });

  it('have small curves for their rows', async () => {
    const [one = '', , three = ''] = ids;
    const body = { runIds: [one, three, 'gone'], metrics: ['wave'] };
    assert.deepEqual((await daemon.client.call(listCurves, { body })).curves, [
      { runId: one, metric: 'wave', values: [0, 5, 1] },
    ]);
  });

  it('are tagged, deleted and restored at once, or not at all', async () => {
    const { client, trackingClient } = daemon;
    const [one = '', two = '', three = ''] = ids;
    await trackingClient.call(tagRuns, { body: { runIds: [one, two], tags: { team: 'red', gone: null } } });
    assert.deepEqual((await list({ filter: "tags.team = 'red'", orderBy: ['metrics.loss'] })).ids, [1, 0]);
    const tags = { team: null };
    await assert.rejects(client.call(tagRuns, { body: { runIds: [one, 'nobody'], tags } }), /nobody/);
    assert.equal((await list({ filter: "tags.team = 'red'" })).ids.length, 2);
    await client.call(deleteRuns, { body: { runIds: [two, three] } });
    await assert.rejects(
      client.call(tagRuns, { body: { runIds: [one, two], tags } }),
      /must be in the 'active'/,
    );
    await assert.rejects(client.call(deleteRuns, { body: { runIds: [one, 'nobody'] } }), /nobody/);
    assert.deepEqual((await list({ filter: "params.`batch size` = '32'" })).ids, [3, 0]);
    await client.call(restoreRuns, { body: { runIds: [two, three] } });
    await client.call(tagRuns, { body: { runIds: [one, two, three], tags } });
    assert.equal((await list({ filter: "tags.team = 'red'" })).ids.length, 0);
    await assert.rejects(
      trackingClient.call(deleteRuns, { body: { runIds: [one] } }),
      /needs the owner token/,
    );
  });

  it('come with what tells their runs apart', async () => {
    const filter = "params.`batch size` = '32'";
    const columns = await daemon.client.call(describeRunColumns, { body: { filter } });
    assert.deepEqual(columns.metrics.slice(0, 1), [{ key: 'loss', runs: 4, differs: true, min: 1, max: 3 }]);
    assert.deepEqual(columns.params, [
      { key: 'batch size', runs: 4, differs: false },
      { key: 'depth', runs: 4, differs: true },
      { key: 'extra', runs: 1, differs: true },
    ]);
  });
});
