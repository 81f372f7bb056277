/** Files that steps write for the engine: results of data checks, and metrics. */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { parse as parseYaml } from 'yaml';
import * as z from 'zod';
import { flatten } from './definition/template.ts';

/** Largest report that is read, in bytes. */
const MAX_BYTES = 20_000_000;

/** A report that is missing or not what it should be. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
}

/** One check of the data. */
export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly observed: unknown;
  readonly expected: unknown;
}

const PlainChecks = z.array(
  z.object({
    name: z.string(),
    passed: z.boolean(),
    observed: z.unknown().optional(),
    expected: z.unknown().optional(),
  }),
);

/** The results of a validation by Great Expectations, old names and new. */
const Expectations = z.object({
  results: z.array(
    z.object({
      success: z.boolean(),
      expectation_config: z.object({
        expectation_type: z.string().optional(),
        type: z.string().optional(),
        kwargs: z.record(z.string(), z.unknown()).default({}),
      }),
      result: z.object({ observed_value: z.unknown().optional() }).loose().default({}),
    }),
  ),
});

/**
 * Reads the results of data checks.
 *
 * @throws ReportError
 */
export function readChecks(file: string): Check[] {
  const data = readData(file);
  const plain = PlainChecks.safeParse(data);
  if (plain.success) return plain.data.map(check => ({ observed: null, expected: null, ...check }));
  const expectations = Expectations.safeParse(data);
  if (!expectations.success) {
    throw new ReportError(
      `${path.basename(file)} holds neither a list of {name, passed, observed, expected} nor results of Great Expectations`,
    );
  }
  return expectations.data.results.map(({ success, expectation_config: config, result }) => {
    const { column, ...expected } = config.kwargs;
    const type = config.type ?? config.expectation_type ?? 'expectation';
    return {
      name: column === undefined ? type : `${type}(${column})`,
      passed: success,
      observed: result.observed_value ?? null,
      expected,
    };
  });
}

/** A failed check in a person's words. */
export function describeCheck(check: Check): string {
  const details = [
    check.observed === null ? '' : `observed ${JSON.stringify(check.observed)}`,
    check.expected === null ? '' : `expected ${JSON.stringify(check.expected)}`,
  ].filter(Boolean);
  return details.length === 0 ? check.name : `${check.name} (${details.join(', ')})`;
}

/**
 * The numbers of a JSON, YAML or TOML file, nested ones under dotted names.
 *
 * @throws ReportError
 */
export function readMetrics(file: string): Record<string, number> {
  const numbers = Object.entries(flatten(readData(file))).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return Object.fromEntries(numbers);
}

/** By what the name of a file ends with. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  '.yaml': parseYaml,
  '.yml': parseYaml,
  '.toml': parseToml,
};

/** Python writes `NaN` and `Infinity`, which JSON does not have, and nobody can compare. */
const NO_NUMBER = /(?<=[[:,\s])(?:NaN|-?Infinity)(?=[,}\]\s])/g;

function parseJson(text: string): unknown {
  return JSON.parse(text.replace(NO_NUMBER, 'null'));
}

function readData(file: string): unknown {
  try {
    const stats = statSync(file);
    if (!stats.isFile()) throw new Error('it is a folder, where a file is expected');
    if (stats.size > MAX_BYTES) throw new Error(`it is larger than ${MAX_BYTES} bytes`);
    const parse = PARSERS[path.extname(file).toLowerCase()] ?? parseJson;
    return parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const why =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? 'the step did not write it'
        : (error as Error).message;
    throw new ReportError(`${path.basename(file)} cannot be read: ${why}`);
  }
}
