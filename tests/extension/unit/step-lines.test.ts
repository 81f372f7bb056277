import assert from 'node:assert/strict';
import { stepLines } from '../../../extension/editor/step-lines.ts';

describe('the lines of a pipeline file', () => {
  it('are those of steps and of each of them, counted from 0', () => {
    const text = ['name: x', 'steps:', '  # first', '  a: { run: echo }', '  b:', '    run: echo', ''].join(
      '\n',
    );
    assert.deepEqual(stepLines(text), {
      stepsLine: 1,
      steps: [
        { name: 'a', line: 3 },
        { name: 'b', line: 4 },
      ],
    });
  });

  it('are found as far as they can be in a file that is being typed', () => {
    assert.deepEqual(stepLines('steps:\n  a:\n    run: [').steps, [{ name: 'a', line: 1 }]);
    assert.deepEqual(stepLines('steps:'), { stepsLine: 0, steps: [] });
    assert.deepEqual(stepLines(''), { steps: [] });
  });
});
