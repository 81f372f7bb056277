import type { Files } from './files.ts';
import { KeyedText } from './keyed-text.ts';
import { type Parameter, parametersIn } from './parameters.ts';
import { type ParameterSource, PipelineText, type StepText } from './pipeline-text.ts';
import { type Position, YamlText } from './yaml-text.ts';

/** Of parameters; DVC has them in TOML and Python, too. */
const IN_YAML = /\.(ya?ml|json)$/;

/** The pipelines of a workspace and their files of parameters, as they are at one moment. */
export class Project {
  readonly pipelines: readonly PipelineText[];
  readonly #texts: ReadonlyMap<string, YamlText | KeyedText>;
  readonly #parameters = new Map<string, ReadonlyMap<string, Parameter>>();

  private constructor(pipelines: readonly PipelineText[], texts: ReadonlyMap<string, YamlText | KeyedText>) {
    this.pipelines = pipelines;
    this.#texts = texts;
  }

  /** Reads all pipelines of the workspace, or one. */
  static async read(files: Files, only?: string): Promise<Project> {
    const texts = new Map<string, YamlText | KeyedText>();
    const read = async (file: string) => {
      const text = await readText(files, file);
      if (text) texts.set(file, text);
    };
    const names = only === undefined ? await files.pipelines() : [only];
    await Promise.all(names.map(read));
    const pipelines = names.flatMap(file => {
      const yaml = texts.get(file);
      return (yaml instanceof YamlText && PipelineText.read(file, yaml)) || [];
    });
    const sources = new Set(pipelines.flatMap(each => each.allSources()).map(({ file }) => file));
    const isRead = (file: string) => IN_YAML.test(file) || KeyedText.canRead(file);
    await Promise.all([...sources].filter(file => !texts.has(file) && isRead(file)).map(read));
    return new Project(pipelines, texts);
  }

  pipeline(file: string): PipelineText | undefined {
    return this.pipelines.find(pipeline => pipeline.file === file);
  }

  /** A pipeline's or parameters' text, where it is YAML or JSON. */
  yaml(file: string): YamlText | undefined {
    const text = this.#texts.get(file);
    return text instanceof YamlText ? text : undefined;
  }

  /** A place in a text of the project. */
  position(file: string, offset: number): Position | undefined {
    return this.#texts.get(file)?.position(offset);
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
const lastRead = new WeakMap<Files, Map<string, YamlText | KeyedText>>();

async function readText(files: Files, file: string): Promise<YamlText | KeyedText | undefined> {
  const text = await files.read(file);
  const known = lastRead.get(files) ?? new Map<string, YamlText | KeyedText>();
  lastRead.set(files, known);
  if (text === undefined) {
    known.delete(file);
    return undefined;
  }
  const last = known.get(file);
  if (last?.text === text) return last;
  const read = KeyedText.canRead(file) ? KeyedText.read(file, text) : new YamlText(text);
  known.set(file, read);
  return read;
}
