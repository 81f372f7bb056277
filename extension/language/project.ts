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

  private constructor(pipelines: readonly PipelineText[], texts: ReadonlyMap<string, YamlText>) {
    this.pipelines = pipelines;
    this.#texts = texts;
  }

  /** Reads all pipelines of the workspace, or one. */
  static async read(files: Files, only?: string): Promise<Project> {
    const names = only === undefined ? await files.pipelines() : [only];
    const read = await Promise.all(
      names.map(async file => {
        const text = await files.read(file);
        return text === undefined ? undefined : PipelineText.read(file, text);
      }),
    );
    const pipelines = read.filter(pipeline => pipeline !== undefined);
    const texts = new Map(pipelines.map(({ file, yaml }) => [file, yaml]));
    const sources = new Set(pipelines.flatMap(each => each.allSources()).map(({ file }) => file));
    await Promise.all(
      [...sources].map(async file => {
        if (texts.has(file) || !IN_YAML.test(file)) return;
        const text = await files.read(file);
        if (text !== undefined) texts.set(file, new YamlText(text));
      }),
    );
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
    const text = this.#texts.get(source.file);
    return text ? parametersIn(text, source) : new Map();
  }

  /** The parameters that templates may name. */
  parametersFor(pipeline: PipelineText, step?: StepText): ReadonlyMap<string, Parameter> {
    return new Map(
      pipeline.parameterSources(step).flatMap(source => [...this.parametersIn(source).entries()]),
    );
  }
}
