/**
 * What the end of a Parquet file says of it. The format is that of apache/parquet-format: a footer, `FileMetaData`, in Thrift's
 * compact protocol, its length in four bytes, and `PAR1`.
 */
import type { DataField } from '../contract/lineage.ts';

const MAGIC = 'PAR1';
/** Length and magic. */
const TAIL_BYTES = 8;
/** Nested deeper, it is no footer. */
const MAX_DEPTH = 20;

/** Thrift's compact types. */
const T = {
  true: 1,
  false: 2,
  i8: 3,
  i16: 4,
  i32: 5,
  i64: 6,
  double: 7,
  binary: 8,
  list: 9,
  set: 10,
  map: 11,
  struct: 12,
};

type Value = number | string | boolean | Value[] | Struct | null;
type Struct = Map<number, Value>;

const PHYSICAL = ['boolean', 'int32', 'int64', 'int96', 'float', 'double', 'binary', 'binary'];
/** Converted types that people know by another name than the physical one. */
const CONVERTED: Readonly<Record<number, string>> = {
  0: 'string',
  5: 'decimal',
  6: 'date',
  9: 'timestamp',
  10: 'timestamp',
};

/** How many bytes before the end the footer begins; undefined when the end is not that of a Parquet file. */
export function footerLength(tail: Buffer): number | undefined {
  if (tail.length < TAIL_BYTES || tail.toString('latin1', tail.length - 4) !== MAGIC) return undefined;
  return tail.readUInt32LE(tail.length - TAIL_BYTES) + TAIL_BYTES;
}

/** @param footer from where it begins. @throws Error when it is not as the format has it */
export function readFooter(footer: Buffer): { rows: number; schema: DataField[] } {
  const meta = new Compact(footer).struct(0);
  const elements = meta.get(2);
  const rows = meta.get(3);
  if (!Array.isArray(elements) || typeof rows !== 'number') throw new Error('no footer of Parquet');
  return { rows, schema: columnsOf(elements.filter(each => each instanceof Map)) };
}

/** The columns at the top: groups have their parts after them. */
function columnsOf(elements: readonly Struct[]): DataField[] {
  const columns: DataField[] = [];
  for (let at = 1; at < elements.length; at = endOf(elements, at)) {
    const element = elements[at];
    if (element) columns.push({ name: String(element.get(4) ?? ''), type: typeOf(element) });
  }
  return columns;
}

/** Where what follows an element and its parts begins. */
function endOf(elements: readonly Struct[], at: number): number {
  let open = 1;
  let next = at;
  while (open > 0 && next < elements.length) {
    open += Number(elements[next]?.get(5) ?? 0) - 1;
    next += 1;
  }
  return next;
}

function typeOf(element: Struct): string {
  if (Number(element.get(5) ?? 0) > 0) return 'group';
  return CONVERTED[Number(element.get(6) ?? -1)] ?? PHYSICAL[Number(element.get(1))] ?? '';
}

/** Reads values of Thrift's compact protocol one after the other. */
class Compact {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  struct(depth: number): Struct {
    if (depth > MAX_DEPTH) throw new Error('nested too deep');
    const found: Struct = new Map();
    for (let id = 0; ; ) {
      const head = this.#byte();
      if (head === 0) return found;
      const delta = head >> 4;
      id = delta === 0 ? this.#zigzag() : id + delta;
      found.set(id, this.#value(head & 0x0f, depth));
    }
  }

  #value(type: number, depth: number): Value {
    switch (type) {
      case T.true:
        return true;
      case T.false:
        return false;
      case T.i8:
        return this.#byte();
      case T.i16:
      case T.i32:
      case T.i64:
        return this.#zigzag();
      case T.double:
        this.#at += 8;
        return null;
      case T.binary:
        return this.#binary();
      case T.list:
      case T.set:
        return this.#list(depth);
      case T.struct:
        return this.struct(depth + 1);
      default:
        throw new Error(`type ${type} is in no footer of Parquet`);
    }
  }

  #list(depth: number): Value[] {
    const head = this.#byte();
    const short = head >> 4;
    const length = short === 15 ? this.#varint() : short;
    // Each element takes a byte at least.
    if (length > this.#bytes.length) throw new Error('longer than the footer');
    return Array.from({ length }, () => this.#element(head & 0x0f, depth));
  }

  /** In lists, booleans have a byte of their own. */
  #element(type: number, depth: number): Value {
    return type === T.true || type === T.false ? this.#byte() === T.true : this.#value(type, depth + 1);
  }

  #binary(): string {
    const length = this.#varint();
    const from = this.#at;
    this.#at += length;
    if (this.#at > this.#bytes.length) throw new Error('longer than the footer');
    return this.#bytes.toString('utf8', from, this.#at);
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #varint(): number {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = this.#byte();
      value += (byte & 0x7f) * shift;
      if (byte < 0x80) return value;
      if (shift > 2 ** 63) throw new Error('a number without an end');
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error('shorter than it says');
    this.#at += 1;
    return byte;
  }
}
