import assert from 'node:assert/strict';
import { stepLines } from '../../../../extension/language/step-lines.ts';

describe('the lines of a pipeline file', () => {
  it('are those of steps and of each of them, counted from 0', () => {
    const text = ['name: x', 'steps:', '  # first', '  a: { run: echo }', '  b:', '    run: echo', ''].join(
      '\n',
    );
    assert.deepEqual(stepLines('modelthat.yaml', text), {
      stepsLine: 1,
      steps: [
        { name: 'a', line: 3 },
        { name: 'b', line: 4 },
      ],
    });
  });

  it('are found as far as they can be in a file that is being typed', () => {
    assert.deepEqual(stepLines('modelthat.yaml', 'steps:\n  a:\n    run: [').steps, [{ name: 'a', line: 1 }]);
    assert.deepEqual(stepLines('modelthat.yaml', 'steps:'), { stepsLine: 0, steps: [] });
    assert.deepEqual(stepLines('modelthat.yaml', ''), { steps: [] });
  });

  it('are those of stages in a dvc.yaml', () => {
    const text = 'vars: []\nstages:\n  a:\n    cmd: x\n';
    assert.deepEqual(stepLines('dvc.yaml', text), { stepsLine: 1, steps: [{ name: 'a', line: 2 }] });
  });
});
