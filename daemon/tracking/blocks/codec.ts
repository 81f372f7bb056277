/**
 * The bytes of a block of metric points.
 *
 * First byte: 0 = the rest is as described, 1 = it is deflated. Then: the number of points (u32, little endian), steps,
 * timestamps, values.
 *
 * Integers: a byte 1 and, in variable length with the sign in the lowest bit, the first, the first difference, and then
 * how much each difference differs from the one before it: 0 for an even pace. Or a byte 0 and doubles, where a
 * difference is too large.
 *
 * Values: doubles, all their lowest bytes first, then all the second ones, and so on: signs, exponents and leading digits
 * are much alike within a metric, and stand side by side this way.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type Columns, emptyColumns } from './columns.ts';

const PLAIN = 0;
const DEFLATED = 1;

const DOUBLES = 0;
const PACES = 1;

/** Up to here, sums of two numbers and twice a number plus one are exact. */
const LARGEST_PACE = 2 ** 51;

/** Bytes of such a number in variable length. */
const LONGEST_PACE = 8;

const HEADER = 4;

/** Where this machine has the bytes of a double, from the lowest to the highest. */
const BYTES =
  new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? [0, 1, 2, 3, 4, 5, 6, 7] : [7, 6, 5, 4, 3, 2, 1, 0];

/** @param deflate smaller, at several times the cost */
export function encodeColumns(columns: Columns, deflate: boolean): Buffer {
  const count = columns.steps.length;
  const body = Buffer.allocUnsafe(1 + HEADER + 2 * (1 + count * LONGEST_PACE) + count * 8);
  body[0] = PLAIN;
  body.writeUInt32LE(count, 1);
  let end = writeIntegers(body, 1 + HEADER, columns.steps);
  end = writeIntegers(body, end, columns.timestamps);
  end = writeDoubles(body, end, columns.values);
  if (!deflate) return body.subarray(0, end);
  // The fastest level: the better ones save a hundredth.
  return Buffer.concat([Buffer.of(DEFLATED), deflateRawSync(body.subarray(1, end), { level: 1 })]);
}

/** @throws Error when the bytes are not those of a block */
export function decodeColumns(bytes: Uint8Array): Columns {
  const [format] = bytes;
  if (format !== PLAIN && format !== DEFLATED) throw damaged(`format ${format}`);
  const rest = bytes.subarray(1);
  const body =
    format === DEFLATED ? inflateRawSync(rest) : Buffer.from(rest.buffer, rest.byteOffset, rest.length);
  const count = body.readUInt32LE(0);
  if (count > body.length) throw damaged(`${count} points in ${body.length} bytes`);
  const columns = emptyColumns(count);
  let end = readIntegers(body, HEADER, columns.steps);
  end = readIntegers(body, end, columns.timestamps);
  end = readDoubles(body, end, columns.values);
  if (end !== body.length) throw damaged(`${body.length} bytes, where ${end} were expected`);
  return columns;
}

function damaged(what: string): Error {
  return new Error(`a block of metric points is damaged: ${what}`);
}

/** @returns where the next column begins */
function writeIntegers(body: Buffer, start: number, column: Float64Array): number {
  let end = start + 1;
  let before = 0;
  let pace = 0;
  for (const number of column) {
    const difference = number - before;
    const change = difference - pace;
    if (Math.abs(difference) > LARGEST_PACE || Math.abs(change) > LARGEST_PACE) {
      body[start] = DOUBLES;
      return writeDoubles(body, start + 1, column);
    }
    let left = change < 0 ? -2 * change - 1 : 2 * change;
    while (left >= 128) {
      body[end] = (left % 128) + 128;
      left = Math.floor(left / 128);
      end += 1;
    }
    body[end] = left;
    end += 1;
    before = number;
    pace = difference;
  }
  body[start] = PACES;
  return end;
}

/** @returns where the next column begins */
function readIntegers(body: Buffer, start: number, column: Float64Array): number {
  if (body[start] === DOUBLES) return readDoubles(body, start + 1, column);
  if (body[start] !== PACES) throw damaged(`a column of kind ${body[start]}`);
  let end = start + 1;
  let number = 0;
  let pace = 0;
  for (let place = 0; place < column.length; place += 1) {
    let byte = body[end++] as number;
    let change = byte % 128;
    for (let unit = 128; byte >= 128; unit *= 128) {
      byte = body[end++] as number;
      change += (byte % 128) * unit;
    }
    pace += change % 2 === 0 ? change / 2 : -(change + 1) / 2;
    number += pace;
    column[place] = number;
  }
  if (end > body.length) throw damaged('it ends too early');
  return end;
}

function writeDoubles(body: Buffer, start: number, column: Float64Array): number {
  const count = column.length;
  const bytes = new Uint8Array(column.buffer, column.byteOffset, count * 8);
  for (const [plane, byte] of BYTES.entries())
    for (let place = 0; place < count; place += 1)
      body[start + plane * count + place] = bytes[place * 8 + byte] as number;
  return start + count * 8;
}

function readDoubles(body: Buffer, start: number, column: Float64Array): number {
  const count = column.length;
  if (start + count * 8 > body.length) throw damaged('it ends too early');
  const bytes = new Uint8Array(column.buffer, column.byteOffset, count * 8);
  for (const [plane, byte] of BYTES.entries())
    for (let place = 0; place < count; place += 1)
      bytes[place * 8 + byte] = body[start + plane * count + place] as number;
  return start + count * 8;
}
