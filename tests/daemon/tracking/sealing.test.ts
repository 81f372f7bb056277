import assert from 'node:assert/strict';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import fc from 'fast-check';
import type { SeriesPoint } from '../../../daemon/contract/runs.ts';
import { encodeDouble } from '../../../daemon/contract/values.ts';
import { openForWriting } from '../../../daemon/database/open.ts';
import { compareKeys, compareValues, type Key } from '../../../daemon/tracking/blocks/columns.ts';
import { decodeHistoryToken } from '../../../daemon/tracking/pages.ts';
import { metricSeries } from '../../../daemon/tracking/store/curves.ts';
import { metricHistory } from '../../../daemon/tracking/store/history.ts';
import { logBatch } from '../../../daemon/tracking/store/log.ts';
import { getRun } from '../../../daemon/tracking/store/read-runs.ts';
import * as runs from '../../../daemon/tracking/store/runs.ts';
import { sampledHistories } from '../../../daemon/tracking/store/sampled.ts';
import { Sealing } from '../../../daemon/tracking/store/sealing.ts';
import { temporaryFolder } from '../../support/database.ts';

/** Small, so that few points come through everything that many do. */
const SMALL = { block: 16, keptRows: 4, leastRows: 3, span: 4 };

const DAY_MS = 24 * 3600_000;

describe('sealing metric points', () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let connection: Connection;
  let runId: string;

  beforeEach(() => {
    folder = temporaryFolder();
    connection = openForWriting(path.join(folder.path, 'modelthat.db'));
    connection.pragma('synchronous = OFF');
    runId = runs.createRun(connection, { run: { tags: [] } });
  });
  afterEach(() => {
    connection.close();
    folder.remove();
  });

  const log = (points: readonly Key[], key = 'loss') => {
    const metrics = points.map(point => ({ ...point, key }));
    logBatch(connection, { runId, batch: { metrics, params: [], tags: [] } });
  };
  const count = (table: string) =>
    connection.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;

  /** Seals all that is due. @param later milliseconds since anything was written */
  function seal(later: number, sizes?: typeof SMALL): void {
    const sealing = new Sealing(connection, sizes);
    while (sealing.next(Date.now() + later)) {}
  }

  /** A history as MLflow's client reads it: page by page. */
  function history(limit = 7): Key[] {
    const points: Key[] = [];
    let token: string | undefined;
    do {
      const after = decodeHistoryToken(token);
      const page = metricHistory(connection, { runId, key: 'loss', limit, after });
      points.push(
        ...page.items.map(({ step, timestamp, value }) => ({ step, timestamp, value: Number(value) })),
      );
      token = page.nextPageToken;
    } while (token);
    return points;
  }

  const chart = (buckets: number, range: { fromStep?: number; toStep?: number } = {}) =>
    metricSeries(connection, { runId, keys: ['loss'], buckets, ...range }).series[0]?.points ?? [];

  it('changes nothing of what is read, whatever is logged in whatever order', () => {
    const value = fc.oneof(
      fc.integer({ min: -2, max: 2 }),
      fc.double(),
      fc.constantFrom(Number.NaN, Infinity),
    );
    const anywhere = fc.record({
      step: fc.integer({ min: -40, max: 40 }),
      timestamp: fc.integer({ min: 0, max: 3 }),
      value,
    });
    const batch = fc.record({
      kind: fc.constant('log' as const),
      points: fc.array(anywhere, { minLength: 1, maxLength: 60 }),
    });
    // In order and after all others, as training logs: these become blocks at once.
    const following = fc.record({
      kind: fc.constant('follow' as const),
      length: fc.integer({ min: 1, max: 80 }),
      value,
    });
    const sealed = fc.record({ kind: fc.constant('seal' as const), later: fc.constantFrom(0, DAY_MS) });
    fc.assert(
      fc.property(fc.array(fc.oneof(batch, following, following, sealed), { maxLength: 12 }), steps => {
        runId = runs.createRun(connection, { run: { tags: [] } });
        const expected: Key[] = [];
        const add = (points: readonly Key[]) => {
          log(points);
          for (const point of points)
            if (!expected.some(known => compareKeys(known, point) === 0))
              expected.push({ ...point, value: point.value + 0 });
        };
        for (const step of steps) {
          if (step.kind === 'seal') seal(step.later, SMALL);
          else if (step.kind === 'log') add(step.points);
          else {
            const start = Math.max(40, ...expected.map(point => point.step)) + 1;
            add(
              Array.from({ length: step.length }, (_, place) => ({
                step: start + place,
                timestamp: 5,
                value: step.value + place,
              })),
            );
          }
          check(expected);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('comes back to a run that had nothing to seal once it is written to again', () => {
    const sealing = new Sealing(connection, SMALL);
    const work = () => {
      while (sealing.next(Date.now(), true)) {}
    };
    log(training(5));
    work();
    assert.equal(count('metric_block'), 0);
    const then = Date.now();
    while (Date.now() === then) {}
    log(training(200).slice(5));
    work();
    assert.ok(count('metric_block') > 0);
  });

  it('draws what spans of blocks come to exactly, with points that came late among them', () => {
    const points = training(2000).map(point =>
      point.step % 97 === 0 ? { ...point, value: Number.NaN } : point,
    );
    const late = points.filter(({ step }) => step % 31 === 5);
    const inTime = points.filter(({ step }) => step % 31 !== 5);
    for (let start = 0; start < inTime.length; start += 20) log(inTime.slice(start, start + 20));
    seal(DAY_MS, SMALL);
    const spanned = () => connection.prepare('SELECT sum(spanned) FROM metric_summary').pluck().get();
    const inSpans = () => connection.prepare('SELECT sum(count) FROM metric_span').pluck().get();
    assert.ok(count('metric_span') >= 20);
    assert.equal(spanned(), inSpans());
    for (const buckets of [2, 7, 60, 100]) checkExactly(chart(buckets), inTime, buckets);
    // Before these have found their places a bucket holds them by their own step; then the spans there are made anew.
    log(late);
    for (const buckets of [2, 7, 60]) checkBuckets(chart(buckets), points, buckets);
    seal(DAY_MS, SMALL);
    assert.equal(spanned(), inSpans());
    assert.ok(Number(inSpans()) > 1800, String(inSpans()));
    for (const buckets of [2, 7, 60, 100]) checkExactly(chart(buckets), points, buckets);
    const range = { fromStep: 333, toStep: 1777 };
    const inside = points.filter(({ step }) => step >= range.fromStep && step <= range.toStep);
    for (const buckets of [3, 12, 90]) checkExactly(chart(buckets, range), inside, buckets);
    connection.exec('DELETE FROM metric_block WHERE step > 1000');
    assert.equal(spanned(), inSpans());
  });

  function check(expected: readonly Key[]): void {
    const byTime = expected.toSorted(
      (a, b) => a.timestamp - b.timestamp || a.step - b.step || compareValues(a.value, b.value),
    );
    assert.deepEqual(history(), byTime);
    const summary = getRun(connection, { runId }).metrics.loss;
    assert.equal(summary?.count ?? 0, expected.length);
    const whole = chart(5000);
    assert.deepEqual(
      whole.map(({ step, timestamp, value }) => ({ step, timestamp, value })),
      expected
        .toSorted(compareKeys)
        .map(({ step, timestamp, value }) => ({ step, timestamp, value: encodeDouble(value) })),
    );
    checkBuckets(chart(2), expected, 2);
    const range = { fromStep: -10, toStep: 60 };
    const inside = expected.filter(({ step }) => step >= range.fromStep && step <= range.toStep);
    checkBuckets(chart(3, range), inside, 3);
  }

  /** Buckets in order that hold all of the points and their extremes. */
  function checkBuckets(buckets: readonly SeriesPoint[], points: readonly Key[], most: number): void {
    assert.ok(buckets.length <= most);
    const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    assert.equal(total, points.length);
    for (const [place, { step }] of buckets.entries())
      if (place > 0) assert.ok(step >= (buckets[place - 1]?.step ?? 0));
    const numbers = (values: readonly unknown[]) => values.map(Number).filter(value => !Number.isNaN(value));
    const values = numbers(points.map(({ value }) => value));
    assert.equal(
      Math.min(...numbers(buckets.map(({ min }) => min))),
      values.reduce((a, b) => Math.min(a, b), Infinity),
    );
    assert.equal(
      Math.max(...numbers(buckets.map(({ max }) => max))),
      values.reduce((a, b) => Math.max(a, b), -Infinity),
    );
  }

  /** Buckets that hold the points of their steps, and say what these come to. */
  function checkExactly(drawn: readonly SeriesPoint[], points: readonly Key[], most: number): void {
    checkBuckets(drawn, points, most);
    assert.ok(drawn.length > most / 3, `${drawn.length} of ${most}`);
    const ordered = points.toSorted(compareKeys);
    let start = 0;
    for (const { count: held, step, timestamp, min, max, value } of drawn) {
      const within = ordered.slice(start, start + held);
      start += held;
      const numbers = within.map(point => point.value).filter(number => !Number.isNaN(number));
      const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
      assert.deepEqual(
        [step, timestamp, min, max],
        [
          within.at(-1)?.step,
          Math.max(...within.map(point => point.timestamp)),
          Math.min(...numbers),
          Math.max(...numbers),
        ],
      );
      assert.ok(Math.abs(Number(value) - mean) < 1e-9);
    }
  }

  const training = (length: number, from = 0) =>
    Array.from({ length }, (_, place) => ({
      step: from + place,
      timestamp: 1_790_000_000_000 + 100 * (from + place),
      value: Math.sin((from + place) / 500) + ((from + place) % 13) / 100,
    }));

  it('keeps the newest rows of a run that goes on, and none of one that has ended', () => {
    for (let from = 0; from < 12_000; from += 30) log(training(30, from));
    assert.equal(count('metric_point'), 12_000);
    seal(0);
    assert.equal(count('metric_point'), 1024);
    runs.updateRun(connection, { runId, status: 'FINISHED', endTime: Date.now() });
    seal(0);
    assert.equal(count('metric_point'), 1024);
    seal(DAY_MS);
    assert.equal(count('metric_point'), 0);
    assert.ok(count('metric_block') <= 4);
    assert.equal(count('run WHERE unsealed > 0'), 0);
    assert.deepEqual(history(25_000), training(12_000));
    log([{ step: 12_000, timestamp: 1, value: 1 }]);
    assert.equal(count('run WHERE unsealed = 1'), 1);
  });

  it('compresses batches that are as large as a full block', () => {
    for (let from = 0; from < 15_000; from += 5000) log(training(5000, from));
    seal(DAY_MS);
    assert.equal(count('metric_block WHERE loose = 1'), 0);
    assert.deepEqual(history(25_000), training(15_000));
  });

  it('drops what was logged before, also when that is sealed', () => {
    for (let from = 0; from < 3000; from += 1000) log(training(1000, from));
    seal(DAY_MS);
    log(training(1000, 1500));
    log(training(10, 2995));
    assert.equal(getRun(connection, { runId }).metrics.loss?.count, 3005);
    assert.deepEqual(history(1000), training(3005));
  });

  it('finds a place among sealed points for those that come late', () => {
    const points = training(20_000);
    const late = points.filter(({ step }) => step % 9 === 0);
    const inTime = points.filter(({ step }) => step % 9 !== 0);
    for (let start = 0; start < inTime.length; start += 1000) log(inTime.slice(start, start + 1000));
    seal(DAY_MS);
    for (let start = 0; start < late.length; start += 1000) log(late.slice(start, start + 1000).reverse());
    assert.deepEqual(history(20_000), points);
    seal(0);
    assert.deepEqual(history(6000), points);
    seal(DAY_MS);
    assert.deepEqual(history(6000), points);
    assert.equal(count('metric_point'), 0);
  });

  it('draws a long metric from what its blocks come to, with every extreme', () => {
    const points = training(100_000).map(point =>
      point.step === 23_456
        ? { ...point, value: 99 }
        : point.step === 7
          ? { ...point, value: Number.NaN }
          : point,
    );
    for (let start = 0; start < points.length; start += 1000) log(points.slice(start, start + 1000));
    seal(0);
    for (const [buckets, range] of [
      [100, {}],
      [400, {}],
      [30, { fromStep: 100, toStep: 50_000 }],
      [300, { fromStep: 23_400, toStep: 24_000 }],
    ] as const) {
      const drawn = chart(buckets, range);
      const { fromStep = 0, toStep = Infinity } = range as { fromStep?: number; toStep?: number };
      const inside = points.filter(({ step }) => step >= fromStep && step <= toStep);
      checkExactly(drawn, inside, buckets);
      assert.equal(Math.max(...drawn.map(({ max }) => Number(max))), 99);
      assert.equal(drawn.at(-1)?.step, inside.at(-1)?.step);
    }
  });

  it('thins out the histories of several runs alike', () => {
    const first = runId;
    for (let start = 0; start < 150_000; start += 1000) log(training(1000, start));
    const second = runs.createRun(connection, { run: { tags: [] } });
    runId = second;
    log(training(100));
    seal(DAY_MS);
    const found = sampledHistories(connection, { runIds: [first, second], key: 'loss', limit: 50 });
    const long = found.filter(point => point.runId === first);
    assert.deepEqual([long[0]?.step, long.at(-1)?.step], [0, 149_999]);
    assert.ok(long.length >= 25 && long.length <= 54, String(long.length));
    for (const { step, timestamp, value } of long)
      assert.deepEqual([{ step, timestamp, value }], training(1, step));
    const short = found.filter(point => point.runId === second);
    assert.deepEqual([short[0]?.step, short.at(-1)?.step], [0, 99]);
  });

  it('goes with a run that is deleted', () => {
    log(training(1000));
    seal(DAY_MS);
    connection.exec('DELETE FROM metric_summary; DELETE FROM run_tag; DELETE FROM run;');
    assert.deepEqual([count('metric_block'), count('metric_block_content')], [0, 0]);
  });
});
