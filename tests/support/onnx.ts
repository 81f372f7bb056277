/** Small ONNX models, written field by field as the protobuf of onnx.proto, so that tests can also make broken ones. */

const FLOAT = 1;
const OPSET = 13;
const IR_VERSION = 8;
const EXTERNAL = 1;

type Field = readonly [number: number, value: number | string | Uint8Array];

/** An input or output: a float tensor; null = a dimension that is free. */
export interface Value {
  readonly name: string;
  readonly shape: readonly (number | null)[];
}

/** A constant: its values, or the file that holds them. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly number[] | { readonly location: string };
}

/** What a model computes. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants?: readonly Constant[];
  readonly nodes: readonly {
    readonly op: string;
    readonly inputs: readonly string[];
    readonly output: string;
  }[];
}

/** The bytes of an ONNX file. */
export function onnxModel({ inputs, outputs, constants = [], nodes }: Graph): Buffer {
  const graph = message([
    ...nodes.map(
      ({ op, inputs, output }): Field => [
        1,
        message([...inputs.map((input): Field => [1, input]), [2, output], [4, op]]),
      ],
    ),
    [2, 'graph'],
    ...constants.map((constant): Field => [5, tensor(constant)]),
    ...inputs.map((value): Field => [11, valueInfo(value)]),
    ...outputs.map((value): Field => [12, valueInfo(value)]),
  ]);
  return message([
    [1, IR_VERSION],
    [7, graph],
    [
      8,
      message([
        [1, ''],
        [2, OPSET],
      ]),
    ],
  ]);
}

/** `prediction = features · weights`: one row of features in, one number out. */
export function linearModel(weights: readonly number[]): Buffer {
  return onnxModel({
    inputs: [{ name: 'features', shape: [null, weights.length] }],
    outputs: [{ name: 'prediction', shape: [null, 1] }],
    constants: [{ name: 'weights', shape: [weights.length, 1], data: weights }],
    nodes: [{ op: 'MatMul', inputs: ['features', 'weights'], output: 'prediction' }],
  });
}

/** A model that answers with the floats of a file beside it, or elsewhere: what a hostile model would do. */
export function externalDataModel(location: string, length: number): Buffer {
  return onnxModel({
    inputs: [{ name: 'features', shape: [length] }],
    outputs: [{ name: 'prediction', shape: [length] }],
    constants: [{ name: 'weights', shape: [length], data: { location } }],
    nodes: [{ op: 'Add', inputs: ['features', 'weights'], output: 'prediction' }],
  });
}

function tensor({ name, shape, data }: Constant): Buffer {
  const content: Field[] =
    'location' in data
      ? [
          [
            13,
            message([
              [1, 'location'],
              [2, data.location],
            ]),
          ],
          [14, EXTERNAL],
        ]
      : [[9, new Uint8Array(Float32Array.from(data).buffer)]];
  return message([...shape.map((length): Field => [1, length]), [2, FLOAT], [8, name], ...content]);
}

function valueInfo({ name, shape }: Value): Buffer {
  const dimensions = shape.map(
    (length): Field => [1, message([length === null ? [2, 'rows'] : [1, length]])],
  );
  const type = message([
    [
      1,
      message([
        [1, FLOAT],
        [2, message(dimensions)],
      ]),
    ],
  ]);
  return message([
    [1, name],
    [2, type],
  ]);
}

function message(fields: readonly Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([number, value]) => encodeField(number, value)));
}

function encodeField(number: number, value: number | string | Uint8Array): Buffer[] {
  if (typeof value === 'number') return [varint(number << 3), varint(value)];
  const bytes = Buffer.from(value as Uint8Array);
  return [varint((number << 3) | 2), varint(bytes.length), bytes];
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}
