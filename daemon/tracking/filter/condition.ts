/** Comparisons as SQL conditions. Values are always bound, never written into the SQL. */
import { type ApiError, invalid } from '../../contract/errors.ts';
import type { Comparator, Comparison } from './parse.ts';

/** A piece of SQL and the values of its `?`, in order. */
export interface Fragment {
  readonly sql: string;
  readonly values: readonly (string | number)[];
}

const SYMBOLS = { '=': '=', '!=': '<>', '>': '>', '>=': '>=', '<': '<', '<=': '<=' } as const;

export const TEXT_COMPARATORS: readonly Comparator[] = ['=', '!=', 'LIKE', 'ILIKE'];
/** Comparators of text that may also be looked up in a list. */
export const LISTED_TEXT: readonly Comparator[] = [...TEXT_COMPARATORS, 'IN', 'NOT IN'];
const NUMBER_COMPARATORS: readonly Comparator[] = ['=', '!=', '>', '>=', '<', '<='];

/**
 * A comparison of text. A missing value (NULL) fulfils `IS NULL` alone.
 *
 * @param expression what is compared
 * @param allowed comparators that the name takes
 * @throws ApiError when the comparator or the kind of the value does not fit
 */
export function textCondition(
  expression: Fragment,
  comparison: Comparison,
  allowed: readonly Comparator[] = TEXT_COMPARATORS,
): Fragment {
  const { comparator, value } = comparison;
  requireComparator(comparison, allowed);
  if (value.kind === 'none') return { sql: `${expression.sql} ${comparator}`, values: expression.values };
  if (value.kind === 'list')
    return {
      sql: `${expression.sql} ${comparator} (SELECT value FROM json_each(?))`,
      values: [...expression.values, JSON.stringify(value.value)],
    };
  if (value.kind !== 'string')
    throw invalid(
      `Expected a quoted string value for ${nameOf(comparison)} (e.g. 'my-value'). Got value ${value.text}`,
    );
  // SQLite's LIKE ignores the case of ASCII letters, as ILIKE is meant; GLOB does not.
  if (comparator === 'LIKE')
    return { sql: `${expression.sql} GLOB ?`, values: [...expression.values, toGlob(value.value)] };
  if (comparator === 'ILIKE')
    return { sql: `${expression.sql} LIKE ?`, values: [...expression.values, value.value] };
  return {
    sql: `${expression.sql} ${SYMBOLS[comparator as keyof typeof SYMBOLS]} ?`,
    values: [...expression.values, value.value],
  };
}

/** A comparison of a number. @throws ApiError when the comparator or the kind of the value does not fit */
export function numberCondition(expression: Fragment, comparison: Comparison): Fragment {
  const { comparator, value } = comparison;
  requireComparator(comparison, NUMBER_COMPARATORS);
  if (value.kind !== 'number')
    throw invalid(
      `Expected numeric value type for ${comparison.prefix?.startsWith('metric') ? 'metric' : `numeric attribute: ${comparison.key}`}. Found ${value.text}`,
    );
  return {
    sql: `${expression.sql} ${SYMBOLS[comparator as keyof typeof SYMBOLS]} ?`,
    values: [...expression.values, value.value],
  };
}

/** All of the conditions; `1` without any. */
export function allOf(conditions: readonly Fragment[]): Fragment {
  if (conditions.length === 0) return { sql: '1', values: [] };
  return {
    sql: conditions.map(condition => `(${condition.sql})`).join(' AND '),
    values: conditions.flatMap(condition => condition.values),
  };
}

/** The error for a prefix that the searched thing does not know. */
export function unknownPrefix(prefix: string, known: readonly string[]): ApiError {
  return invalid(`Invalid entity type '${prefix}'. Valid values are ${JSON.stringify(known)}`);
}

/** The error for an attribute that cannot be searched by. */
export function unknownAttribute(key: string, known: readonly string[]): ApiError {
  return invalid(`Invalid attribute key '${key}' specified. Valid keys are ${JSON.stringify(known)}`);
}

function requireComparator(comparison: Comparison, allowed: readonly Comparator[]): void {
  if (!allowed.includes(comparison.comparator))
    throw invalid(
      `Invalid comparator '${comparison.comparator}' for ${nameOf(comparison)}: not one of ${JSON.stringify(allowed)}`,
    );
}

function nameOf({ prefix, key }: Comparison): string {
  return prefix === undefined ? key : `${prefix}.${key}`;
}

function toGlob(pattern: string): string {
  return pattern
    .replace(/[*?[]/g, special => `[${special}]`)
    .replace(/%+/g, '*')
    .replaceAll('_', '?');
}
