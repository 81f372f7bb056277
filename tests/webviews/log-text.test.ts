import assert from 'node:assert/strict';
import { cutSpans, findInLines, HELD_BYTES, LogText } from '../../webviews/ui/log-text.ts';

const texts = (log: LogText) => log.lines.map(line => line.spans.map(span => span.text).join(''));

describe('the text of a log', () => {
  it('is the same however it comes in', () => {
    const printed = 'one\n\x1b[31mtwo\nstill red\x1b[0m\nthree é\n';
    const whole = new LogText(0);
    whole.append(printed);
    const parts = new LogText(0);
    for (const part of printed.split(/(?<=[a-z])/)) parts.append(part);
    assert.deepEqual(parts.lines, whole.lines);
    assert.deepEqual(texts(whole), ['one', 'two', 'still red', 'three é']);
    assert.deepEqual(whole.lines[2]?.spans[0]?.look, { color: 1 });
    assert.equal(whole.end, Buffer.byteLength(printed));
  });

  it('shows what a carriage return leaves of a line, as progress bars write it', () => {
    const log = new LogText(0);
    log.append('10 %\r20 %\r');
    assert.deepEqual(log.unfinished?.raw, '20 %\r');
    log.append('30 %\ndone\r\n');
    assert.deepEqual(texts(log), ['30 %', 'done']);
  });

  it('drops the oldest lines when it becomes too much, and knows where it begins', () => {
    const log = new LogText(0);
    const line = `${'x'.repeat(99)}\n`;
    for (let at = 0; at < 30; at++) log.append(line.repeat(1_000));
    assert.ok(log.end - log.start <= HELD_BYTES);
    assert.equal(log.end, 3_000_000);
    assert.equal(log.start, log.dropped * 100);
    assert.equal(log.lines.length * 100, log.end - log.start);
  });

  it('holds no more of a stream without line ends', () => {
    const log = new LogText(0);
    for (let at = 0; at < 30; at++) log.append('y'.repeat(100_000));
    assert.ok(log.end - log.start <= HELD_BYTES);
    assert.equal(log.end, 3_000_000);
    assert.ok(log.lines.every(line => line.raw.length <= 4_000));
  });

  it('takes an earlier page in front of it, also when a line was cut between them', () => {
    const log = new LogText(10);
    log.append('ree\nfour');
    const joined = log.prepend('two\n\x1b[1mth', 0);
    assert.deepEqual(texts(joined), ['two', 'three']);
    assert.equal(joined.unfinished?.raw, 'four');
    assert.deepEqual([joined.start, joined.end], [0, 18]);
    joined.append('ty\n');
    assert.equal(texts(joined).at(-1), 'fourty');
  });

  it('does not show the newest lines when an earlier page takes their place', () => {
    const line = `${'x'.repeat(99)}\n`;
    const log = new LogText(1_000_000);
    for (let at = 0; at < 18; at++) log.append(line.repeat(1_000));
    const joined = log.prepend(line.repeat(5_000), 500_000);
    assert.equal(joined.start, 500_000);
    assert.ok(joined.end < log.end);
    assert.ok(joined.end - joined.start <= HELD_BYTES + 100);
  });

  it('is searched without its colours and without regard to case', () => {
    const log = new LogText(0);
    log.append('an \x1b[31mEr\x1b[32mror\x1b[0m here\nno\nerror, error\n');
    const found = findInLines(log.lines, 'error', 10);
    assert.deepEqual(
      found.map(({ line, from }) => [line, from]),
      [
        [0, 3],
        [2, 0],
        [2, 7],
      ],
    );
    const spans = log.lines[0]?.spans ?? [];
    const marked = cutSpans(spans, found.slice(0, 1), span => ({ ...span, look: { inverse: true } }));
    assert.deepEqual(
      marked.map(({ text, look }) => [text, look.inverse ?? false]),
      [
        ['an ', false],
        ['Er', true],
        ['ror', true],
        [' here', false],
      ],
    );
  });
});
