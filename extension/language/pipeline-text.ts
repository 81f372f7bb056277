import path from 'node:path';
import { isMap, isScalar, isSeq, type Node, type Scalar } from 'yaml';
import { type Format, formatOf, type KeyPath } from './vocabulary.ts';
import { entriesOf, textOf, valueAt, type YamlText } from './yaml-text.ts';

/** A step as it is written. */
export interface StepText {
  readonly name: string;
  readonly key: Scalar;
  /** What it is made of: of a repeated stage of DVC, what is below `do`. */
  readonly body: Node | null;
  /** Where that is. */
  readonly at: KeyPath;
  /** What templates in it may name besides parameters. */
  readonly repeatedNames: readonly string[];
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
  readonly #byName: ReadonlyMap<string, StepText>;

  private constructor(file: string, format: Format, yaml: YamlText) {
    this.file = file;
    this.folder = path.dirname(file);
    this.format = format;
    this.yaml = yaml;
    this.steps = entriesOf(valueAt(this.yaml.contents, [format.steps])).map(({ name, key, value }) => {
      const repeated = format.dvc && valueAt(value, [format.dvc.repeated]);
      const body = repeated ?? value;
      const at = [format.steps, name, ...(repeated && format.dvc ? [format.dvc.repeated] : [])];
      const own = textOf(valueAt(body, [format.folder])) ?? '.';
      const folder = own.includes('${') ? undefined : path.resolve(this.folder, own);
      return { name, key, body, at, folder, repeatedNames: repeatedNames(value) };
    });
    this.#byName = new Map(this.steps.map(step => [step.name, step]));
  }

  /** @returns undefined for a file that is no pipeline by its name */
  static read(file: string, yaml: YamlText): PipelineText | undefined {
    const format = formatOf(file);
    return format && new PipelineText(file, format, yaml);
  }

  /** The step that a place is in. */
  stepAt(at: KeyPath): StepText | undefined {
    return at[0] === this.format.steps ? this.#byName.get(String(at[1])) : undefined;
  }

  /** Where the parameters come from that templates may name: of the file, and of one of its steps. */
  parameterSources(step?: StepText): readonly ParameterSource[] {
    const { dvc } = this.format;
    if (!dvc) return [this.#parameters()];
    return [
      { file: path.join(this.folder, DEFAULT_PARAMETERS), at: [] },
      ...this.#variables(this.yaml.contents, [dvc.variables], this.folder),
      ...(step?.folder ? this.#variables(step.body, [...step.at, dvc.variables], step.folder) : []),
    ];
  }

  /** Where the list of parameters at a place in a step finds them. DVC lists them by their files, too. */
  listedSource(step: StepText, at: KeyPath): ParameterSource | undefined {
    if (!this.format.dvc) return this.#parameters();
    if (step.folder === undefined) return undefined;
    const file = at.slice(step.at.length + 1).find(key => typeof key === 'string');
    return { file: path.resolve(step.folder, file ?? DEFAULT_PARAMETERS), at: [] };
  }

  /** All places that parameters come from. */
  allSources(): readonly ParameterSource[] {
    return [
      ...this.parameterSources(),
      ...this.steps.flatMap(step => [
        ...this.parameterSources(step),
        ...[step.at, ...listedFiles(step)].flatMap(at => this.listedSource(step, at) ?? []),
      ]),
    ];
  }

  /** The file's `params`: a path, the parameters themselves, or nothing. */
  #parameters(): ParameterSource {
    const declared = valueAt(this.yaml.contents, ['params']);
    if (isMap(declared)) return { file: this.file, at: ['params'] };
    return { file: path.resolve(this.folder, textOf(declared) ?? DEFAULT_PARAMETERS), at: [] };
  }

  /** A list of DVC's `vars`: files, some of their parameters, or the parameters themselves. */
  #variables(within: Node | null, at: KeyPath, folder: string): ParameterSource[] {
    const list = valueAt(within, at.slice(-1));
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

/** Where a stage lists parameters of a file. */
function listedFiles({ body, at }: StepText): KeyPath[] {
  const listed = valueAt(body, ['params']);
  if (!isSeq(listed)) return [];
  return listed.items.flatMap((item, index) =>
    entriesOf(item).map(({ name }) => [...at, 'params', index, name]),
  );
}

function repeatedNames(step: Node | null): string[] {
  const matrix = valueAt(step, ['matrix']);
  if (matrix) return entriesOf(matrix).map(({ name }) => `item.${name}`);
  return valueAt(step, ['foreach']) ? ['item', 'key'] : [];
}
