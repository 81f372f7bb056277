import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { openLog } from '../../daemon/log.ts';
import { type TestPlace, testPlace } from '../support/daemon.ts';

describe('the daemon’s log', () => {
  let place: TestPlace;
  beforeEach(() => {
    place = testPlace();
  });
  afterEach(() => place.remove());

  it('is rotated by size, keeps the newest lines, and never grows without bound', () => {
    const log = openLog(place.state);
    const filler = 'x'.repeat(100_000);
    for (let line = 0; line < 260; line += 1) log.info({ line, filler }, 'full');
    const files = fs.readdirSync(place.state).filter(name => name.startsWith('daemon.log'));
    assert.deepEqual(files.sort(), ['daemon.log', 'daemon.log.1', 'daemon.log.2', 'daemon.log.3']);
    const read = (name: string) =>
      fs.readFileSync(path.join(place.state, name), 'utf8').trimEnd().split('\n');
    const lines = files
      .reverse()
      .flatMap(read)
      .map(line => JSON.parse(line).line as number);
    assert.equal(lines.at(-1), 259);
    assert.deepEqual(
      lines,
      lines.map((_, index) => (lines[0] ?? 0) + index),
    );
  });

  it('goes on in the same file after a restart', () => {
    openLog(place.state).info('first');
    openLog(place.state).info('second');
    const text = fs.readFileSync(path.join(place.state, 'daemon.log'), 'utf8');
    assert.match(text, /"first".*\n.*"second"/);
  });
});
