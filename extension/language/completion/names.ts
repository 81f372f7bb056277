import type { Cursor } from '../cursor.ts';
import type { DaemonFacts } from '../daemon-facts.ts';
import { type Parameter, showValue } from '../parameters.ts';
import type { PipelineText, StepText } from '../pipeline-text.ts';
import { entriesOf, type Span, valueAt } from '../yaml-text.ts';
import { type Completion, wordAt } from './item.ts';

export function parameterItem(parameter: Parameter, span: Span): Completion {
  return {
    label: parameter.name,
    kind: 'parameter',
    detail: showValue(parameter),
    insert: parameter.name,
    span,
  };
}

/**
 * The parameters that can stand in `${…}`.
 *
 * @returns undefined when the offset is in none
 */
export function completeTemplate(
  text: string,
  offset: number,
  parameters: ReadonlyMap<string, Parameter>,
  step: StepText | undefined,
): Completion[] | undefined {
  const typed = /\$\{\s*([^}\n]*)$/.exec(text.slice(0, offset))?.[1];
  if (typed === undefined) return undefined;
  const rest = /^[\p{L}\p{N}_.[\]-]*(\s*\})?/u.exec(text.slice(offset));
  const span = { start: offset - typed.length, end: offset + (rest?.[0].length ?? 0) };
  const all = [...parameters.values()]
    .filter(({ isGroup }) => !isGroup)
    .map(each => parameterItem(each, span));
  return [
    ...(step?.repeatedNames ?? []).map(
      (label): Completion => ({ label, kind: 'parameter', insert: label, span }),
    ),
    ...all,
  ].map(item => ({ ...item, insert: `${item.insert}}` }));
}

const CHAMPION = 'champion.';

/** Metrics that are known of, and in a gate those of the champion. */
export function completeMetrics(
  { yaml }: PipelineText,
  { metrics }: DaemonFacts,
  cursor: Cursor,
  inGate: boolean,
): Completion[] {
  const span = wordAt(cursor);
  const known = [
    ...new Set([...entriesOf(valueAt(yaml.contents, ['metrics'])).map(({ name }) => name), ...metrics]),
  ];
  const written = known.map(name => (/^[\p{L}_][\p{L}\p{N}_.]*$/u.test(name) ? name : `\`${name}\``));
  const item = (label: string): Completion => ({ label, kind: 'metric', insert: label, span });
  const champions = written.map(name => ({
    ...item(`${CHAMPION}${name}`),
    detail: 'of the version in Production',
  }));
  return inGate ? [...written.map(item), ...champions] : known.map(item);
}
