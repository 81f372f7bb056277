import type { Files } from './files.ts';
import { type Parameter, parametersIn } from './parameters.ts';
import { type ParameterSource, PipelineText, type StepText } from './pipeline-text.ts';
import { YamlText } from './yaml-text.ts';

/** Of parameters; DVC has them in TOML and Python, too. */
const IN_YAML = /\.(ya?ml|json)$/;

/** The pipelines of a workspace and their files of parameters, as they are at one moment. */
export class Project {
  readonly pipelines: readonly PipelineText[];
  readonly #texts: ReadonlyMap<string, YamlText>;
  readonly #parameters = new Map<string, ReadonlyMap<string, Parameter>>();

  private constructor(pipelines: readonly PipelineText[], texts: ReadonlyMap<string, YamlText>) {
    this.pipelines = pipelines;
    this.#texts = texts;
  }

  /** Reads all pipelines of the workspace, or one. */
  static async read(files: Files, only?: string): Promise<Project> {
    const texts = new Map<string, YamlText>();
    const read = async (file: string) => {
      const yaml = await readYaml(files, file);
      if (yaml) texts.set(file, yaml);
    };
    const names = only === undefined ? await files.pipelines() : [only];
    await Promise.all(names.map(read));
    const pipelines = names.flatMap(file => {
      const yaml = texts.get(file);
      return (yaml && PipelineText.read(file, yaml)) ?? [];
    });
    const sources = new Set(pipelines.flatMap(each => each.allSources()).map(({ file }) => file));
    await Promise.all([...sources].filter(file => !texts.has(file) && IN_YAML.test(file)).map(read));
    return new Project(pipelines, texts);
  }

  pipeline(file: string): PipelineText | undefined {
    return this.pipelines.find(pipeline => pipeline.file === file);
  }

  /** A pipeline's or parameters' text. */
  text(file: string): YamlText | undefined {
    return this.#texts.get(file);
  }

  /** Files of parameters that are no pipelines themselves. */
  get parameterFiles(): string[] {
    return [...this.#texts.keys()].filter(file => !this.pipeline(file));
  }

  parametersIn(source: ParameterSource): ReadonlyMap<string, Parameter> {
    const key = JSON.stringify(source);
    const text = this.#texts.get(source.file);
    const found = this.#parameters.get(key) ?? (text ? parametersIn(text, source) : new Map());
    this.#parameters.set(key, found);
    return found;
  }

  /** The parameters that templates may name. */
  parametersFor(pipeline: PipelineText, step?: StepText): ReadonlyMap<string, Parameter> {
    const all = pipeline.parameterSources(step).map(source => this.parametersIn(source));
    const [first] = all;
    return all.length === 1 && first ? first : new Map(all.flatMap(each => [...each]));
  }
}

/** What was read last: between one question and the next most files stay as they are, and parsing takes most of the time. */
const lastRead = new WeakMap<Files, Map<string, YamlText>>();

async function readYaml(files: Files, file: string): Promise<YamlText | undefined> {
  const text = await files.read(file);
  const known = lastRead.get(files) ?? new Map<string, YamlText>();
  lastRead.set(files, known);
  if (text === undefined) {
    known.delete(file);
    return undefined;
  }
  const last = known.get(file);
  if (last?.text === text) return last;
  const yaml = new YamlText(text);
  known.set(file, yaml);
  return yaml;
}
