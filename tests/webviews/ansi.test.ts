import assert from 'node:assert/strict';
import { ansiSpans } from '../../webviews/ui/ansi.ts';

const looks = (line: string) => ansiSpans(line, {}).spans.map(({ text, look }) => [text, look]);

describe('escape sequences in a log', () => {
  it('give text its look until they take it back', () => {
    assert.deepEqual(looks('a\x1b[1;31mb\x1b[22mc\x1b[39md'), [
      ['a', {}],
      ['b', { bold: true, color: 1 }],
      ['c', { color: 1 }],
      ['d', {}],
    ]);
  });

  it('name one of 16, 256 or all colours', () => {
    assert.deepEqual(looks('\x1b[92ma\x1b[38;5;196mb\x1b[48;2;1;2;3mc\x1b[38;5;3md'), [
      ['a', { color: 10 }],
      ['b', { color: 'rgb(255 0 0)' }],
      ['c', { color: 'rgb(255 0 0)', background: 'rgb(1 2 3)' }],
      ['d', { color: 3, background: 'rgb(1 2 3)' }],
    ]);
  });

  it('leave nothing of themselves, whatever they are', () => {
    assert.deepEqual(looks('a\x1b[2Kb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d\x1b(B\x07'), [
      ['a', {}],
      ['b', {}],
      ['c', {}],
      ['d', {}],
    ]);
  });

  it('say what is left on for the next line', () => {
    assert.deepEqual(ansiSpans('\x1b[32m', {}), { spans: [], look: { color: 2 } });
  });
});
