import path from 'node:path';
import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { type Format, formatOf, type KeyPath } from './vocabulary.ts';
import { entriesOf, textOf, valueAt, YamlText } from './yaml-text.ts';

/** A step as it is written. */
export interface StepText {
  readonly name: string;
  readonly key: Scalar;
  readonly value: Node | null;
  /** The folder that it runs in; undefined when that is not known before parameters are filled in. */
  readonly folder: string | undefined;
}

/** Where parameters come from. */
export interface ParameterSource {
  readonly file: string;
  /** The mapping in the file that holds them. */
  readonly at: KeyPath;
  /** The names that are taken; undefined = all. */
  readonly only?: readonly string[];
}

const DEFAULT_PARAMETERS = 'params.yaml';

/** A pipeline file as it is written, however incomplete. */
export class PipelineText {
  readonly file: string;
  readonly folder: string;
  readonly format: Format;
  readonly yaml: YamlText;
  readonly steps: readonly StepText[];

  private constructor(file: string, format: Format, text: string) {
    this.file = file;
    this.folder = path.dirname(file);
    this.format = format;
    this.yaml = new YamlText(text);
    this.steps = entriesOf(valueAt(this.yaml.contents, [format.steps])).map(entry => {
      const own = textOf(valueAt(entry.value, [format.folder])) ?? '.';
      return { ...entry, folder: own.includes('${') ? undefined : path.resolve(this.folder, own) };
    });
  }

  /** @returns undefined for a file that is no pipeline by its name */
  static read(file: string, text: string): PipelineText | undefined {
    const format = formatOf(file);
    return format && new PipelineText(file, format, text);
  }

  /** The step that a place is in. */
  stepAt(at: KeyPath): StepText | undefined {
    return at[0] === this.format.steps ? this.steps.find(step => step.name === at[1]) : undefined;
  }

  /** Where the parameters come from that templates may name: of the file, and of one of its steps. */
  parameterSources(step?: StepText): readonly ParameterSource[] {
    if (this.format.variables === undefined) return [this.#parameters()];
    const file = { file: path.join(this.folder, DEFAULT_PARAMETERS), at: [] };
    const { variables } = this.format;
    return [
      file,
      ...this.#variables([variables], this.folder),
      ...(step?.folder ? this.#variables([this.format.steps, step.name, variables], step.folder) : []),
    ];
  }

  /** Where a step's list of parameters finds them. @param file as the list names it */
  listedSource(step: StepText, file: string | undefined): ParameterSource | undefined {
    if (this.format.variables === undefined) return this.#parameters();
    return step.folder === undefined
      ? undefined
      : { file: path.resolve(step.folder, file ?? DEFAULT_PARAMETERS), at: [] };
  }

  /** The file's `params`: a path, the parameters themselves, or nothing. */
  #parameters(): ParameterSource {
    const declared = valueAt(this.yaml.contents, ['params']);
    if (isMap(declared)) return { file: this.file, at: ['params'] };
    return { file: path.resolve(this.folder, textOf(declared) ?? DEFAULT_PARAMETERS), at: [] };
  }

  /** A list of DVC's `vars`: files, some of their parameters, or the parameters themselves. */
  #variables(at: KeyPath, folder: string): ParameterSource[] {
    const list = valueAt(this.yaml.contents, at);
    if (!isSeq(list)) return [];
    return list.items.flatMap((item, index): ParameterSource[] => {
      if (isMap(item)) return [{ file: this.file, at: [...at, index] }];
      const [file, names] = (isScalar(item) ? String(item.value) : '').split(':');
      if (!file) return [];
      return [
        { file: path.resolve(folder, file), at: [], ...(names !== undefined && { only: names.split(',') }) },
      ];
    });
  }
}
