import type { RefersTo } from '../../../daemon/contract/references.ts';
import { type Cursor, cursorIn } from '../cursor.ts';
import type { DaemonFacts } from '../daemon-facts.ts';
import type { Files } from '../files.ts';
import type { PipelineText } from '../pipeline-text.ts';
import { Project } from '../project.ts';
import { formsOf, mappingOf, referenceOf, type Schema, scalarsOf, schemaAt } from '../vocabulary.ts';
import { written } from '../yaml-text.ts';
import { type Completion, type ValueContext, wordAt } from './item.ts';
import { completeKeys } from './keys.ts';
import { completeMetrics, completeTemplate, parameterItem } from './names.ts';
import { completePaths } from './paths.ts';

/** What can be typed at an offset of a pipeline file, the likeliest first. */
export async function completionsAt(
  files: Files,
  facts: () => Promise<DaemonFacts>,
  file: string,
  offset: number,
): Promise<Completion[]> {
  const project = await Project.read(files, file);
  const pipeline = project.pipeline(file);
  const cursor = pipeline && cursorIn(pipeline.yaml.text, offset);
  if (!cursor) return [];
  const step = pipeline.stepAt(cursor.at);
  const template = completeTemplate(pipeline.yaml.text, offset, project.parametersFor(pipeline, step), step);
  if (template) return template;
  const schema = schemaAt(pipeline.format.schema, cursor.at);
  if (!schema) return [];
  if (cursor.part === 'key' || (cursor.isAlone && mappingOf(schema)))
    return completeKeys(pipeline, schema, cursor);
  return completeValue({ files, facts, project, pipeline, step, cursor }, schema);
}

async function completeValue(context: ValueContext, schema: Schema): Promise<Completion[]> {
  const named = await completeReference(context, referenceOf(schema));
  return [...named, ...fixedValues(context, schema)];
}

async function completeReference(
  context: ValueContext,
  refersTo: RefersTo | undefined,
): Promise<Completion[]> {
  const { pipeline, step, project, cursor, facts } = context;
  const { span } = cursor;
  switch (refersTo) {
    case 'step':
      return pipeline.steps
        .filter(({ name }) => name !== step?.name)
        .map(({ name }) => ({ label: name, kind: 'step', insert: name, span }));
    case 'parameter': {
      const source = step && pipeline.listedSource(step, cursor.at);
      return source ? [...project.parametersIn(source).values()].map(each => parameterItem(each, span)) : [];
    }
    case 'condition':
      return [...project.parametersFor(pipeline, step).values()]
        .filter(({ isGroup }) => !isGroup)
        .map(each => ({ ...parameterItem(each, wordAt(cursor)), insert: `\${${each.name}}` }));
    case 'gate':
    case 'metric':
      return completeMetrics(pipeline, await facts(), cursor, refersTo === 'gate');
    case 'model':
      return [...new Set([...namesOf(pipeline, 'model', cursor), ...(await facts()).models])].map(name => ({
        label: name,
        kind: 'model',
        insert: name,
        span,
      }));
    case 'input':
    case 'output':
    case 'folder':
    case 'parameterFile':
    case 'command':
      return completePaths(context, refersTo);
    default:
      return [];
  }
}

/** Texts elsewhere in the file that stand for the same kind of thing. */
function namesOf({ yaml, format }: PipelineText, refersTo: RefersTo, { span }: Cursor): string[] {
  const spans = [...scalarsOf(yaml.contents, format.schema)]
    .filter(found => found.refersTo === refersTo)
    .map(({ scalar }) => yaml.spanOf(scalar));
  return spans.filter(each => each.start !== span.start).map(each => yaml.slice(each));
}

/** Values that the vocabulary names: those that are possible, and examples of them. */
function fixedValues({ pipeline, cursor }: ValueContext, schema: Schema): Completion[] {
  const { typed, span } = cursor;
  const possible = formsOf(schema).flatMap(({ enum: values = [], type }) =>
    type === 'boolean' ? [true, false] : values,
  );
  // An example of a whole command is in the way of one that is being typed.
  const examples = typed.includes(' ') ? [] : (schema.examples ?? []);
  const isQuoted = /["']/.test(pipeline.yaml.text[span.start - 1] ?? '');
  const item = (value: unknown): Completion => {
    const label = isQuoted ? String(value) : written(value);
    return { label, kind: 'value', insert: label, span };
  };
  return [...possible.map(item), ...examples.map(each => ({ ...item(each), detail: 'example' }))];
}
