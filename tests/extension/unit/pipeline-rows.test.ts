import assert from 'node:assert/strict';
import type { Automation } from '../../../daemon/contract/automations.ts';
import type { StepExecution } from '../../../daemon/contract/pipelines.ts';
import { automationRow, stepRow } from '../../../extension/trees/pipeline-rows.ts';

const NOW = 1_800_000_000_000;

function step(changes: Partial<StepExecution>): StepExecution {
  return {
    name: 'train',
    status: 'running',
    startTime: NOW - 65_000,
    endTime: null,
    exitCode: null,
    message: '',
    runId: null,
    reused: null,
    attempt: 1,
    progress: null,
    usage: null,
    gates: [],
    metric: null,
    ...changes,
  };
}

describe('the line of a step', () => {
  it('shows the time so far and the metric that moves', () => {
    const metric = { key: 'rmspe', value: 0.1, step: 3 };
    assert.equal(stepRow('p', { name: 'train' }, step({ metric }), NOW).description, '1 m 05 s · rmspe 0.1');
  });

  it('shows which attempt it is, once it is not the first', () => {
    assert.equal(
      stepRow('p', { name: 'train' }, step({ attempt: 2 }), NOW).description,
      '1 m 05 s · attempt 2',
    );
  });

  it('says why it failed, in one line', () => {
    const failed = step({ status: 'failed', endTime: NOW, message: 'rmspe < 0.1: observed 0.12\nmore' });
    assert.equal(
      stepRow('p', { name: 'train' }, failed, NOW).description,
      '1 m 05 s · rmspe < 0.1: observed 0.12',
    );
  });

  it('says that it is stale, once it has succeeded, and does not leave that to a colour', () => {
    const stale = 'parameter rate: 0.1 → 0.2';
    const said = (changes: Partial<StepExecution>) =>
      stepRow('p', { name: 'train', stale }, step(changes), NOW).spoken;
    assert.equal(
      said({ status: 'succeeded', endTime: NOW }),
      'Step train, succeeded, 1 m 05 s, stale: parameter rate: 0.1 → 0.2',
    );
    assert.doesNotMatch(said({ status: 'failed', endTime: NOW }), /stale/);
  });

  it('has the traits that its menus ask for', () => {
    const kind = (changes: Partial<StepExecution>) =>
      stepRow('p', { name: 'train' }, step(changes), NOW).kind;
    assert.equal(kind({ runId: 'r' }), 'step.running.logged.tracked');
    assert.equal(kind({ status: 'waiting' }), 'step.waiting');
    assert.equal(kind({ status: 'pending', startTime: null }), 'step.pending');
    assert.equal(stepRow('p', { name: 'train' }, undefined, NOW).kind, 'step.idle');
  });
});

describe('the line of a schedule', () => {
  const automation: Automation = {
    file: '/p/modelthat.yaml',
    pipeline: 'p',
    kind: 'schedule',
    description: '0 3 * * 1',
    on: true,
    next: NOW,
    last: null,
    problem: null,
  };
  const row = (changes: Partial<Automation> = {}) => automationRow('p', { ...automation, ...changes });

  it('says when it is due next, and that it is off', () => {
    const next = new Date(NOW).toLocaleString();
    assert.equal(row().description, `0 3 * * 1 · next ${next}`);
    assert.equal(row({ on: false, next: null }).description, '0 3 * * 1 · off');
    assert.equal(
      row({ kind: 'triggers', description: 'data/**', next: null }).spoken,
      'Triggers, data/**, on',
    );
  });

  it('says what keeps it from working', () => {
    const { description, tooltip, icon } = row({ problem: 'There is no file.' });
    assert.equal(description, '0 3 * * 1 · does not work');
    assert.match(tooltip ?? '', /There is no file/);
    assert.equal(icon?.name, 'warning');
  });

  it('has the traits that its menus ask for', () => {
    assert.equal(row().kind, 'automation.on.schedule');
    assert.equal(row({ on: false }).kind, 'automation.off.schedule');
  });
});
