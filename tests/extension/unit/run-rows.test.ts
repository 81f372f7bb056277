import assert from 'node:assert/strict';
import { EXECUTION_TAG, type Run, SILENT_AFTER_MS } from '../../../daemon/contract/runs.ts';
import { runRow, varyingParams } from '../../../extension/trees/run-rows.ts';

const NOW = 1_800_000_000_000;
const metric = (last: number, timestamp = NOW) => ({
  last,
  step: 0,
  timestamp,
  min: last,
  max: last,
  count: 1,
});

function run(changes: Partial<Run> = {}): Run {
  return {
    id: 'r1',
    experimentId: '1',
    name: 'calm-fox',
    status: 'FINISHED',
    lifecycle: 'active',
    startTime: NOW - 60_000,
    endTime: NOW,
    lastWriteAt: NOW,
    artifactUri: '',
    user: 'mia',
    parentId: null,
    params: {},
    tags: {},
    metrics: {},
    datasets: [],
    modelInputs: [],
    modelOutputs: [],
    childCount: 0,
    ...changes,
  };
}

const context = { now: NOW, goals: [], params: [] };

describe('the line of a run', () => {
  it('shows the metric that the project judges by, else the one logged last', () => {
    const metrics = { loss: metric(0.5, NOW - 10), rmspe: metric(0.0932164, NOW - 20) };
    assert.equal(runRow('s', run({ metrics }), context).description, 'loss 0.5');
    assert.equal(
      runRow('s', run({ metrics }), { ...context, goals: ['rmspe'] }).description,
      'rmspe 0.093216',
    );
  });

  it('shows the parameters that tell it from its siblings, and no others', () => {
    const siblings = [run({ params: { lr: '0.1', seed: '1' } }), run({ params: { lr: '0.2', seed: '1' } })];
    const params = varyingParams(siblings);
    assert.deepEqual(params, ['lr']);
    assert.equal(runRow('s', siblings[1] ?? run(), { ...context, params }).description, 'lr=0.2');
  });

  it('says that a running run is silent, and since when', () => {
    const silent = run({ status: 'RUNNING', endTime: null, lastWriteAt: NOW - SILENT_AFTER_MS - 1 });
    const row = runRow('s', silent, context);
    assert.match(row.description ?? '', /silent since 10 min ago/);
    assert.match(row.kind, /^run\.running\.silent$/);
  });

  it('does not call the run of an execution silent, which only waits', () => {
    const quiet = { status: 'RUNNING', endTime: null, lastWriteAt: NOW - SILENT_AFTER_MS - 1 } as const;
    const row = runRow('s', run({ ...quiet, tags: { [EXECUTION_TAG]: 'e1' } }), context);
    assert.equal(row.kind, 'run.running');
  });

  it('says in words what its icon says', () => {
    assert.equal(runRow('s', run({ status: 'FAILED' }), context).spoken, 'Run calm-fox, failed');
  });

  it('lets nothing that a script logged become markup in its tooltip', () => {
    const hostile = run({ name: '[x](command:evil)', params: { '<img src=x>': '![a](http://h)|`' } });
    const { tooltip = '' } = runRow('s', hostile, context);
    assert.doesNotMatch(tooltip, /[^\\]\[x\]\(/);
    assert.doesNotMatch(tooltip, /[^\\]<img/);
    assert.doesNotMatch(tooltip, /[^\\]!\[a/);
  });
});
