/** What can follow in a filter where the caret is: a name, a comparator, a value, or AND. */
import type { Run } from '../../daemon/contract/runs.ts';
import { nameOf } from './column-actions.ts';
import { type Column, rawValue } from './columns.ts';

/** Texts that can stand from a place up to the caret. */
export interface Completion {
  readonly from: number;
  readonly options: readonly Option[];
}

interface Option {
  readonly text: string;
  readonly detail: string;
}

/** Options that are listed at once. */
const LISTED = 50;
const NAME = /(?:[\p{L}_][\p{L}\p{N}_]*\.)?(?:`[^`]*`|[\p{L}_][\p{L}\p{N}_.]*)/u.source;
const VALUE = /'[^']*'|"[^"]*"|[-+]?[\d.][\w.+-]*|\([^)]*\)/.source;
const OPERATOR = /<=|>=|!=|=|<|>|(?:I?LIKE|(?:NOT\s+)?IN)\b/.source;

/** What stands before the caret since the last AND: how far a comparison is. */
const BEFORE_NAME = new RegExp(`^(?:${NAME}|\\w*\\.?\`?[^\`\\s]*)?$`, 'u');
const BEFORE_OPERATOR = new RegExp(`^(${NAME})\\s+([^\\s'"]*)$`, 'u');
const BEFORE_VALUE = new RegExp(`^(${NAME})\\s*(?:${OPERATOR})\\s*('[^']*|"[^"]*|[^\\s'"(]*)$`, 'iu');
const AFTER_VALUE = new RegExp(
  `^${NAME}\\s*(?:(?:${OPERATOR})\\s*(?:${VALUE})|IS\\s+(?:NOT\\s+)?NULL)\\s+(\\w*)$`,
  'iu',
);
const COMPARISON = new RegExp(`^(?:${VALUE}|\`[^\`]*\`|[^'"\`])*?\\sAND\\s+`, 'iu');

const NUMBERS = ['<', '<=', '>', '>=', '=', '!='];
const TEXTS = ['=', '!=', 'LIKE', 'ILIKE'];
const OPTIONAL = ['IS NULL', 'IS NOT NULL'];
const STATES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

/**
 * @param caret characters before it
 * @param columns those that there are
 * @param runs whose values are proposed: those that are loaded
 */
export function completeFilter(
  text: string,
  caret: number,
  columns: readonly Column[],
  runs: readonly Run[],
): Completion {
  const before = text.slice(0, caret);
  const part = sinceLastAnd(before);
  const names = new Map(columns.filter(({ filterable }) => filterable).map(each => [nameOf(each.id), each]));
  const ending = (typed: string, options: readonly Option[]) => ({
    from: caret - typed.length,
    options: options.filter(option => fits(option.text, typed)).slice(0, LISTED),
  });
  const value = BEFORE_VALUE.exec(part);
  if (value) return ending(value[2] ?? '', valuesOf(names.get(value[1] ?? ''), runs));
  const end = AFTER_VALUE.exec(part);
  if (end) return ending(end[1] ?? '', [{ text: 'AND ', detail: 'and further' }]);
  const operator = BEFORE_OPERATOR.exec(part);
  if (operator) return ending(operator[2] ?? '', operatorsOf(operator[1] ?? ''));
  if (!BEFORE_NAME.test(part)) return { from: caret, options: [] };
  const all = [...names].map(([name, { group }]) => ({ text: `${name} `, detail: group }));
  const times = ['attributes.start_time ', 'attributes.end_time '].map(name => ({
    text: name,
    detail: 'milliseconds since 1970',
  }));
  return ending(part, [...all, ...times]);
}

function sinceLastAnd(before: string): string {
  let rest = before.trimStart();
  for (let found = COMPARISON.exec(rest); found; found = COMPARISON.exec(rest))
    rest = rest.slice(found[0].length);
  return rest;
}

/** By any part of it: `loss` finds metrics.val_loss. */
function fits(text: string, typed: string): boolean {
  return text.toLowerCase().includes(typed.toLowerCase()) && text !== typed;
}

function operatorsOf(name: string): Option[] {
  const number = /^(metrics?\.|attributes\.(start|end)_time)/.test(name);
  const optional = /^(params?|tags?)\./.test(name);
  const texts = [...TEXTS, ...(optional ? OPTIONAL : [])];
  return (number ? NUMBERS : texts).map(text => ({ text: `${text} `, detail: '' }));
}

function valuesOf(column: Column | undefined, runs: readonly Run[]): Option[] {
  if (!column || column.metric) return [];
  if (column.id === 'attributes.status') return STATES.map(state => ({ text: `'${state}' `, detail: '' }));
  const counts = new Map<string, number>();
  for (const run of runs) {
    const value = rawValue(column.id, run);
    if (value !== null && !value.includes("'")) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([value, count]) => ({ text: `'${value}' `, detail: `${count} of the runs in sight` }));
}
