import assert from 'node:assert/strict';
import { linearModel, onnxModel } from '../../support/onnx.ts';
import { type ServingFixture, servingFixture } from '../../support/serving.ts';

const ROWS = [
  [1, 2],
  [3, 4],
];
/** What `linearModel([10, 1])` makes of ROWS. */
const PREDICTIONS = [{ prediction: 12 }, { prediction: 34 }];

describe('serving an ONNX model', () => {
  let serving: ServingFixture;
  beforeEach(() => {
    serving = servingFixture();
    serving.add('linear', { 'model.onnx': linearModel([10, 1]) });
  });
  afterEach(() => serving.close());

  it('answers a table with one record a row, in each of its forms', async () => {
    const split = { dataframe_split: { columns: ['a', 'b'], data: ROWS } };
    const records = { dataframe_records: ROWS.map(([a, b]) => ({ a, b })) };
    for (const request of [split, records]) {
      assert.deepEqual(await serving.predict('linear', request), {
        status: 200,
        body: { predictions: PREDICTIONS },
      });
    }
  });

  it('answers CSV', async () => {
    const csv = Buffer.from('a,"b"\r\n1,2\r\n3,"4"\r\n');
    const answer = await serving.service.predict(
      'linear',
      { version: 1 },
      'text/csv; charset=utf-8',
      csv,
      true,
    );
    assert.deepEqual(JSON.parse(answer.body.toString()), { predictions: PREDICTIONS });
  });

  it('answers tensors with tensors', async () => {
    for (const request of [{ inputs: ROWS }, { inputs: { features: ROWS } }, { instances: ROWS }]) {
      const { body } = await serving.predict('linear', request);
      assert.deepEqual(body, { predictions: { prediction: [[12], [34]] } });
    }
  });

  it('orders columns by the signature, whatever order they come in', async () => {
    const MLmodel = [
      'flavors:',
      '  onnx: {data: net/weights.bin}',
      '  python_function: {loader_module: mlflow.onnx}',
      'signature:',
      `  inputs: '[{"type": "double", "name": "a"}, {"type": "double", "name": "b"}]'`,
    ].join('\n');
    serving.add('signed', { MLmodel, 'net/weights.bin': linearModel([10, 1]) });
    const { body } = await serving.predict('signed', { dataframe_records: [{ b: 2, extra: 'x', a: 1 }] });
    assert.deepEqual(body, { predictions: [{ prediction: 12 }] });

    const lacking = await serving.predict('signed', { dataframe_records: [{ b: 2 }] });
    assert.equal(lacking.status, 400);
    assert.match((lacking.body as { message: string }).message, /missing: a; got: b/);
  });

  it('feeds each input of several from the column of its name', async () => {
    const model = onnxModel({
      inputs: [
        { name: 'price', shape: [null, 1] },
        { name: 'amount', shape: [null, 1] },
      ],
      outputs: [{ name: 'revenue', shape: [null, 1] }],
      nodes: [{ op: 'Mul', inputs: ['price', 'amount'], output: 'revenue' }],
    });
    serving.add('revenue', { 'model.onnx': model });
    const { body } = await serving.predict('revenue', { dataframe_records: [{ amount: 3, price: 2 }] });
    assert.deepEqual(body, { predictions: [{ revenue: 6 }] });
    const rows = await serving.predict('revenue', { instances: [{ amount: [3], price: [2] }] });
    assert.deepEqual(rows.body, { predictions: { revenue: [[6]] } });
  });

  it('refuses what it cannot take, says why, and goes on', async () => {
    const refused: [unknown, RegExp][] = [
      [[{ a: 1 }], /exactly one of the fields .* got a bare list/],
      [{ rows: [] }, /got rows/],
      [{ inputs: ROWS, instances: ROWS }, /exactly one of the fields/],
      [{ dataframe_split: { columns: ['a', 'b'], data: [[1]] } }, /data\[0\] must be a list of 2 values/],
      [{ dataframe_records: [{ a: 1, b: 'two' }] }, /type float32; value 1 is "two"/],
      [{ dataframe_records: [{ a: 1, b: { c: 2 } }] }, /Row 0 holds/],
      [{ dataframe_records: [{ a: 1, b: 2, c: 3 }] }, /takes 2 columns; got 3: a, b, c/],
      [{ inputs: { feature: ROWS } }, /no input "feature"; its inputs are features/],
      [{ inputs: [[1, 2], [3]] }, /ragged/],
      [{ inputs: [[1, 2, 3]] }, /refused the input/],
    ];
    for (const [request, message] of refused) {
      const { status, body } = await serving.predict('linear', request);
      assert.equal(status, 400, JSON.stringify(request));
      assert.equal((body as { error_code: string }).error_code, 'BAD_REQUEST');
      assert.match((body as { message: string }).message, message);
    }
    const xml = await serving.service.predict(
      'linear',
      { version: 1 },
      'text/xml',
      Buffer.from('<a/>'),
      true,
    );
    assert.equal(xml.status, 415);
    assert.equal((await serving.predict('linear', { inputs: ROWS })).status, 200);
  });

  it('serves two versions at once, and a promotion at the next request', async () => {
    serving.add('linear', { 'model.onnx': linearModel([2, 2]) }, 'Staging');
    const request = { inputs: [[1, 2]] };
    const [first, second] = await Promise.all([
      serving.predict('linear', request, { version: 1 }),
      serving.predict('linear', request, { stage: 'Staging' }),
    ]);
    assert.deepEqual(first.body, { predictions: { prediction: [[12]] } });
    assert.deepEqual(second.body, { predictions: { prediction: [[6]] } });
    const [endpoint] = await serving.service.endpoints();
    assert.deepEqual(endpoint?.processes.map(process => [process.version, process.state]).sort(), [
      [1, 'ready'],
      [2, 'ready'],
    ]);

    serving.add('linear', { 'model.onnx': linearModel([0, 1]) }, 'Production');
    const { body } = await serving.predict('linear', request);
    assert.deepEqual(body, { predictions: { prediction: [[2]] } });
  });

  it('names what is wrong with a model that cannot be served', async () => {
    serving.add('pickled', { 'model.pkl': 'x' });
    await assert.rejects(
      serving.predict('pickled', { inputs: ROWS }),
      /it has no flavour; log it as an MLflow model/,
    );
    serving.add('bomb', { MLmodel: 'a: &a [x]\nflavors: {sklearn: *a}' });
    await assert.rejects(serving.predict('bomb', { inputs: ROWS }), /MLmodel file cannot be read/);
    serving.add('outside', { MLmodel: 'flavors: {onnx: {data: ../../linear/1/model.onnx}}' });
    await assert.rejects(serving.predict('outside', { inputs: ROWS }), /no file in its folder/);
  });
});
