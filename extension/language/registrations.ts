/** Where files say that a registered model gets a new version. */
import { PipelineText } from './pipeline-text.ts';
import { textOf, valueAt, YamlText } from './yaml-text.ts';

/** One place that names a registered model. */
export interface Registration {
  readonly model: string;
  /** From 0. */
  readonly line: number;
}

/** The steps of a pipeline file that register a model, by their own lines. A name with parameters in it is left out. */
export function registrationsInPipeline(file: string, text: string): Registration[] {
  const yaml = new YamlText(text);
  const pipeline = PipelineText.read(file, yaml);
  if (!pipeline) return [];
  const at = [...(pipeline.format.dvc ? ['meta'] : []), 'model', 'register'];
  return pipeline.steps.flatMap(({ body, key }) => {
    const model = textOf(valueAt(body, at));
    const line = yaml.position(yaml.spanOf(key).start).line;
    return model === undefined || model.includes('${') ? [] : [{ model, line }];
  });
}

const NAME = String.raw`(?<quote>["'])(?<model>[^"'\n]+)\k<quote>`;
/** Arguments of a call, as far as they hold no more than one level of brackets. */
const ARGUMENTS = String.raw`(?:[^()]|\([^()]*\))*?`;
const REGISTRATIONS = [
  // mlflow.<flavor>.log_model(…, registered_model_name="sales")
  new RegExp(String.raw`\bregistered_model_name\s*=\s*${NAME}`, 'g'),
  // mlflow.register_model(uri, "sales"), also with name=
  new RegExp(String.raw`\bregister_model\(${ARGUMENTS},\s*(?:name\s*=\s*)?${NAME}\s*[,)]`, 'g'),
];

/** The calls in Python code that register a model under a name that is written there. */
export function registrationsInPython(text: string): Registration[] {
  return REGISTRATIONS.flatMap(pattern =>
    [...text.matchAll(pattern)].flatMap(match => {
      const before = text.slice(0, match.index);
      const isComment = before
        .slice(before.lastIndexOf('\n') + 1)
        .trimStart()
        .startsWith('#');
      const { model } = match.groups ?? {};
      return isComment || model === undefined ? [] : [{ model, line: before.split('\n').length - 1 }];
    }),
  ).sort((a, b) => a.line - b.line);
}
