import assert from 'node:assert/strict';
import { onnxPreview } from '../../../extension/panels/onnx-preview.ts';
import { parquetPreview } from '../../../extension/panels/parquet-preview.ts';
import { linearModel } from '../../support/onnx.ts';
import { SMALL_PARQUET } from '../../support/parquet.ts';

describe('the preview of a Parquet file', () => {
  const fileOf = (content: Buffer) => ({
    byteLength: content.length,
    slice: async (start: number, end = content.length) => new Uint8Array(content.subarray(start, end)).buffer,
  });

  it('shows its columns and first rows, and says how many there are', async () => {
    assert.deepEqual(await parquetPreview(fileOf(SMALL_PARQUET)), {
      kind: 'table',
      header: ['store', 'promo'],
      rows: [
        ['1', 'yes'],
        ['2', 'no'],
        ['3', ''],
      ],
      rowCount: 3,
      cut: false,
    });
  });

  it('says that what only has its name is none', async () => {
    await assert.rejects(parquetPreview(fileOf(Buffer.from('not a table at all'))), /parquet/i);
  });
});

describe('the preview of an ONNX model', () => {
  it('names inputs, outputs, operators and the number of parameters', () => {
    const preview = onnxPreview(linearModel([1, 2, 3]));
    assert.ok(preview.kind === 'summary');
    const facts = Object.fromEntries(preview.facts);
    assert.equal(facts.Opset, 'ai.onnx 13');
    assert.equal(facts.Parameters, '3');
    assert.equal(facts.Nodes, '1: MatMul');
    assert.deepEqual(
      preview.tables.map(({ rows }) => rows),
      [[['features', 'float', 'rows × 3']], [['prediction', 'float', 'rows × 1']]],
    );
  });

  it('does not go on over the end of a file that is cut, wherever', () => {
    const model = linearModel([1, 2]);
    for (let length = 0; length < model.length - 8; length += 1)
      assert.throws(() => onnxPreview(model.subarray(0, length)), /The file/);
  });
});
