import { isScalar } from 'yaml';
import type { PipelineText } from './pipeline-text.ts';
import { type Entry, entriesOf, type Span, valueAt } from './yaml-text.ts';

/** A line of a file's outline. */
export interface OutlineEntry {
  readonly name: string;
  readonly detail: string;
  readonly kind: 'key' | 'step';
  /** All of it. */
  readonly span: Span;
  /** Its name. */
  readonly nameSpan: Span;
  readonly children: readonly OutlineEntry[];
}

/** The outline of a pipeline file: its keys, and its steps below theirs. */
export function symbolsOf(pipeline: PipelineText): OutlineEntry[] {
  const { yaml, format } = pipeline;
  const symbol = (kind: OutlineEntry['kind'], { name, key, value }: Entry, detail: string): OutlineEntry => {
    const nameSpan = yaml.spanOf(key);
    const end = Math.max(nameSpan.end, value?.range?.[1] ?? 0);
    return { name, detail, kind, span: { start: nameSpan.start, end }, nameSpan, children: [] };
  };
  return entriesOf(yaml.contents).map(entry => ({
    ...symbol('key', entry, isScalar(entry.value) ? firstLine(entry.value.value) : ''),
    children:
      entry.name === format.steps
        ? pipeline.steps.map(({ name, key, body }) =>
            symbol('step', { name, key, value: body }, commandOf(pipeline, body)),
          )
        : [],
  }));
}

function commandOf({ format }: PipelineText, step: Entry['value']): string {
  const command = valueAt(step, [format.command]);
  return firstLine(isScalar(command) ? command.value : valueAt(command, [0])?.toJSON());
}

function firstLine(value: unknown): string {
  return value === null || value === undefined ? '' : (String(value).split('\n', 1)[0] ?? '');
}
