import assert from 'node:assert/strict';
import { look, nextDue, type Schedule } from '../../../daemon/pipelines/automation/schedule.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('a schedule', () => {
  const berlin = (cron: string, missed: Schedule['missed'] = 'once'): Schedule => ({
    cron,
    timezone: 'Europe/Berlin',
    missed,
  });
  const at = (text: string) => Date.parse(text);

  /** The first times of a schedule after a moment. */
  function times(schedule: Schedule, after: string, count: number): string[] {
    const found: string[] = [];
    for (let time = at(after); found.length < count; ) {
      const next = nextDue(schedule, time);
      assert.ok(next !== null);
      found.push(new Date(next).toISOString());
      time = next;
    }
    return found;
  }

  it('is due at the local time of its time zone, in summer and in winter', () => {
    assert.deepEqual(times(berlin('0 3 * * 1'), '2026-03-20T00:00:00Z', 2), [
      '2026-03-23T02:00:00.000Z',
      '2026-03-30T01:00:00.000Z',
    ]);
  });

  it('is due once on the day on which its hour does not come, and once on the day on which it comes twice', () => {
    // Clocks go from 2:00 to 3:00 on March 29, and from 3:00 to 2:00 on October 25.
    const daily = berlin('30 2 * * *');
    assert.deepEqual(times(daily, '2026-03-28T00:00:00Z', 3), [
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    assert.deepEqual(times(daily, '2026-10-24T00:00:00Z', 3), [
      '2026-10-24T00:30:00.000Z',
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
    ]);
  });

  it('that comes each half hour goes on through both', () => {
    assert.deepEqual(times(berlin('*/30 * * * *'), '2026-10-25T00:10:00Z', 4), [
      '2026-10-25T00:30:00.000Z',
      '2026-10-25T01:00:00.000Z',
      '2026-10-25T01:30:00.000Z',
      '2026-10-25T02:00:00.000Z',
    ]);
  });

  it('is due when its time has come, and then not until the next', () => {
    const schedule = berlin('0 3 * * *');
    const settled = at('2026-11-25T02:00:00Z');
    const due = at('2026-11-26T02:00:00Z');
    assert.deepEqual(look(schedule, settled, due - 1), { due: null, settled, next: due });
    const first = look(schedule, settled, due);
    assert.deepEqual(first, { due, settled: due, next: due + 24 * HOUR });
    assert.deepEqual(look(schedule, first.settled, due + 1), {
      due: null,
      settled: due,
      next: due + 24 * HOUR,
    });
  });

  it('is due once for all the times that were missed, or for none of them', () => {
    const settled = at('2026-11-20T12:00:00Z');
    const now = at('2026-11-25T12:00:00Z');
    const last = at('2026-11-25T02:00:00Z');
    const next = last + 24 * HOUR;
    assert.deepEqual(look(berlin('0 3 * * *', 'once'), settled, now), { due: last, settled: last, next });
    assert.deepEqual(look(berlin('0 3 * * *', 'skip'), settled, now), { due: null, settled: last, next });
    // A moment late is not missed.
    assert.equal(look(berlin('0 3 * * *', 'skip'), settled, last + MINUTE / 2).due, last);
  });

  it('is not due twice when the clock is set back', () => {
    const schedule = berlin('0 * * * *');
    const due = at('2026-11-25T02:00:00Z');
    const { settled } = look(schedule, due - HOUR, due);
    for (const back of [10, 30, 90])
      assert.equal(look(schedule, settled, due - back * MINUTE).due, null, `${back} minutes`);
    assert.equal(look(schedule, settled, due).due, null, 'the same time comes again');
    assert.equal(look(schedule, settled, due - 90 * MINUTE).next, due + HOUR);
    assert.equal(look(schedule, settled, due + HOUR).due, due + HOUR);
  });

  it('begins anew when the clock was years ahead', () => {
    const now = at('2026-11-25T02:30:00Z');
    const found = look(berlin('0 * * * *'), at('2030-01-01T00:00:00Z'), now);
    assert.deepEqual(found, { due: null, settled: now, next: at('2026-11-25T03:00:00Z') });
  });
});
