/** From a scoring request to a session's input tensors, and from its output tensors to predictions. */
import { Tensor } from 'onnxruntime-node';
import { ApiError } from '../../contract/errors.ts';
import type { Cell, Invocation, Nested } from '../protocol.ts';

/** An input that a session wants. */
export interface InputSpec {
  readonly name: string;
  readonly type: Tensor.Type;
  /** A text names a dimension that is free. */
  readonly shape: readonly (number | string)[];
}

type Feeds = Record<string, Tensor>;

function bad(message: string): ApiError {
  return new ApiError('BAD_REQUEST', message);
}

/**
 * Makes the input tensors.
 *
 * A table feeds each input from the column of its name; a session with a single matrix gets all columns side by side,
 * in the order of `columns` (the model's signature) where that is known, else as they were sent.
 *
 * @throws ApiError BAD_REQUEST that names the column or input, what it holds and what it should
 */
export function toFeeds(
  invocation: Invocation,
  inputs: readonly InputSpec[],
  columns: readonly string[],
): Feeds {
  return invocation.kind === 'table'
    ? tableFeeds(invocation, inputs, columns)
    : tensorFeeds(invocation.tensors, inputs);
}

type Table = Extract<Invocation, { kind: 'table' }>;

function tableFeeds(table: Table, inputs: readonly InputSpec[], columns: readonly string[]): Feeds {
  const [only] = inputs;
  if (inputs.length === 1 && only && !table.columns.includes(only.name))
    return matrixFeed(table, only, columns);
  requireColumns(
    table,
    inputs.map(input => input.name),
  );
  return Object.fromEntries(
    inputs.map(input => {
      const index = table.columns.indexOf(input.name);
      const cells = table.rows.map(row => row[index] ?? null);
      const shape = input.shape.length > 1 ? [cells.length, 1] : [cells.length];
      return [input.name, makeTensor(input, cells, shape)];
    }),
  );
}

function matrixFeed(table: Table, input: InputSpec, signature: readonly string[]): Feeds {
  const order = signature.length > 0 ? signature : table.columns;
  requireColumns(table, order);
  const width = input.shape[1];
  if (typeof width === 'number' && width !== order.length)
    throw bad(`The model takes ${width} columns; got ${order.length}: ${order.join(', ')}.`);
  const indices = order.map(column => table.columns.indexOf(column));
  const cells = table.rows.flatMap(row => indices.map(index => row[index] ?? null));
  return { [input.name]: makeTensor(input, cells, [table.rows.length, order.length]) };
}

function requireColumns(table: Table, wanted: readonly string[]): void {
  const lacking = wanted.filter(column => !table.columns.includes(column));
  if (lacking.length > 0) {
    throw bad(
      `The model needs the columns ${wanted.join(', ')}; missing: ${lacking.join(', ')}; got: ${table.columns.join(', ')}.`,
    );
  }
}

function tensorFeeds(tensors: ReadonlyMap<string, Nested>, inputs: readonly InputSpec[]): Feeds {
  const names = inputs.map(input => input.name);
  const unknown = [...tensors.keys()].find(name => name !== '' && !names.includes(name));
  if (unknown !== undefined)
    throw bad(`The model has no input "${unknown}"; its inputs are ${names.join(', ')}.`);
  if (tensors.has('') && inputs.length !== 1)
    throw bad(
      `The model has several inputs: send {"inputs": {${names.map(name => `"${name}": […]`).join(', ')}}}.`,
    );
  return Object.fromEntries(
    inputs.map(input => {
      const nested = tensors.get(input.name) ?? tensors.get('');
      if (nested === undefined)
        throw bad(`The input "${input.name}" is missing; the inputs are ${names.join(', ')}.`);
      const shape = shapeOf(nested);
      const cells: Cell[] = [];
      flatten(nested, shape, 0, input.name, cells);
      return [input.name, makeTensor(input, cells, shape)];
    }),
  );
}

function shapeOf(nested: Nested): number[] {
  const shape: number[] = [];
  for (let level: Nested | undefined = nested; Array.isArray(level); level = level[0])
    shape.push(level.length);
  return shape;
}

function flatten(nested: Nested, shape: readonly number[], depth: number, name: string, into: Cell[]): void {
  const length = shape[depth];
  if (length === undefined) {
    if (typeof nested === 'object' && nested !== null)
      throw bad(`The input "${name}" is ragged: lists of one level must have one length.`);
    into.push(nested);
    return;
  }
  if (!Array.isArray(nested) || nested.length !== length)
    throw bad(`The input "${name}" is ragged: lists of one level must have one length.`);
  for (const part of nested) flatten(part, shape, depth + 1, name, into);
}

/** How the values of a tensor type are made; undefined = the value does not fit. */
const converters: Partial<Record<Tensor.Type, (cells: readonly Cell[], read: Reader) => Tensor.DataType>> = {
  float32: (cells, read) => Float32Array.from(cells, read(toFloat)),
  float64: (cells, read) => Float64Array.from(cells, read(toFloat)),
  int8: (cells, read) => Int8Array.from(cells, read(toInteger(-128, 127))),
  uint8: (cells, read) => Uint8Array.from(cells, read(toInteger(0, 255))),
  int16: (cells, read) => Int16Array.from(cells, read(toInteger(-32_768, 32_767))),
  uint16: (cells, read) => Uint16Array.from(cells, read(toInteger(0, 65_535))),
  int32: (cells, read) => Int32Array.from(cells, read(toInteger(-(2 ** 31), 2 ** 31 - 1))),
  uint32: (cells, read) => Uint32Array.from(cells, read(toInteger(0, 2 ** 32 - 1))),
  int64: (cells, read) => BigInt64Array.from(cells, read(toBigInt)),
  uint64: (cells, read) => BigUint64Array.from(cells, read(toBigInt)),
  bool: (cells, read) => Uint8Array.from(cells, read(toBoolean)),
  string: (cells, read) => Array.from(cells, read(toText)) as string[],
};

type Reader = <T>(convert: (cell: Cell) => T | undefined) => (cell: Cell, index: number) => T;

function makeTensor(input: InputSpec, cells: readonly Cell[], shape: readonly number[]): Tensor {
  const make = converters[input.type];
  if (!make) throw bad(`The input "${input.name}" is of type ${input.type}, which requests cannot carry.`);
  const read: Reader = convert => (cell, index) => {
    const value = convert(cell);
    if (value === undefined)
      throw bad(
        `The input "${input.name}" is of type ${input.type}; value ${index} is ${JSON.stringify(cell)}.`,
      );
    return value;
  };
  return new Tensor(input.type, make(cells, read), shape);
}

/** Texts are taken as numbers because CSV knows only texts; null is "not a number", as in pandas. */
function toFloat(cell: Cell): number | undefined {
  if (typeof cell === 'number') return cell;
  if (cell === null || cell === 'NaN') return Number.NaN;
  if (typeof cell === 'boolean') return Number(cell);
  const number = Number(cell);
  return cell.trim() === '' || Number.isNaN(number) ? undefined : number;
}

function toInteger(min: number, max: number): (cell: Cell) => number | undefined {
  return cell => {
    const number = cell === null ? Number.NaN : toFloat(cell);
    return number !== undefined && Number.isInteger(number) && number >= min && number <= max
      ? number
      : undefined;
  };
}

function toBigInt(cell: Cell): bigint | undefined {
  if (typeof cell === 'string') return /^[+-]?\d{1,20}$/.test(cell) ? BigInt(cell) : undefined;
  const number = cell === null ? undefined : toFloat(cell);
  return Number.isSafeInteger(number) ? BigInt(number as number) : undefined;
}

function toBoolean(cell: Cell): number | undefined {
  const known: readonly Cell[] = ['false', 'False', false, 0, '0', 'true', 'True', true, 1, '1'];
  const index = known.indexOf(cell);
  return index < 0 ? undefined : Number(index >= known.length / 2);
}

function toText(cell: Cell): string | undefined {
  return cell === null ? undefined : String(cell);
}

/**
 * Predictions in MLflow's shape: a table is answered by one `{output: value}` per row, tensors by `{output: tensor}`.
 */
export function toPredictions(kind: Invocation['kind'], outputs: Readonly<Record<string, Tensor>>): unknown {
  const tensors = Object.entries(outputs).map(([name, tensor]) => [name, nest(tensor)] as const);
  if (kind === 'tensors') return Object.fromEntries(tensors);
  const rows = Math.max(...Object.values(outputs).map(tensor => tensor.dims[0] ?? 1));
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      tensors.map(([name, values]) => [name, single(Array.isArray(values) ? values[row] : values)]),
    ),
  );
}

/** A column of a table stands for its value. */
function single(value: unknown): unknown {
  return Array.isArray(value) && value.length === 1 ? single(value[0]) : value;
}

function nest(tensor: Tensor): unknown {
  const values = Array.from(tensor.data as ArrayLike<unknown>, jsonValue(tensor.type));
  return tensor.dims.length === 0 ? values[0] : nestFrom(values, tensor.dims);
}

function nestFrom(values: unknown[], dims: readonly number[]): unknown[] {
  const [, ...inner] = dims;
  if (inner.length === 0) return values;
  const size = inner.reduce((product, length) => product * length, 1);
  return Array.from({ length: dims[0] ?? 0 }, (_, index) =>
    nestFrom(values.slice(index * size, (index + 1) * size), inner),
  );
}

/** Integers beyond what JSON readers hold exactly travel as text. */
function jsonValue(type: Tensor.Type): (value: unknown) => unknown {
  if (type === 'bool') return value => value === 1 || value === true;
  return value =>
    typeof value === 'bigint' ? (Number.isSafeInteger(Number(value)) ? Number(value) : String(value)) : value;
}
