import assert from 'node:assert/strict';
import type { PlannedStep } from '../../../daemon/contract/pipelines.ts';
import { criticalPath } from '../../../daemon/pipelines/critical-path.ts';

function step(name: string, estimate: number | null, ...needs: string[]): PlannedStep {
  return { name, line: 1, command: 'x', needs, approval: null, action: 'run', reason: '', estimate };
}

describe('the critical path of a plan', () => {
  it('is the chain of steps that takes longest', () => {
    const plan = [
      step('load', 10),
      step('features', 20, 'load'),
      step('report', 25, 'load'),
      step('train', 100, 'features'),
      step('evaluate', 5, 'train', 'report'),
    ];
    assert.deepEqual(criticalPath(plan), { steps: ['load', 'features', 'train', 'evaluate'], estimate: 135 });
  });

  it('does not count what does not run', () => {
    const plan = [
      { ...step('load', 0), action: 'skip' as const },
      { ...step('train', 0, 'load'), action: 'restore' as const },
      step('evaluate', 5, 'train'),
    ];
    assert.deepEqual(criticalPath(plan), { steps: ['evaluate'], estimate: 5 });
  });

  it('has no estimate while one of its steps has none', () => {
    assert.deepEqual(criticalPath([step('a', 10), step('b', null, 'a')]), {
      steps: ['a', 'b'],
      estimate: null,
    });
    assert.deepEqual(criticalPath([]), { steps: [], estimate: 0 });
  });
});
