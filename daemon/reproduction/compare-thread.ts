/** The thread that compares files. Started by compare.ts. */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse as parseYaml } from 'yaml';
import type { FieldDifference, Verdict } from '../contract/reproductions.ts';
import { NOT_CONTENT } from '../pipelines/inputs/content.ts';
import { type Compared, compareData, type Sameness, worst } from './fields.ts';

/** A file, or the files of a folder, by their names in it (`''` is the file itself). */
export type FileSet = Readonly<Record<string, string>>;

/** What is compared; a path stands for a file, or for all files of a folder. */
export interface CompareInput {
  readonly before: FileSet | string;
  readonly now: FileSet | string;
  readonly sameness: Sameness;
}

/** Larger files are compared byte by byte only. */
const READ_BYTES = 64 * 2 ** 20;
const CHUNK_BYTES = 1 << 20;
const TOLD = 20;

/** What an `MLmodel` says of how the model was logged, and not of what it is. */
const VOLATILE_IN_MODEL = [
  ...['run_id', 'model_id', 'model_uuid', 'utc_time_created', 'artifact_path'],
  // Where artifacts were copied from: as a rule a temporary folder.
  'flavors.python_function.artifacts.*.uri',
];

/** Parts of binary files that their libraries make up anew each time, by the ending of the file. */
const VOLATILE_BYTES: Readonly<Record<string, readonly { name: string; pattern: RegExp }[]>> = {
  '.cbm': [
    { name: 'model_guid', pattern: /[0-9a-f]{1,8}(?:-[0-9a-f]{1,8}){3}(?=\0)/g },
    { name: 'train_finish_time', pattern: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g },
  ],
};

/** A file, or the files below a folder. */
function filesAt(place: FileSet | string): FileSet {
  if (typeof place !== 'string') return place;
  if (statSync(place).isFile()) return { '': place };
  const entries = readdirSync(place, { recursive: true, withFileTypes: true }).filter(entry =>
    entry.isFile(),
  );
  const files = entries.map((entry): [string, string] => {
    const file = path.join(entry.parentPath, entry.name);
    return [path.relative(place, file).split(path.sep).join('/'), file];
  });
  return Object.fromEntries(files.filter(([name]) => !name.split('/').some(part => NOT_CONTENT.has(part))));
}

/** Compares two files, or two folders file by file. */
export function compare(input: CompareInput): Compared {
  const [before, now] = [filesAt(input.before), filesAt(input.now)];
  const found: { result: Verdict; volatile: string[]; differences: FieldDifference[] }[] = [];
  for (const name of [...new Set([...Object.keys(before), ...Object.keys(now)])].sort()) {
    const [first, second] = [before[name], now[name]];
    if (first === undefined || second === undefined) {
      const there = (file: string | undefined) => (file === undefined ? 'nothing' : 'a file');
      const difference = { field: name, before: there(first), now: there(second) };
      found.push({ result: 'different', volatile: [], differences: [difference] });
      continue;
    }
    const { result, volatile, differences } = compareFile(name, first, second, input.sameness);
    const inside = (field: string) => [name, field].filter(Boolean).join(': ');
    found.push({
      result,
      volatile: volatile.map(inside),
      differences: differences.map(each => ({ ...each, field: inside(each.field) })),
    });
  }
  return {
    result: worst(found.map(({ result }) => result)),
    volatile: found.flatMap(({ volatile }) => volatile),
    differences: found.flatMap(({ differences }) => differences).slice(0, TOLD),
  };
}

const SAME: Compared = { result: 'identical', volatile: [], differences: [] };

function compareFile(name: string, before: string, now: string, sameness: Sameness): Compared {
  if (sameBytes(before, now)) return SAME;
  const sizes = [statSync(before).size, statSync(now).size] as const;
  const asBytes = { field: '', before: `${sizes[0]} bytes`, now: `${sizes[1]} other bytes` };
  const different: Compared = { result: 'different', volatile: [], differences: [asBytes] };
  if (Math.max(...sizes) > READ_BYTES) return different;
  const file = path.basename(name === '' ? now : name);
  const parse = file === 'MLmodel' ? parseYaml : PARSERS[path.extname(file).toLowerCase()];
  if (parse) return compareParsed(parse, before, now, file, sameness) ?? different;
  return sameButForVolatile(file, before, now, sameness) ?? different;
}

const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  '.json': JSON.parse,
  '.yaml': parseYaml,
  '.yml': parseYaml,
};

/** @returns undefined when one of them is not what its name says */
function compareParsed(
  parse: (text: string) => unknown,
  before: string,
  now: string,
  file: string,
  sameness: Sameness,
): Compared | undefined {
  const more = file === 'MLmodel' ? VOLATILE_IN_MODEL : [];
  try {
    const [first, second] = [before, now].map(each => parse(readFileSync(each, 'utf8')));
    return compareData(first, second, { ...sameness, volatile: [...sameness.volatile, ...more] });
  } catch {
    return undefined;
  }
}

/** @returns undefined unless that, and the folder that paths lie in, is all that differs */
function sameButForVolatile(
  file: string,
  before: string,
  now: string,
  { copy }: Sameness,
): Compared | undefined {
  const masks = VOLATILE_BYTES[path.extname(file).toLowerCase()] ?? [];
  let [first = '', second = ''] = [before, now].map(each => readFileSync(each, 'latin1'));
  const [at, of] = [copy.at, copy.of].map(folder => Buffer.from(folder).toString('latin1'));
  second = second.replaceAll(at ?? '', of ?? '');
  const volatile: string[] = [];
  for (const { name, pattern } of masks) {
    if (String(first.match(pattern)) === String(second.match(pattern))) continue;
    volatile.push(name);
    [first, second] = [first.replace(pattern, ''), second.replace(pattern, '')];
  }
  return first === second ? { ...SAME, volatile } : undefined;
}

function sameBytes(before: string, now: string): boolean {
  if (statSync(before).size !== statSync(now).size) return false;
  const files = [openSync(before, 'r'), openSync(now, 'r')] as const;
  const [first, second] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  try {
    for (;;) {
      const length = readSync(files[0], first, 0, CHUNK_BYTES, null);
      readSync(files[1], second, 0, CHUNK_BYTES, null);
      if (length === 0) return true;
      if (first.compare(second, 0, length, 0, length) !== 0) return false;
    }
  } finally {
    for (const file of files) closeSync(file);
  }
}
