import { existsSync } from 'node:fs';
import path from 'node:path';
import { SecretName } from '../../contract/secrets.ts';
import {
  parseBackoff,
  parseDuration,
  parseTimeout,
  parseTimes,
  RETRY_DEFAULTS,
  type Retries,
} from './attempts.ts';
import type { ComponentReader } from './component.ts';
import type { Entry } from './groups.ts';
import type { Step } from './model.ts';
import { ONE_CORE, parseCpu, parseGpu, parseMemory, type Resources } from './resources.ts';
import type { StepSource } from './schema.ts';
import { type Source, type SourcePath, suggest } from './source.ts';
import { UsesReader } from './uses.ts';
import { ValueReader } from './values.ts';

/** What all steps of a definition are read with. */
export interface StepContext {
  readonly folder: string;
  readonly workspace: string;
  readonly parameterNames: readonly string[];
  /** What the names of steps and groups stand for. */
  readonly names: ReadonlyMap<string, readonly string[]>;
  readonly components: ComponentReader;
}

/** What a step runs, and what comes with that. */
type Work = Pick<Step, 'command' | 'commands' | 'notebook' | 'cwd' | 'deps' | 'outs' | 'values' | 'code'>;

const NOTHING = { command: null, commands: [], deps: [], outs: [] } as const;

/** What a step can be for: one of these. */
const PURPOSES = ['run', 'notebook', 'uses', 'approval'] as const;

/** Of these, those that run something. */
const RUNNING = ['run', 'notebook', 'uses'] as const;

/** What a component decides by itself. */
const COMPONENT_KEYS = ['cwd', 'params'] as const;

/** Keys that have no meaning for a step that runs no commands. */
const COMMAND_KEYS = ['timeout', 'retries', 'mutex', 'resources', 'secrets'] as const;

/** Reads steps one by one: fills in parameters, splits commands, makes paths absolute, and reports what is wrong. */
export class StepReader {
  readonly #source: Source;
  readonly #context: StepContext;
  readonly #uses: UsesReader;

  constructor(source: Source, context: StepContext) {
    this.#source = source;
    this.#context = context;
    this.#uses = new UsesReader(source, context.components, context.workspace);
  }

  /** @returns the step, with only `after` in `needs`; where problems were reported, parts of it are empty. */
  read({ name, entry, step, params }: Entry): Step {
    const { folder, workspace, parameterNames } = this.#context;
    const values = new ValueReader(this.#source, { params, names: parameterNames, workspace });
    const at: SourcePath = ['steps', entry];
    const after = step.after.map((other, index) => values.text([...at, 'after', index], other));
    const cwd = values.path([...at, 'cwd'], folder, step.cwd ?? '.', true);
    const paths = (key: 'deps' | 'outs' | 'metrics' | 'plots', inside: boolean) =>
      step[key].map((value, index) => values.path([...[...at, key], index], cwd, value, inside));
    this.#checkPurpose(at, step);
    this.#checkCommandKeys(at, step);
    this.#checkReferences(at, entry, step.params ?? [], after);
    const condition = step.when === undefined ? undefined : String(step.when);
    const work = this.#work(values, at, step, cwd);
    return {
      ...work,
      name,
      group: name === entry ? undefined : entry,
      line: this.#source.lineOf(at),
      env: Object.fromEntries(
        Object.entries(step.env).map(([key, value]) => [
          key,
          values.text([...at, 'env', key], String(value)),
        ]),
      ),
      needs: [...new Set(after.flatMap(other => this.#context.names.get(other) ?? []))],
      deps: [...work.deps, ...paths('deps', false)],
      outs: [...work.outs, ...paths('outs', true)],
      params: step.params ?? null,
      metrics: paths('metrics', true),
      plots: paths('plots', true),
      checks: step.checks === undefined ? null : values.path([...at, 'checks'], cwd, step.checks, true),
      register:
        step.model === undefined ? null : values.text([...at, 'model', 'register'], step.model.register),
      gates: step.gates.map((gate, index) => values.gate([...[...at, 'gates'], index], gate)),
      promote:
        step.promote === undefined
          ? null
          : { model: values.text([...at, 'promote', 'model'], step.promote.model), to: step.promote.to },
      approval: step.approval === undefined ? null : values.text([...at, 'approval'], step.approval),
      timeout: values.value([...at, 'timeout'], step.timeout, parseTimeout),
      retries: this.#retries(values, [...at, 'retries'], step.retries),
      unless:
        condition !== undefined && values.holds([...at, 'when'], condition) === false ? condition : undefined,
      mutex: step.mutex.map((mutex, index) => values.text([...at, 'mutex', index], mutex)),
      secrets: step.secrets.map((secret, index) => this.#secret([...at, 'secrets', index], secret)),
      resources: this.#resources(values, [...at, 'resources'], step.resources),
      always: step.always,
    };
  }

  /** What a step runs: commands, a notebook or a component, or nothing. */
  #work(values: ValueReader, at: SourcePath, step: StepSource, cwd: string): Work {
    if (step.uses !== undefined) {
      const { folder } = this.#context;
      const used = this.#uses.read({ at, uses: step.uses, with: step.with, folder }, values);
      return used ?? { ...NOTHING, cwd };
    }
    if (step.notebook !== undefined) {
      const notebook = this.#notebook(values, [...at, 'notebook'], cwd, step.notebook);
      const words = ['papermill', path.relative(cwd, notebook).split(path.sep).join('/')];
      return { ...NOTHING, cwd, notebook, command: words.join(' '), commands: [words] };
    }
    if (step.run === undefined) return { ...NOTHING, cwd };
    const commands = step.run.map((command, index) => values.command([...at, 'run', index], command));
    return { ...NOTHING, cwd, commands, command: commands.map(words => words.join(' ')).join('\n') };
  }

  #retries(values: ValueReader, at: SourcePath, retries: StepSource['retries']): Retries | undefined {
    if (retries === undefined) return undefined;
    const { times, wait, backoff, max_wait } = {
      ...RETRY_DEFAULTS,
      ...(typeof retries === 'object' ? retries : { times: retries }),
    };
    return {
      times: values.value([...at, 'times'], times, parseTimes) ?? 0,
      wait: values.value([...at, 'wait'], wait, parseDuration) ?? 0,
      backoff: values.value([...at, 'backoff'], backoff, parseBackoff) ?? 1,
      maxWait: values.value([...at, 'max_wait'], max_wait, parseDuration) ?? 0,
    };
  }

  #secret(at: SourcePath, name: string): string {
    if (!SecretName.safeParse(name).success)
      this.#source.error(
        at,
        `“${name}” cannot be the name of a secret`,
        'Use letters, digits and “_”, as in the name of a variable, and no name of modelthat’s own.',
      );
    return name;
  }

  #resources(values: ValueReader, at: SourcePath, resources: StepSource['resources']): Resources | undefined {
    if (resources === undefined) return undefined;
    const { cpu, memory, gpu } = resources;
    return {
      cpu: values.value([...at, 'cpu'], cpu, parseCpu) ?? ONE_CORE.cpu,
      memory: values.value([...at, 'memory'], memory, parseMemory) ?? ONE_CORE.memory,
      gpu: values.value([...at, 'gpu'], gpu, parseGpu) ?? ONE_CORE.gpu,
    };
  }

  #notebook(values: ValueReader, at: SourcePath, cwd: string, text: string): string {
    const notebook = values.path(at, cwd, text, true);
    if (!existsSync(notebook))
      this.#source.error(at, `there is no notebook “${text}”`, 'Create it, or correct the path.');
    return notebook;
  }

  #checkPurpose(at: SourcePath, step: StepSource): void {
    const [first, second] = PURPOSES.filter(key => step[key] !== undefined);
    if (second !== undefined) {
      this.#source.errorAtKey(
        [...at, second],
        `a step has either “${first}” or “${second}”`,
        'Make two steps of it, and let one come after the other.',
      );
    }
    if (step.approval !== undefined && step.always) {
      this.#source.errorAtKey(
        [...at, 'always'],
        'an approval is asked for only when all that it needs went well',
        'Remove “always”.',
      );
    }
    if (first !== undefined || step.promote !== undefined) return;
    if (step.gates.length > 0) return;
    this.#source.errorAtKey(
      at,
      'the step does nothing',
      'Give it “run”, “notebook”, “uses”, “gates”, “promote” or “approval”.',
    );
  }

  /** Reports keys that only commands, or only components, can heed. */
  #checkCommandKeys(at: SourcePath, step: StepSource): void {
    if (step.uses === undefined && Object.keys(step.with).length > 0)
      this.#source.errorAtKey([...at, 'with'], '“with” is for steps with “uses”', 'Remove it.');
    for (const key of COMPONENT_KEYS) {
      if (step.uses === undefined || step[key] === undefined) continue;
      this.#source.errorAtKey(
        [...at, key],
        `“${key}” is not for steps with “uses”`,
        'A component runs in its own folder, and gets its parameters below “with”.',
      );
    }
    if (RUNNING.some(key => step[key] !== undefined)) return;
    for (const key of COMMAND_KEYS) {
      const value = step[key];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
      this.#source.errorAtKey([...at, key], `“${key}” is for steps with “run”`, 'Remove it.');
    }
  }

  #checkReferences(
    at: SourcePath,
    entry: string,
    parameters: readonly string[],
    after: readonly string[],
  ): void {
    const { names } = this.#context;
    for (const [index, other] of after.entries()) {
      if (names.has(other)) continue;
      const others = [...names.keys()].filter(known => known !== entry);
      this.#source.error([...at, 'after', index], `there is no step “${other}”`, suggest(other, others));
    }
    for (const [index, parameter] of parameters.entries()) {
      const known = this.#context.parameterNames;
      if (known.some(other => other === parameter || other.startsWith(`${parameter}.`))) continue;
      this.#source.error(
        [...[...at, 'params'], index],
        `there is no parameter “${parameter}”`,
        suggest(parameter, known),
      );
    }
  }
}
