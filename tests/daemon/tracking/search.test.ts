import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { openTracking, type TestTracking } from '../../support/database.ts';

describe('searching runs', () => {
  let store: TestTracking;
  let experimentId: string;

  before(async () => {
    store = await openTracking();
    ({ id: experimentId } = await store.tracking.experiments.create({ name: 'search' }));
    const runs: [string, number | undefined, string | undefined, string][] = [
      ['low', 1, 'adam', 'Alpha_1'],
      ['nan', Number.NaN, 'sgd', 'alpha%2'],
      ['high', 3, undefined, 'beta'],
      ['none', undefined, 'Adam', '[x]*'],
      ['infinite', Number.NEGATIVE_INFINITY, 'sgd', 'beta?'],
    ];
    for (const [startTime, [name, loss, optimizer, tag]] of runs.entries()) {
      const { id } = await store.tracking.createRun({
        experimentId,
        name,
        startTime,
        tags: [{ key: 'a b', value: tag }],
      });
      await store.tracking.logBatch(id, {
        metrics: loss === undefined ? [] : [{ key: 'loss', value: loss, step: 0, timestamp: 0 }],
        params: optimizer === undefined ? [] : [{ key: 'optimizer', value: optimizer }],
        tags: [],
      });
    }
    const [low] = (await search("run_name = 'low'")).items;
    await store.tracking.logInputs(
      low?.id ?? '',
      [
        {
          name: 'sales',
          digest: 'd1',
          sourceType: 'local',
          source: 'sales.csv',
          tags: { 'mlflow.data.context': 'training' },
        },
      ],
      [],
    );
  });
  after(() => store.close());

  const search = (filter: string, orderBy: string[] = [], limit = 100, pageToken?: string) =>
    store.tracking.searchRuns({
      experimentIds: [experimentId],
      filter,
      orderBy,
      view: 'active',
      limit,
      pageToken,
    });
  const names = async (...input: Parameters<typeof search>) =>
    (await search(...input)).items.map(run => run.name).join(' ');

  const FOUND: readonly [string, string][] = [
    ['', 'infinite none high nan low'],
    ['metrics.loss > 0', 'high low'],
    ['metrics.loss >= 1', 'high low'],
    ['metrics.loss < 1', 'infinite'],
    ['metrics.loss = 0', ''],
    ['metrics.loss != 3', 'infinite nan low'],
    ['metrics.missing != 3', ''],
    ["params.optimizer = 'adam'", 'low'],
    ["params.optimizer != 'adam'", 'infinite none nan'],
    ["params.optimizer LIKE 'a%'", 'low'],
    ["params.optimizer ILIKE 'A%'", 'none low'],
    ['params.optimizer IS NULL', 'high'],
    ['params.optimizer IS NOT NULL', 'infinite none nan low'],
    ["tags.`a b` LIKE 'alpha%2'", 'nan'],
    ["tags.`a b` LIKE '[x]*'", 'none'],
    ["tags.`a b` LIKE 'beta?'", 'infinite'],
    ["tags.`a b` LIKE 'beta_'", 'infinite'],
    ["tags.`a b` LIKE '_lpha__'", 'nan low'],
    ["attributes.run_name = 'low' AND status = 'RUNNING'", 'low'],
    ['start_time >= 3', 'infinite none'],
    ["attr.run_name NOT IN ('low')", 'error'],
    ["dataset.name = 'sales' AND datasets.context IN ('training', 'eval')", 'low'],
    ["dataset.digest = 'd2'", ''],
    ['metrics.loss > "1"', 'error'],
    ['params.optimizer > 1', 'error'],
    ["params.optimizer > 'a'", 'error'],
    ['metrics.loss IS NULL', 'error'],
    ["experiment_id = '1'", 'error'],
    ["lifecycle_stage = 'active'", 'error'],
    ["nothing.x = '1'", 'error'],
    ["constructor.x = '1'", 'error'],
    ["toString = '1'", 'error'],
    ["dataset.constructor = '1'", 'error'],
  ];
  for (const [filter, expected] of FOUND)
    it(expected === 'error' ? `refuses ${filter}` : `finds what ${filter || 'no filter'} says`, async () => {
      if (expected === 'error') await assert.rejects(search(filter), { code: 'INVALID_PARAMETER_VALUE' });
      else assert.equal(await names(filter), expected);
    });

  const ORDERED: readonly [string[], string][] = [
    [['metrics.loss'], 'infinite low high nan none'],
    [['metrics.loss DESC'], 'high low infinite nan none'],
    [['params.optimizer'], 'none low infinite nan high'],
    [['params.optimizer DESC', 'run_name ASC'], 'infinite nan low none high'],
    [['start_time'], 'low nan high none infinite'],
    [['end_time DESC'], 'infinite none high nan low'],
    [['tags.missing'], 'infinite none high nan low'],
  ];
  for (const [orderBy, expected] of ORDERED)
    it(`sorts by ${orderBy.join(', ')}`, async () => assert.equal(await names('', orderBy), expected));

  it('pages without gaps or repeats, and takes no tokens but its own', async () => {
    const found: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await search('', ['metrics.loss'], 2, pageToken);
      found.push(...page.items.map(run => run.name));
      pageToken = page.nextPageToken;
    } while (pageToken);
    assert.equal(found.join(' '), 'infinite low high nan none');
    assert.equal((await search('', [], 5)).nextPageToken, undefined);
    await assert.rejects(search('', [], 2, 'garbage'), /Invalid page token/);
  });

  it('gives only the columns asked for', async () => {
    const run = await store.tracking.createRun({
      experimentId,
      name: 'wide',
      tags: [{ key: 'x', value: 'y' }],
    });
    await store.tracking.logBatch(run.id, {
      metrics: ['loss', 'layer/0/norm', 'layer/1/norm'].map(key => ({
        key,
        value: 1,
        step: 0,
        timestamp: 0,
      })),
      params: ['depth', 'batch size'].map(key => ({ key, value: '8' })),
      tags: [],
    });
    const withColumns = async (columns: string[]) => {
      const filter = "run_name = 'wide'";
      const { items } = await store.tracking.searchRuns({
        filter,
        orderBy: [],
        view: 'active',
        limit: 9,
        columns,
      });
      return items.map(({ metrics, params, tags }) => [metrics, params, tags].map(part => Object.keys(part)));
    };
    const columns = ['metrics."layer/1/norm"', 'metrics.absent', 'params.`batch size`', 'tags.x'];
    assert.deepEqual(await withColumns(columns), [[['layer/1/norm'], ['batch size'], ['x']]]);
    assert.deepEqual(await withColumns([]), [[[], [], []]]);
    await assert.rejects(withColumns(['start_time']), /Invalid column 'start_time'/);
    await store.tracking.deleteRun(run.id);
  });

  it('never lets text of a filter become SQL', async () => {
    const key = fc.string({ unit: 'binary' }).filter(text => !text.includes('`'));
    const value = fc.string({ unit: 'binary' }).filter(text => !text.includes("'"));
    const comparator = fc.constantFrom('=', '!=', 'LIKE', 'ILIKE');
    const entity = fc.constantFrom('params', 'tags', 'attributes', 'dataset');
    await fc.assert(
      fc.asyncProperty(entity, key, comparator, value, async (prefix, name, operator, text) => {
        try {
          await search(`${prefix}.\`${name}\` ${operator} '${text}'`, [`${prefix}.\`${name}\``]);
        } catch (error) {
          assert.ok(error instanceof ApiError, String(error));
        }
      }),
      { numRuns: 200 },
    );
    assert.equal((await search('')).items.length, 5);
  });

  it('separates children, roots and the bin', async () => {
    const { tracking } = store;
    const { id } = await tracking.experiments.create({ name: 'families' });
    const parent = await tracking.createRun({ experimentId: id, name: 'parent', tags: [] });
    const child = await tracking.createRun({
      experimentId: id,
      name: 'child',
      tags: [{ key: 'mlflow.parentRunId', value: parent.id }],
    });
    const gone = await tracking.createRun({ experimentId: id, name: 'gone', tags: [] });
    await tracking.deleteRun(gone.id);
    const find = async (part: { parentId?: string | null; view?: 'active' | 'deleted' | 'all' }) =>
      (
        await tracking.searchRuns({
          experimentIds: [id],
          filter: '',
          orderBy: ['run_name'],
          view: 'active',
          limit: 9,
          ...part,
        })
      ).items.map(run => run.name);
    assert.deepEqual(await find({}), ['child', 'parent']);
    assert.deepEqual(await find({ parentId: null }), ['parent']);
    assert.deepEqual(await find({ parentId: parent.id }), ['child']);
    assert.deepEqual(await find({ view: 'deleted' }), ['gone']);
    assert.deepEqual(await find({ view: 'all' }), ['child', 'gone', 'parent']);
    assert.equal((await tracking.getRun(parent.id)).childCount, 1);
    assert.equal((await tracking.getRun(child.id)).parentId, parent.id);
  });
});

describe('searching experiments', () => {
  let store: TestTracking;
  before(async () => {
    store = await openTracking();
    for (const name of ['apple', 'Banana', 'cherry'])
      await store.tracking.experiments.create({ name, tags: [{ key: 'colour', value: name.slice(0, 1) }] });
  });
  after(() => store.close());

  const names = async (filter: string, orderBy: string[] = ['name']) =>
    (await store.tracking.experiments.search({ filter, orderBy, view: 'active', limit: 10 })).items.map(
      experiment => experiment.name,
    );

  it('filters and sorts', async () => {
    assert.deepEqual(await names("name LIKE 'b%'"), []);
    assert.deepEqual(await names("experiment_id IN ('0')"), ['Default']);
    assert.deepEqual(await names("attribute.name ILIKE 'b%'"), ['Banana']);
    assert.deepEqual(await names("tags.colour = 'a'"), ['apple']);
    assert.deepEqual(await names('tag.colour IS NULL'), ['Default']);
    assert.deepEqual(await names('creation_time > 0', ['experiment_id DESC']), [
      'cherry',
      'Banana',
      'apple',
      'Default',
    ]);
  });

  for (const [filter, orderBy] of [
    ["attributes.name = 'x'", []],
    ["experiment_id > '0'", []],
    ['name > 1', []],
    ['', ['tags.colour']],
    ['', ['lifecycle']],
  ] as [string, string[]][])
    it(`refuses ${filter} ${orderBy}`, async () => {
      await assert.rejects(names(filter, orderBy), { code: 'INVALID_PARAMETER_VALUE' });
    });
});
