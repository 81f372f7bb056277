/** Files of parameters, as DVC reads them: YAML, JSON, TOML and Python. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse, TomlDate, TomlError } from 'smol-toml';
import type { Diagnostic } from '../../contract/pipelines.ts';
import { readSource, Source } from '../definition/source.ts';
import { isDict, type PythonDict, PythonTime, type PythonValue } from './python.ts';
import { PythonSyntaxError, readPythonParams } from './python-params.ts';
import { DVC_YAML } from './yaml.ts';

/** What reading a file of parameters gave: with problems, there are no values. */
export interface ReadParams {
  readonly values: PythonDict;
  readonly problems: readonly Diagnostic[];
}

/**
 * Reads a file of parameters by what its name ends with. A file that cannot be read is a problem, not an exception.
 *
 * @param instead text in place of the file's content
 */
export function readParamsFile(file: string, instead?: string): ReadParams {
  const readText = () => instead ?? readFileSync(file, 'utf8');
  switch (path.extname(file).toLowerCase()) {
    case '.py':
      return readWith(file, () => readPythonParams(readText()));
    case '.toml':
      return readWith(file, () => fromToml(parse(readText(), { integersAsBigInt: true })) as PythonDict);
    case '.json':
      return readJson(file, instead);
    default:
      return readYaml(file, instead);
  }
}

function readYaml(file: string, instead: string | undefined): ReadParams {
  const source = instead === undefined ? readSource(file, DVC_YAML) : new Source(file, instead, DVC_YAML);
  const values = (source.data ?? new Map()) as PythonValue;
  if (!source.failed && !isDict(values))
    source.error([], 'parameters must be a mapping of names to values', 'Write lines like “lr: 0.1”.');
  return { values: !source.failed && isDict(values) ? values : new Map(), problems: source.problems };
}

/** JSON is YAML, whose reader tells 1 from 1.0. */
function readJson(file: string, instead: string | undefined): ReadParams {
  const strict = readWith(file, () => {
    JSON.parse(instead ?? readFileSync(file, 'utf8'));
    return new Map();
  });
  return strict.problems.length > 0 ? strict : readYaml(file, instead);
}

function readWith(file: string, read: () => PythonDict): ReadParams {
  try {
    return { values: read(), problems: [] };
  } catch (error) {
    return { values: new Map(), problems: [problemIn(file, error as Error)] };
  }
}

function problemIn(file: string, error: Error): Diagnostic {
  const isPlaced = error instanceof PythonSyntaxError || error instanceof TomlError;
  const { line, column } = isPlaced ? error : { line: 1, column: 1 };
  const isUnread = 'code' in error && 'syscall' in error;
  return {
    file,
    line,
    column,
    severity: 'error',
    message: isUnread ? `the file cannot be read: ${error.message}` : (error.message.split('\n', 1)[0] ?? ''),
    remedy: isUnread ? 'Create it, or correct the path.' : 'Correct the syntax.',
  };
}

function fromToml(value: unknown): PythonValue {
  if (value instanceof TomlDate) return new PythonTime(value.toISOString().replace('T', ' '));
  if (Array.isArray(value)) return value.map(fromToml);
  if (typeof value !== 'object' || value === null) return value as PythonValue;
  return new Map(Object.entries(value).map(([key, member]) => [key, fromToml(member)]));
}
