import assert from 'node:assert/strict';
import type { Row } from '../../../extension/trees/row.ts';
import { signature } from '../../../extension/trees/signature.ts';
import type { Subject } from '../../../extension/trees/subject.ts';

const STEPS = 1_000;

/** The nodes of an execution's steps, each of which stands for the whole execution, too. */
function nodesOf(status: string, last = 'pending') {
  const steps = Array.from({ length: STEPS }, (_, index) => ({
    name: `s${index}`,
    status: index === STEPS - 1 ? last : 'succeeded',
  }));
  const execution = { id: 'e', status, steps };
  return steps.map(step => ({
    row: { id: step.name, label: step.name } as Row,
    subject: { type: 'step', name: step.name, step, execution } as unknown as Subject,
  }));
}

describe('what the nodes of a tree are compared by', () => {
  it('is the same for the same, whichever objects hold it', () => {
    assert.equal(signature(nodesOf('running')), signature(nodesOf('running')));
  });

  it('differs with what one of them, or all of them, stand for', () => {
    const before = signature(nodesOf('running'));
    assert.notEqual(signature(nodesOf('cancelling')), before);
    assert.notEqual(signature(nodesOf('running', 'failed')), before);
  });

  it('grows with the steps of an execution, not with their square', () => {
    assert.ok(signature(nodesOf('running')).length < STEPS * 500);
  });
});
