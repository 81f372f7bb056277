import type { Cursor } from '../cursor.ts';
import type { PipelineText } from '../pipeline-text.ts';
import { formsOf, itemOf, mappingOf, referenceOf, type Schema } from '../vocabulary.ts';
import { written } from '../yaml-text.ts';
import type { Completion } from './item.ts';

/** The keys that a mapping may have and has not, with what follows them. */
export function completeKeys(pipeline: PipelineText, schema: Schema, cursor: Cursor): Completion[] {
  const { properties = {} } = mappingOf(schema) ?? {};
  const absent = Object.entries(properties).filter(
    ([key, { planned }]) => !planned && !cursor.siblings.includes(key),
  );
  const keys = absent.map(
    ([key, member]): Completion => ({
      label: key,
      kind: 'key',
      documentation: describe(member),
      insert: cursor.hasColon ? key : entry(key, member),
      isSnippet: true,
      span: cursor.span,
      goesOn: true,
    }),
  );
  const isAmongSteps = cursor.at.length === 1 && cursor.at[0] === pipeline.format.steps;
  return isAmongSteps && !cursor.hasColon ? [newStep(pipeline, cursor), ...keys] : keys;
}

function newStep({ format }: PipelineText, { span }: Cursor): Completion {
  return {
    label: 'New step',
    kind: 'step',
    detail: `with “${format.command}”`,
    insert: `\${1:name}:\n  ${format.command}: $2\n  $0`,
    isSnippet: true,
    span,
  };
}

/** The description of a key, as Markdown. */
export function describe({ description = '', examples = [], default: standard, planned }: Schema): string {
  if (planned) return description;
  const shown = examples.map(example => `    ${written(example)}`).join('\n');
  const hasDefault = standard !== undefined && typeof standard !== 'object';
  return [
    description,
    ...(shown ? [`For example:\n\n${shown}`] : []),
    ...(hasDefault ? [`Default: \`${standard}\``] : []),
  ].join('\n\n');
}

/** A key with tab stops for its value. */
function entry(key: string, schema: Schema): string {
  const types = formsOf(schema).map(({ type }) => type);
  const mapping = mappingOf(schema);
  if (types.length === 1 && mapping) {
    const required = mapping.required ?? [];
    return required.length > 0
      ? `${key}: { ${required.map((name, index) => `${name}: $${index + 1}`).join(', ')} }`
      : `${key}:\n  $1`;
  }
  const isList = itemOf(schema) !== undefined && referenceOf(schema) !== 'command';
  return isList ? `${key}: [$1]` : `${key}: $1`;
}
