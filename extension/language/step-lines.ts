import { PipelineText } from './pipeline-text.ts';
import { entriesOf, YamlText } from './yaml-text.ts';

/** The lines, from 0, of the key that steps are below and of each step's own. */
export function stepLines(
  file: string,
  text: string,
): { stepsLine?: number; steps: { name: string; line: number }[] } {
  const yaml = new YamlText(text);
  const pipeline = PipelineText.read(file, yaml);
  const all = entriesOf(yaml.contents).find(({ name }) => name === pipeline?.format.steps);
  if (!pipeline || !all) return { steps: [] };
  const lineOf = ({ key }: Pick<typeof all, 'key'>) => yaml.position(yaml.spanOf(key).start).line;
  return {
    stepsLine: lineOf(all),
    steps: pipeline.steps.map(step => ({ name: step.name, line: lineOf(step) })),
  };
}
