/** Steps that use a component in place of commands. */
import path from 'node:path';
import { ValueError } from './attempts.ts';
import { COMPONENT_FILE, type Component, type ComponentReader } from './component.ts';
import type { Step } from './model.ts';
import { type Source, type SourcePath, suggest } from './source.ts';
import { ValueReader } from './values.ts';

/** What a component makes of a step. */
type Used = Pick<Step, 'command' | 'commands' | 'cwd' | 'deps' | 'outs' | 'values' | 'code'>;

/** What a step says of the component that it uses. */
export interface Use {
  /** Where the step stands in its source. */
  readonly at: SourcePath;
  /** The component's folder, as written. */
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
  /** The folder that paths in `with` are relative to. */
  readonly folder: string;
}

/** Reads steps with `uses`. What is wrong in a component is reported there and where it is used. */
export class UsesReader {
  readonly #source: Source;
  readonly #reader: ComponentReader;
  readonly #workspace: string;

  constructor(source: Source, reader: ComponentReader, workspace: string) {
    this.#source = source;
    this.#reader = reader;
    this.#workspace = workspace;
  }

  /** @param values reads what the step writes. @returns undefined when problems were reported */
  read(use: Use, values: ValueReader): Used | undefined {
    const at = [...use.at, 'uses'];
    const folder = values.path(at, use.folder, use.uses, true);
    const component = this.#reader.read(folder);
    if (component === undefined) {
      this.#source.error(
        at,
        `there is no component in “${use.uses}”: it has no ${COMPONENT_FILE}`,
        'Name a folder with a component, relative to this file.',
      );
      return undefined;
    }
    if (!('folder' in component)) {
      this.#reportUse(at, component);
      return undefined;
    }
    return this.#use(use, component, values);
  }

  #use(use: Use, component: Component, values: ValueReader): Used | undefined {
    if (!this.#checkNames(use, component)) return undefined;
    const places = (names: readonly string[], inside: boolean) =>
      names.map((name): [string, string] => {
        const at = [...use.at, 'with', name];
        return [name, values.path(at, use.folder, String(use.with[name]), inside)];
      });
    const inputs = places(component.inputs, false);
    const outputs = places(component.outputs, true);
    const params = Object.fromEntries(
      Object.entries(component.params).map(([name, standard]) => {
        const given = use.with[name];
        if (given === undefined) return [name, standard];
        const at = [...use.at, 'with', name];
        return [name, values.value(at, given, value => checkKind(name, value, standard))];
      }),
    );
    const commands = this.#commands(component, { inputs, outputs, params });
    if (component.source.failed) this.#reportUse([...use.at, 'uses'], component.source);
    const words = commands.map(each => each.join(' ')).join('\n');
    return {
      command: `${component.name} ${component.version}: ${words}`,
      commands,
      cwd: component.folder,
      deps: inputs.map(([, place]) => place),
      outs: outputs.map(([, place]) => place),
      values: params,
      code: [component.folder],
    };
  }

  /** Each path as the component sees it, from its own folder: the same wherever the workspace lies. */
  #commands(
    { source, folder, run }: Component,
    seen: {
      readonly inputs: readonly [string, string][];
      readonly outputs: readonly [string, string][];
      readonly params: Readonly<Record<string, unknown>>;
    },
  ): string[][] {
    const relative = (places: readonly [string, string][]) =>
      Object.fromEntries(
        places.map(([name, place]) => [name, path.relative(folder, place).split(path.sep).join('/')]),
      );
    const params = { inputs: relative(seen.inputs), outputs: relative(seen.outputs), params: seen.params };
    const names = Object.entries(params).flatMap(([kind, values]) =>
      Object.keys(values).map(name => `${kind}.${name}`),
    );
    const reader = new ValueReader(source, { params, names, workspace: this.#workspace });
    return run.map((command, index) => reader.command(['run', index], command));
  }

  /** @returns whether all that the component needs is given, and nothing else */
  #checkNames({ at, with: given }: Use, component: Component): boolean {
    const { inputs, outputs, params, name } = component;
    const known = [...inputs, ...outputs, ...Object.keys(params)];
    const unknown = Object.keys(given).filter(each => !known.includes(each));
    for (const each of unknown)
      this.#source.errorAtKey([...at, 'with', each], `“${name}” takes no “${each}”`, suggest(each, known));
    const required = known.filter(each => !Object.hasOwn(params, each) || params[each] === null);
    const missing = required.filter(each => given[each] === undefined);
    if (missing.length > 0)
      this.#source.errorAtKey(
        [...at, 'uses'],
        `“${name}” needs ${missing.map(each => `“${each}”`).join(', ')}`,
        `Give it below “with”. It reads ${inList(inputs)}, makes ${inList(outputs)}, and its parameters are ${inList(Object.keys(params))}.`,
      );
    return unknown.length === 0 && missing.length === 0;
  }

  #reportUse(at: SourcePath, { file, problems }: Source): void {
    const [first] = problems.filter(problem => problem.severity === 'error');
    if (!first) return;
    this.#source.error(
      at,
      `the component cannot be used: ${path.basename(path.dirname(file))}/${path.basename(file)}:${first.line}:${first.column}: ${first.message}`,
      first.remedy ?? 'Correct the component.',
    );
  }
}

/** @throws ValueError when a value is of another kind than the component's own */
function checkKind(name: string, value: unknown, standard: unknown): unknown {
  if (standard === null || standard === undefined || kindOf(value) === kindOf(standard)) return value;
  throw new ValueError(
    `“${name}” is ${kindOf(value)}, and the component takes ${kindOf(standard)}`,
    `Write it like ${JSON.stringify(standard)}.`,
  );
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'number' ? 'a number' : 'a text';
}

function inList(names: readonly string[]): string {
  return names.length === 0 ? 'nothing' : names.join(', ');
}
