/** Values for fuzzing: such as a schema describes, and such as nobody expects. */
import fc from 'fast-check';

/** What of JSON Schema the published description uses. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
}

const ODD_NUMBERS = [
  0,
  -0,
  -1,
  0.1,
  1e308,
  -1e308,
  5e-324,
  2 ** 31,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  -(2 ** 63),
];
const ODD_TEXTS = [
  ...[
    '',
    ' ',
    '0',
    '-1',
    'NaN',
    'Infinity',
    '-Infinity',
    'null',
    'true',
    '9'.repeat(30),
    '1e999',
    '2026-01-01',
  ],
  ...['\0', 'a\0b', '\ud800', '\u202eabc', '\ufeff', '😀', 'ÿ', '\n', '\r\nX: y', '__proto__', 'constructor'],
  ...[
    '../../etc/passwd',
    '..%2f..',
    'C:\\',
    'file:///etc/passwd',
    '%',
    '%00',
    '{{7*7}}',
    '<script>',
    '$(id)',
    '`id`',
  ],
  ...["' OR 1=1 --", '";DROP TABLE runs;--', 'a'.repeat(10_000), '/'.repeat(300), '[', '{"a":', '*'],
];

/** Values that clients get wrong, or attackers get right. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...ODD_TEXTS),
  fc.constantFrom<unknown>(...ODD_NUMBERS, null, true, false),
  fc.constantFrom<unknown>(
    [],
    [[]],
    {},
    { a: { b: {} } },
    [null],
    Array.from({ length: 2_000 }, () => 1),
  ),
  fc.constant(nested(200)),
  fc.string({ unit: 'binary' }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Mostly what the schema describes; now and then, at any depth, what it does not. */
export function valuesOf(schema: Schema): fc.Arbitrary<unknown> {
  return fc.oneof({ weight: 9, arbitrary: fitting(schema) }, { weight: 1, arbitrary: oddValue });
}

function fitting(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return fc.oneof(...choices.map(valuesOf));
  const type = typeof schema.type === 'string' ? schema.type : schema.type?.[0];
  return FITTING[type ?? '']?.(schema) ?? fc.jsonValue({ maxDepth: 2 });
}

const FITTING: Readonly<Record<string, (schema: Schema) => fc.Arbitrary<unknown>>> = {
  object: ({ properties = {}, required = [], additionalProperties }) => {
    const known = fc.record(
      Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, valuesOf(schema)])),
      { requiredKeys: required.filter(name => name in properties) },
    );
    if (typeof additionalProperties !== 'object') return known;
    return fc
      .tuple(known, fc.dictionary(fc.string(), valuesOf(additionalProperties), { maxKeys: 4 }))
      .map(([fixed, free]) => ({ ...free, ...fixed }));
  },
  array: ({ items = {} }) => fc.array(valuesOf(items), { maxLength: 4 }),
  string: ({ pattern }) => (pattern ? fc.stringMatching(new RegExp(pattern)) : fc.string()),
  integer: ({ minimum = -1_000, maximum = 1_000_000 }) =>
    fc.integer({ min: clamp(minimum), max: clamp(maximum) }),
  number: () => fc.double(),
  boolean: () => fc.boolean(),
  null: () => fc.constant(null),
};

function clamp(bound: number): number {
  return Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, bound));
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 ? [value] : { a: value };
  return value;
}
