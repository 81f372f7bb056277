import assert from 'node:assert/strict';
import path from 'node:path';
import type { Database as Connection } from 'better-sqlite3';
import fc from 'fast-check';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { openForWriting } from '../../../daemon/database/open.ts';
import { logBatch } from '../../../daemon/tracking/store/log.ts';
import * as runs from '../../../daemon/tracking/store/runs.ts';
import { type RunSearch, searchRuns } from '../../../daemon/tracking/store/search-runs.ts';
import { temporaryFolder } from '../../support/database.ts';

const RUNS = 250;

/** What is known of a run, beside the database. */
interface Known {
  readonly start: number;
  readonly end: number | undefined;
  readonly metrics: Readonly<Record<string, number | undefined>>;
  readonly params: Readonly<Record<string, string | undefined>>;
  readonly tags: Readonly<Record<string, string | undefined>>;
}

/** One part of a search: how it is written, and what it means. */
interface Part<Meaning> {
  readonly text: string;
  readonly means: Meaning;
}

const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined, freq: 4 });
const NUMBERS = [0, 1, 2, 2.5, -1, 1e300, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
const TEXTS = ['', 'a', 'B', 'b', '10', '9', 'NaN', 'é'];
const number = fc.oneof(fc.constantFrom(...NUMBERS), fc.integer({ min: -30, max: 30 }));
const text = fc.constantFrom(...TEXTS);

const known: fc.Arbitrary<Known> = fc.record({
  start: fc.integer({ min: 0, max: 40 }),
  end: maybe(fc.integer({ min: 0, max: 5 })),
  metrics: fc.record({ loss: maybe(number), acc: maybe(number), flat: maybe(fc.constantFrom(1, 1, 1, 2)) }),
  params: fc.record({ kind: maybe(text), seldom: fc.option(text, { nil: undefined, freq: 1 }) }),
  tags: fc.record({ note: maybe(text) }),
});

const metric = fc.constantFrom('loss', 'acc', 'flat', 'unknown');
const param = fc.constantFrom('kind', 'seldom', 'unknown');

const comparisons = {
  '<': (left: number, right: number) => left < right,
  '<=': (left: number, right: number) => left <= right,
  '>': (left: number, right: number) => left > right,
  '>=': (left: number, right: number) => left >= right,
  '=': (left: number, right: number) => left === right,
  '!=': (left: number, right: number) => left !== right,
} as const;
const comparator = fc.constantFrom(...(Object.keys(comparisons) as (keyof typeof comparisons)[]));

type Filter = Part<(run: Known) => boolean>;
const filter: fc.Arbitrary<Filter> = fc.oneof(
  fc.tuple(metric, comparator, fc.constantFrom(-5, 0, 1, 2, 2.5, 29)).map(([key, symbol, bound]) => ({
    text: `metrics.${key} ${symbol} ${bound}`,
    means: (run: Known) => {
      const value = run.metrics[key];
      return value !== undefined && comparisons[symbol](value, bound);
    },
  })),
  fc.tuple(comparator, fc.integer({ min: 0, max: 40 })).map(([symbol, bound]) => ({
    text: `attributes.start_time ${symbol} ${bound}`,
    means: (run: Known) => comparisons[symbol](run.start, bound),
  })),
  fc.tuple(param, text).map(([key, value]) => ({
    text: `params.${key} = '${value}'`,
    means: (run: Known) => run.params[key] === value,
  })),
  text.map(value => ({
    text: `tags.note != '${value}'`,
    means: (run: Known) => run.tags.note !== undefined && run.tags.note !== value,
  })),
);

/** Text as SQLite compares it. */
const bytes = (left: string, right: string) => Buffer.compare(Buffer.from(left), Buffer.from(right));
const numbers = (left: number, right: number) => (left < right ? -1 : left > right ? 1 : 0);

/** Values first, then NaN, then nothing, in either direction. */
function compare(
  left: number | string | undefined,
  right: number | string | undefined,
  sign: 1 | -1,
): number {
  const rank = (value: typeof left) => (value === undefined ? 2 : Number.isNaN(value) ? 1 : 0);
  const ranks = rank(left) - rank(right);
  if (ranks !== 0 || left === undefined || right === undefined || Number.isNaN(left)) return ranks;
  return sign * (typeof left === 'string' ? bytes(left, String(right)) : numbers(left, Number(right)));
}

type Order = Part<(left: Known, right: Known) => number> & { readonly name: string };
const order: fc.Arbitrary<Order> = fc
  .tuple(
    fc.oneof(
      metric.map(key => ({ name: `metrics.${key}`, of: (run: Known) => run.metrics[key] })),
      param.map(key => ({ name: `params.${key}`, of: (run: Known) => run.params[key] })),
      fc.constantFrom(
        { name: 'tags.note', of: (run: Known) => run.tags.note },
        { name: 'attributes.start_time', of: (run: Known) => run.start },
        { name: 'attributes.end_time', of: (run: Known) => run.end },
      ),
    ),
    fc.boolean(),
  )
  .map(([{ name, of }, descending]) => ({
    name,
    text: `${name} ${descending ? 'DESC' : 'ASC'}`,
    means: (left, right) => compare(of(left), of(right), descending ? -1 : 1),
  }));

const limits = fc.record({
  few: fc.constantFrom(0, 10, 1000),
  many: fc.constantFrom(0, 100, 1000),
  visited: fc.constantFrom(0, 60, 400),
  stretch: fc.constantFrom(3, 20, 60, 1000),
});

describe('the order of runs', () => {
  const folder = temporaryFolder();
  const all = new Map<string, Known>();
  let connection: Connection;

  before(() => {
    connection = openForWriting(path.join(folder.path, 'modelthat.db'));
    connection.exec('BEGIN');
    for (const run of fc.sample(known, { numRuns: RUNS, seed: 20_261_125 })) all.set(addRun(run), run);
    connection.exec('COMMIT');
  });
  after(() => {
    connection.close();
    folder.remove();
  });

  const pairs = (map: Known['params']) =>
    Object.entries(map).flatMap(([key, value]) => (value === undefined ? [] : [{ key, value }]));

  function addRun(run: Known): string {
    const runId = runs.createRun(connection, { run: { startTime: run.start, tags: [] } });
    const metrics = Object.entries(run.metrics).flatMap(([key, value]) =>
      value === undefined ? [] : [{ key, value, step: 0, timestamp: 0 }],
    );
    const batch = { metrics, params: pairs(run.params), tags: pairs(run.tags) };
    logBatch(connection, { runId, batch });
    if (run.end !== undefined) runs.updateRun(connection, { runId, endTime: run.end });
    return runId;
  }

  const search: RunSearch = { experimentIds: ['0'], filter: '', orderBy: [], view: 'active', limit: 7 };

  it('is the same page by page, along indexes and by sorting, as by hand', () => {
    const orders = fc.uniqueArray(order, { maxLength: 3, selector: ({ name }) => name });
    const scope = fc.constantFrom<Partial<RunSearch>>(
      {},
      { experimentIds: undefined },
      { experimentIds: ['0', '1'] },
      { view: 'all' },
    );
    const pageSize = fc.integer({ min: 10, max: 120 });
    fc.assert(
      fc.property(
        fc.array(filter, { maxLength: 2 }),
        orders,
        scope,
        pageSize,
        limits,
        (filters, orders, scope, limit, sizes) => {
          const wanted: RunSearch = {
            ...search,
            ...scope,
            limit,
            filter: filters.map(({ text }) => text).join(' AND '),
            orderBy: orders.map(({ text }) => text),
          };
          const byHand = [...all]
            .filter(([, run]) => filters.every(({ means }) => means(run)))
            .sort(([leftId, left], [rightId, right]) => {
              for (const { means } of orders) {
                const found = means(left, right);
                if (found !== 0) return found;
              }
              const byStart = orders.some(({ name }) => name.endsWith('start_time'))
                ? 0
                : right.start - left.start;
              return byStart || bytes(leftId, rightId);
            })
            .map(([id]) => id);
          const found: string[] = [];
          for (let pageToken: string | undefined, first = true; first || pageToken; first = false) {
            const page = searchRuns(connection, { ...wanted, pageToken }, sizes);
            found.push(...page.items.map(run => run.id));
            pageToken = page.nextPageToken;
          }
          assert.deepEqual(found, byHand);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('goes on after the run that a page ended with, whatever became of that', () => {
    const byLoss = { ...search, orderBy: ['metrics.loss ASC'], limit: 60 };
    const rest = (pageToken: string | undefined) =>
      searchRuns(connection, { ...byLoss, limit: 1000, pageToken }).items.map(run => run.id);
    const first = searchRuns(connection, byLoss);
    const before = rest(first.nextPageToken);
    connection.exec('SAVEPOINT changed');
    const [top, last] = [first.items[0]?.id ?? '', first.items.at(-1)?.id ?? ''];
    runs.setRunLifecycle(connection, { runId: last, lifecycle: 'deleted' });
    const least = [{ key: 'loss', value: -1000, step: 1, timestamp: 1 }];
    logBatch(connection, { runId: top, batch: { metrics: least, params: [], tags: [] } });
    addRun({ start: 0, end: undefined, metrics: { loss: -999 }, params: {}, tags: {} });
    assert.deepEqual(rest(first.nextPageToken), before);
    connection.exec('ROLLBACK TO changed; RELEASE changed');
  });

  it('has page tokens that are good for one search only', () => {
    const byLoss = { ...search, filter: 'metrics.flat = 1', orderBy: ['metrics.loss ASC'] };
    const { nextPageToken: pageToken } = searchRuns(connection, byLoss);
    assert.ok(searchRuns(connection, { ...byLoss, limit: 3, pageToken }).items.length > 0);
    const refuses = (other: RunSearch) =>
      assert.throws(
        () => searchRuns(connection, other),
        (error: unknown) => error instanceof ApiError && error.code === 'INVALID_PARAMETER_VALUE',
      );
    refuses({ ...byLoss, filter: '', pageToken });
    refuses({ ...byLoss, orderBy: ['metrics.loss DESC'], pageToken });
    refuses({ ...byLoss, view: 'all', pageToken });
    const { search: identity, after } = JSON.parse(Buffer.from(pageToken ?? '', 'base64').toString());
    for (const forged of [{}, { search: identity }, { search: identity, after: after.map(() => ({})) }])
      refuses({ ...byLoss, pageToken: Buffer.from(JSON.stringify(forged)).toString('base64') });
  });
});
