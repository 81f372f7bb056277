import assert from 'node:assert/strict';
import type { Execution, Plan, StepExecution } from '../../../daemon/contract/pipelines.ts';
import { stepFacts } from '../../../extension/editor/step-facts.ts';

const NOW = 1_800_000_000_000;

function execution(...steps: Partial<StepExecution>[]): Execution {
  const whole = {
    status: 'succeeded',
    startTime: NOW - 65_000,
    endTime: NOW - 5_000,
    reused: null,
    metric: null,
  };
  return { steps: steps.map(step => ({ ...whole, ...step })) } as Execution;
}

const plan = (...steps: object[]) => ({ steps }) as unknown as Plan;
const facts = (name: string, executions: Execution[], planned: Plan | null = null) =>
  stepFacts({ name, line: 0 }, { executions, plan: planned }, NOW);

describe('what stands above a step in its file', () => {
  it('is its last result, with its time and its metric', () => {
    const ended = execution({ name: 'train', metric: { key: 'rmspe', value: 0.1, step: 3 } });
    assert.equal(facts('train', [ended]), '$(pass) succeeded · 1 m 00 s · rmspe 0.1 · just now');
    assert.equal(facts('other', [ended]), 'never run');
  });

  it('is looked for past executions that left the step out', () => {
    const left = execution({ name: 'train', status: 'skipped', startTime: null, endTime: null });
    assert.match(
      facts('train', [left, execution({ name: 'train', status: 'failed' })]),
      /^\$\(error\) failed/,
    );
  });

  it('says why the step is stale, unless it goes on or has failed anyway', () => {
    const planned = plan({ name: 'train', action: 'run', command: 'x', reason: 'data.csv changed' });
    assert.match(facts('train', [execution({ name: 'train' })], planned), /stale: data.csv changed$/);
    const running = execution({ name: 'train', status: 'running', endTime: null });
    assert.equal(facts('train', [running], planned), '$(sync~spin) running');
    const approval = plan({ name: 'ok', action: 'run', command: null, reason: 'waits for approval' });
    assert.doesNotMatch(facts('ok', [execution({ name: 'ok' })], approval), /stale/);
  });

  it('tells of all steps that one definition is expanded into', () => {
    const both = execution({ name: 'fit@a' }, { name: 'fit@b', status: 'failed' }, { name: 'fitting' });
    assert.match(facts('fit', [both]), /^\$\(error\) 1 of 2 failed/);
  });
});
