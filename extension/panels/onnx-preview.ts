/** What an ONNX file says of its model, read off the protobuf of onnx.proto: nothing of it is loaded or run. */
import type { Preview } from '../../daemon/contract/messages.ts';

/** Fields of onnx.proto's messages that are read. */
const MODEL = { irVersion: 1, producer: 2, producerVersion: 3, graph: 7, opset: 8 } as const;
const OPSET = { domain: 1, version: 2 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12 } as const;
const NODE = { operator: 4 } as const;
const TENSOR = { dimension: 1 } as const;
const VALUE = { name: 1, type: 2 } as const;
const TYPE = { tensor: 1 } as const;
const TENSOR_TYPE = { element: 1, shape: 2 } as const;
const SHAPE = { dimension: 1 } as const;
const DIMENSION = { value: 1, name: 2 } as const;
const INITIALIZER_NAME = 8;

/** `TensorProto.DataType`, by its number. */
const ELEMENTS = [
  ...['undefined', 'float', 'uint8', 'int8', 'uint16', 'int16', 'int32', 'int64', 'string', 'bool'],
  ...['float16', 'double', 'uint32', 'uint64', 'complex64', 'complex128', 'bfloat16'],
];

type Field = bigint | Buffer;
type Message = ReadonlyMap<number, readonly Field[]>;

/** @throws Error when it is no protobuf */
export function onnxPreview(content: Buffer): Preview {
  const model = read(content);
  const graph = read(bytes(model, MODEL.graph));
  const initializers = all(graph, GRAPH.initializer);
  const constants = new Set(initializers.map(each => text(each, INITIALIZER_NAME)));
  const inputs = all(graph, GRAPH.input).filter(value => !constants.has(text(value, VALUE.name)));
  const operators = all(graph, GRAPH.node).map(node => text(node, NODE.operator));
  if (operators.length === 0) throw new Error('The file has no graph.');
  return {
    kind: 'summary',
    facts: [
      ['Made by', `${text(model, MODEL.producer)} ${text(model, MODEL.producerVersion)}`.trim()],
      ['Opset', all(model, MODEL.opset).map(opsetName).join(', ')],
      ['IR version', String(number(model, MODEL.irVersion))],
      ['Parameters', initializers.reduce((sum, each) => sum + sizeOf(each), 0).toLocaleString()],
      ['Nodes', `${operators.length.toLocaleString()}: ${counts(operators)}`],
    ],
    tables: [
      { title: 'Inputs', header: ['Name', 'Type', 'Shape'], rows: inputs.map(valueRow) },
      { title: 'Outputs', header: ['Name', 'Type', 'Shape'], rows: all(graph, GRAPH.output).map(valueRow) },
    ],
  };
}

function opsetName(opset: Message): string {
  return `${text(opset, OPSET.domain) || 'ai.onnx'} ${number(opset, OPSET.version)}`;
}

function valueRow(value: Message): string[] {
  const type = read(bytes(read(bytes(value, VALUE.type)), TYPE.tensor));
  const dimensions = all(read(bytes(type, TENSOR_TYPE.shape)), SHAPE.dimension).map(
    dimension =>
      text(dimension, DIMENSION.name) ||
      (dimension.has(DIMENSION.value) ? number(dimension, DIMENSION.value) : '?'),
  );
  const element = ELEMENTS[number(type, TENSOR_TYPE.element)] ?? 'other';
  return [text(value, VALUE.name), element, dimensions.join(' × ')];
}

/** Values of a tensor, by its dimensions: packed, or one by one. */
function sizeOf(tensor: Message): number {
  const dimensions = (tensor.get(TENSOR.dimension) ?? []).flatMap(field =>
    typeof field === 'bigint' ? [Number(field)] : varints(field),
  );
  return dimensions.reduce((product, size) => product * size, 1);
}

function counts(names: readonly string[]): string {
  const byName = Map.groupBy(names, name => name);
  return [...byName]
    .map(([name, { length }]) => [name, length] as const)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => (count === 1 ? name : `${name} ×${count}`))
    .join(', ');
}

function all(message: Message, field: number): Message[] {
  return (message.get(field) ?? []).flatMap(value => (typeof value === 'bigint' ? [] : [read(value)]));
}

function bytes(message: Message, field: number): Buffer {
  const value = message.get(field)?.at(-1);
  return value instanceof Buffer ? value : Buffer.alloc(0);
}

function text(message: Message, field: number): string {
  return bytes(message, field).toString('utf8');
}

function number(message: Message, field: number): number {
  const value = message.get(field)?.at(-1);
  return typeof value === 'bigint' ? Number(value) : 0;
}

function read(content: Buffer): Message {
  const fields = new Map<number, Field[]>();
  const add = (field: number, value: Field) => {
    const known = fields.get(field);
    if (known) known.push(value);
    else fields.set(field, [value]);
  };
  for (let at = 0; at < content.length; ) {
    const key = varint(content, at);
    at = key.next;
    const field = Number(key.value >> 3n);
    const wire = Number(key.value & 7n);
    if (wire === 0) {
      const value = varint(content, at);
      at = value.next;
      add(field, value.value);
    } else if (wire === 2) {
      const length = varint(content, at);
      const end = length.next + Number(length.value);
      if (end > content.length) throw new Error('The file ends in the middle of a field.');
      add(field, content.subarray(length.next, end));
      at = end;
    } else if (wire === 1 || wire === 5) at += wire === 1 ? 8 : 4;
    else throw new Error(`The file has a field of the unknown kind ${wire}.`);
  }
  return fields;
}

function varints(content: Buffer): number[] {
  const found: number[] = [];
  for (let at = 0; at < content.length; ) {
    const { value, next } = varint(content, at);
    found.push(Number(value));
    at = next;
  }
  return found;
}

function varint(content: Buffer, start: number): { value: bigint; next: number } {
  let value = 0n;
  for (let at = start, shift = 0n; at < content.length && shift < 70n; at += 1, shift += 7n) {
    const byte = BigInt(content[at] ?? 0);
    value |= (byte & 127n) << shift;
    if (byte < 128n) return { value: BigInt.asUintN(64, value), next: at + 1 };
  }
  throw new Error('The file ends in the middle of a number.');
}
