import * as z from 'zod';
import { PipelineSource, SYNONYMS } from './schema.ts';
import { type Source, type SourcePath, suggest } from './source.ts';

/**
 * Checks a source against the vocabulary of `modelthat.yaml`. Each unknown key, wrong value and not yet supported key is
 * reported in the source.
 *
 * @returns undefined when the content does not fit
 */
export function checkVocabulary(source: Source): PipelineSource | undefined {
  const data = source.data ?? {};
  warnOfPlanned(source, PipelineSource, data, []);
  return checkShape(source, PipelineSource, data, { synonyms: SYNONYMS });
}

/** How a value is checked against a vocabulary. */
export interface ShapeOptions {
  /** Where the value stands in the source. */
  readonly at?: SourcePath;
  /** What people write for keys, with the keys themselves. */
  readonly synonyms: ReadonlyMap<string, string>;
  /** What to do about a key that is known elsewhere. */
  readonly remedyFor?: (key: string) => string | undefined;
}

/**
 * Checks a value of a source, and reports each unknown key and wrong value in it.
 *
 * @returns undefined when it does not fit
 */
export function checkShape<Schema extends z.ZodType>(
  source: Source,
  schema: Schema,
  data: unknown,
  options: ShapeOptions,
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(data, { error: describe });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues.flatMap(unfold)) report(source, schema, issue, options);
  return undefined;
}

/** Of what a value could be, the problems with what it was meant to be: the one whose outer form it has. */
function unfold(issue: z.core.$ZodIssue): z.core.$ZodIssue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const meant = issue.errors.find(problems =>
    problems.every(({ path, code }) => path.length > 0 || code === 'unrecognized_keys'),
  );
  return meant?.flatMap(inner => unfold({ ...inner, path: [...issue.path, ...inner.path] })) ?? [issue];
}

function report(
  source: Source,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  { at = [], synonyms, remedyFor }: ShapeOptions,
): void {
  const path: SourcePath = [...at, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    for (const key of issue.keys) {
      const known = Object.keys(shapeAt(schema, issue.path) ?? {});
      const synonym = synonyms.get(key);
      const remedy = synonym && known.includes(synonym) ? `Write “${synonym}”.` : remedyFor?.(key);
      source.errorAtKey([...path, key], `unknown key “${key}”`, remedy ?? suggest(key, known));
    }
  } else if (issue.code === 'invalid_key') {
    const key = String(path.at(-1));
    source.errorAtKey(path, `“${key}” is not a fitting name`, 'Use letters, digits, “_” and “-”.');
  } else if (path.at(-1) === 'steps' && issue.message === MISSING) {
    source.error(path, 'there are no steps', 'Add “steps:” with at least one step below it.');
  } else {
    source.error(path, `${nameOf(path)} ${issue.message}`, 'Correct the value.');
  }
}

function nameOf(path: SourcePath): string {
  return path.length === 0 ? 'the file' : `“${path.join('.')}”`;
}

const MISSING = 'is missing';

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  object: 'a mapping',
  record: 'a mapping',
  array: 'a list',
  number: 'a number',
  boolean: 'true or false',
};

/** The message of an issue, as the rest of a sentence that begins with the key. */
function describe(issue: z.core.$ZodRawIssue): string {
  if (issue.input === undefined) return MISSING;
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'invalid_union':
      return 'must be text or a list of texts';
    case 'too_small':
      return 'must not be empty';
    default:
      return 'has a wrong value';
  }
}

/** The keys a mapping at `path` may have. */
function shapeAt(schema: z.ZodType, path: SourcePath): Record<string, z.ZodType> | undefined {
  const inner = unwrap(schema);
  const [key, ...rest] = path;
  if (inner instanceof z.ZodUnion) {
    const found = inner.options.map(option => shapeAt(option as z.ZodType, path));
    return found.find(shape => shape !== undefined);
  }
  if (inner instanceof z.ZodObject) {
    return key === undefined ? inner.shape : shapeAt(memberOf(inner.shape, String(key)) ?? z.unknown(), rest);
  }
  if (key === undefined) return undefined;
  if (inner instanceof z.ZodRecord) return shapeAt(inner.valueType as z.ZodType, rest);
  return inner instanceof z.ZodArray ? shapeAt(inner.element as z.ZodType, rest) : undefined;
}

/** Not what every object inherits: a file may have a key `constructor`. */
function memberOf(shape: Record<string, z.ZodType>, key: string): z.ZodType | undefined {
  return Object.hasOwn(shape, key) ? shape[key] : undefined;
}

function unwrap(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable
    ? unwrap(schema.unwrap() as z.ZodType)
    : schema;
}

function warnOfPlanned(source: Source, schema: z.ZodType, data: unknown, path: SourcePath): void {
  if (typeof data !== 'object' || data === null) return;
  const inner = unwrap(schema);
  for (const [key, value] of Object.entries(data)) {
    const member =
      inner instanceof z.ZodObject
        ? memberOf(inner.shape, key)
        : inner instanceof z.ZodRecord
          ? (inner.valueType as z.ZodType)
          : undefined;
    if (member?.meta()?.planned) {
      source.warnAtKey([...path, key], `“${key}” is not supported yet`, 'Remove it: it has no effect.');
    } else if (member) {
      warnOfPlanned(source, member, value, [...path, key]);
    }
  }
}
