import assert from 'node:assert/strict';
import fc from 'fast-check';
import { decodeColumns, encodeColumns } from '../../../daemon/tracking/blocks/codec.ts';
import {
  type Columns,
  compareKeys,
  type Key,
  keyAt,
  mergeColumns,
  toColumns,
} from '../../../daemon/tracking/blocks/columns.ts';
import {
  decodeRollups,
  encodeRollups,
  rollUp,
  STRETCH,
  stretchesOf,
} from '../../../daemon/tracking/blocks/rollup.ts';

const FAR = Number.MAX_SAFE_INTEGER;

const step = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer(),
  fc.constantFrom(FAR, -FAR, 0),
  fc.maxSafeInteger(),
);
const timestamp = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom(0, FAR), fc.maxSafeNat());
const value = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -0, 0, Infinity, -Infinity, 5e-324, Number.MAX_VALUE),
);
const point: fc.Arbitrary<Key> = fc.record({ step, timestamp, value });

function columnsOf(points: readonly Key[]): Columns {
  return {
    steps: Float64Array.from(points, ({ step }) => step),
    timestamps: Float64Array.from(points, ({ timestamp }) => timestamp),
    values: Float64Array.from(points, ({ value }) => value),
  };
}

describe('blocks of metric points', () => {
  for (const deflate of [false, true])
    it(`come back to the bit ${deflate ? 'when compressed' : 'when not compressed'}`, () => {
      fc.assert(
        fc.property(fc.array(point, { maxLength: 300 }), points => {
          const columns = columnsOf(points);
          assert.deepEqual(decodeColumns(encodeColumns(columns, deflate)), columns);
        }),
        { numRuns: 500 },
      );
    });

  it('take few bytes for what training logs', () => {
    const count = 4096;
    const bytes = (make: (place: number) => number) => {
      const points = Array.from({ length: count }, (_, place) => ({
        step: place,
        timestamp: 1_790_000_000_000 + 50 * place + (place % 7),
        value: make(place),
      }));
      return encodeColumns(toColumns(points), true).length / count;
    };
    const random = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { numRuns: count, seed: 1 });
    const noise = (place: number) => random[place] as number;
    assert.ok(bytes(() => 0.001) < 1);
    assert.ok(bytes(place => place) < 2);
    assert.ok(bytes(place => Math.fround(Math.exp(-place / 1000) + noise(place) / 20)) < 5);
    assert.ok(bytes(place => Math.exp(-place / 1000) + noise(place) / 20) < 9);
  });

  it('are refused when they are damaged', () => {
    const bytes = encodeColumns(columnsOf([{ step: 1, timestamp: 2, value: 3 }]), false);
    for (const broken of [
      new Uint8Array(),
      Uint8Array.of(9, ...bytes.subarray(1)),
      bytes.subarray(0, -1),
      Buffer.concat([bytes, Buffer.of(0)]),
      encodeColumns(columnsOf([{ step: 1, timestamp: 2, value: 3 }]), true).subarray(0, -3),
    ])
      assert.throws(() => decodeColumns(broken), Error);
  });

  it('are merged in the order of step, timestamp and value', () => {
    fc.assert(
      fc.property(fc.array(fc.array(point, { maxLength: 20 }), { maxLength: 4 }), parts => {
        const merged = mergeColumns(parts.map(part => columnsOf([...part].sort(compareKeys))));
        const points = Array.from(merged.steps, (_, place) => keyAt(merged, place));
        assert.equal(points.length, parts.flat().length);
        for (const [place, key] of points.entries())
          if (place > 0) assert.ok(compareKeys(points[place - 1] as Key, key) <= 0);
      }),
    );
  });

  it('come to what all their points come to, in stretches too', () => {
    fc.assert(
      fc.property(fc.array(point, { minLength: 1, maxLength: 4 * STRETCH }), points => {
        const ordered = columnsOf([...points].sort(compareKeys));
        const whole = rollUp(ordered, 0, points.length);
        const numbers = points.map(({ value }) => value).filter(number => !Number.isNaN(number));
        assert.equal(whole.count, points.length);
        assert.equal(whole.numbers, numbers.length);
        if (numbers.length > 0)
          assert.ok(numbers.every(number => whole.min <= number && number <= whole.max));
        const stretches = decodeRollups(encodeRollups(stretchesOf(ordered)));
        assert.equal(
          stretches.reduce((total, { count }) => total + count, 0),
          points.length,
        );
        assert.deepEqual([stretches.at(-1)?.step, stretches.at(-1)?.value], [whole.step, whole.value]);
      }),
    );
  });
});
