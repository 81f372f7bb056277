import assert from 'node:assert/strict';
import { stripVTControlCharacters } from 'node:util';
import { StepLines } from '../../../extension/editor/step-output.ts';

describe('the output of a step beside that of others', () => {
  it('comes in whole lines with the name of the step before each', () => {
    const lines = new StepLines('train', 0);
    assert.deepEqual(lines.add('one\ntw').map(stripVTControlCharacters), ['train │ one']);
    assert.deepEqual(lines.add('o\r\nthree').map(stripVTControlCharacters), ['train │ two']);
    assert.deepEqual(lines.end().map(stripVTControlCharacters), ['train │ three']);
    assert.deepEqual(lines.end(), []);
  });

  it('keeps its colours, and does not colour what comes after it', () => {
    const [line] = new StepLines('train', 0).add('\x1b[31mbad\n');
    assert.ok(line?.endsWith('\x1b[31mbad\x1b[0m'), line);
  });

  it('shows of a progress bar what it came to', () => {
    const lines = new StepLines('train', 0);
    assert.deepEqual(lines.add('10 %\r20 %\r'), []);
    assert.deepEqual(lines.add('100 %\n').map(stripVTControlCharacters), ['train │ 100 %']);
  });
});
