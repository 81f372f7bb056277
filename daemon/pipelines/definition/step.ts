import path from 'node:path';
import { GateSyntaxError, parseGate } from '../gates.ts';
import {
  parseBackoff,
  parseDuration,
  parseTimeout,
  parseTimes,
  RETRY_DEFAULTS,
  type Retries,
  ValueError,
} from './attempts.ts';
import { CommandError, splitCommand } from './command.ts';
import { holds } from './condition.ts';
import { isInside } from './graph.ts';
import type { Step } from './model.ts';
import type { StepSource } from './schema.ts';
import { type Source, type SourcePath, suggest } from './source.ts';
import { fill, fillText, TemplateError } from './template.ts';

/** What all steps of a definition are read with. */
export interface StepContext {
  readonly folder: string;
  readonly workspace: string;
  readonly params: unknown;
  readonly parameterNames: readonly string[];
  /** Names of all steps. */
  readonly names: readonly string[];
}

/** Keys that have no meaning for a step that runs no commands. */
const COMMAND_KEYS = ['timeout', 'retries', 'mutex'] as const;

/** Reads steps one by one: fills in parameters, splits commands, makes paths absolute, and reports what is wrong. */
export class StepReader {
  readonly #source: Source;
  readonly #context: StepContext;

  constructor(source: Source, context: StepContext) {
    this.#source = source;
    this.#context = context;
  }

  /** @returns the step, with only `after` in `needs`; where problems were reported, parts of it are empty. */
  read(name: string, step: StepSource): Step {
    const at: SourcePath = ['steps', name];
    const cwd = this.#path([...at, 'cwd'], this.#context.folder, step.cwd ?? '.', true);
    const paths = (key: 'deps' | 'outs' | 'metrics', inside: boolean) =>
      step[key].map((value, index) => this.#path([...[...at, key], index], cwd, value, inside));
    this.#checkPurpose(at, step);
    this.#checkCommandKeys(at, step);
    this.#checkReferences(at, name, step);
    const commands = step.run?.map((command, index) => this.#command([...[...at, 'run'], index], command));
    return {
      name,
      line: this.#source.lineOf(at),
      command: commands?.map(words => words.join(' ')).join('\n') ?? null,
      commands: commands ?? [],
      cwd,
      env: Object.fromEntries(
        Object.entries(step.env).map(([key, value]) => [key, this.#text([...at, 'env', key], String(value))]),
      ),
      needs: step.after,
      deps: paths('deps', false),
      outs: paths('outs', true),
      params: step.params ?? null,
      metrics: paths('metrics', true),
      checks: step.checks === undefined ? null : this.#path([...at, 'checks'], cwd, step.checks, true),
      register:
        step.model === undefined ? null : this.#text([...at, 'model', 'register'], step.model.register),
      gates: step.gates.map((gate, index) => this.#gate([...[...at, 'gates'], index], gate)),
      promote:
        step.promote === undefined
          ? null
          : { model: this.#text([...at, 'promote', 'model'], step.promote.model), to: step.promote.to },
      approval: step.approval ?? null,
      timeout: this.#value([...at, 'timeout'], step.timeout, parseTimeout),
      retries: this.#retries([...at, 'retries'], step.retries),
      unless: this.#unless([...at, 'when'], step.when),
      mutex: step.mutex.map((mutex, index) => this.#text([...at, 'mutex', index], mutex)),
      always: step.always,
    };
  }

  /** @returns a condition that does not hold */
  #unless(at: SourcePath, when: StepSource['when']): string | undefined {
    if (when === undefined) return undefined;
    const text = String(when);
    const { params } = this.#context;
    const found = this.#guard(at, () => holds(text, reference => fill(reference, params, this.#suggest)));
    return found === false ? text : undefined;
  }

  #retries(at: SourcePath, retries: StepSource['retries']): Retries | undefined {
    if (retries === undefined) return undefined;
    const { times, wait, backoff, max_wait } = {
      ...RETRY_DEFAULTS,
      ...(typeof retries === 'object' ? retries : { times: retries }),
    };
    return {
      times: this.#value([...at, 'times'], times, parseTimes) ?? 0,
      wait: this.#value([...at, 'wait'], wait, parseDuration) ?? 0,
      backoff: this.#value([...at, 'backoff'], backoff, parseBackoff) ?? 1,
      maxWait: this.#value([...at, 'max_wait'], max_wait, parseDuration) ?? 0,
    };
  }

  #checkPurpose(at: SourcePath, step: StepSource): void {
    if (step.approval !== undefined && step.run !== undefined) {
      this.#source.errorAtKey(
        [...at, 'approval'],
        'a step either runs a command or waits for approval',
        'Make the approval a step of its own, and let the other come after it.',
      );
    }
    if (step.approval !== undefined && step.always) {
      this.#source.errorAtKey(
        [...at, 'always'],
        'an approval is asked for only when all that it needs went well',
        'Remove “always”.',
      );
    }
    if (step.run ?? step.approval ?? step.promote) return;
    if (step.gates.length > 0) return;
    this.#source.errorAtKey(at, 'the step does nothing', 'Give it “run”, “gates”, “promote” or “approval”.');
  }

  /** Reports keys that only commands can heed. */
  #checkCommandKeys(at: SourcePath, step: StepSource): void {
    if (step.run !== undefined) return;
    for (const key of COMMAND_KEYS) {
      const value = step[key];
      if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
      this.#source.errorAtKey([...at, key], `“${key}” is for steps with “run”`, 'Remove it.');
    }
  }

  #checkReferences(at: SourcePath, name: string, step: StepSource): void {
    for (const [index, other] of step.after.entries()) {
      if (this.#context.names.includes(other)) continue;
      this.#source.error(
        [...[...at, 'after'], index],
        `there is no step “${other}”`,
        suggest(
          other,
          this.#context.names.filter(known => known !== name),
        ),
      );
    }
    for (const [index, parameter] of (step.params ?? []).entries()) {
      const known = this.#context.parameterNames;
      if (known.some(other => other === parameter || other.startsWith(`${parameter}.`))) continue;
      this.#source.error(
        [...[...at, 'params'], index],
        `there is no parameter “${parameter}”`,
        suggest(parameter, known),
      );
    }
  }

  #command(at: SourcePath, command: string): string[] {
    return (
      this.#guard(at, () =>
        splitCommand(command, word => fillText(word, this.#context.params, this.#suggest)),
      ) ?? []
    );
  }

  #gate(at: SourcePath, gate: string): string {
    return (
      this.#guard(at, () => {
        const text = fillText(gate, this.#context.params, this.#suggest);
        parseGate(text);
        return text;
      }) ?? gate
    );
  }

  #text(at: SourcePath, text: string): string {
    return this.#guard(at, () => fillText(text, this.#context.params, this.#suggest)) ?? text;
  }

  /** A value that may be a `${…}`, parsed. */
  #value<T>(at: SourcePath, value: unknown, parse: (value: unknown) => T): T | undefined {
    if (value === undefined) return undefined;
    return this.#guard(at, () =>
      parse(typeof value === 'string' ? fill(value, this.#context.params, this.#suggest) : value),
    );
  }

  #path(at: SourcePath, base: string, text: string, inside: boolean): string {
    const absolute = path.resolve(base, this.#text(at, text));
    const { workspace } = this.#context;
    if (inside && absolute !== workspace && !isInside(absolute, workspace)) {
      this.#source.error(
        at,
        `“${text}” lies outside the workspace “${workspace}”`,
        'Let steps run and write inside the workspace.',
      );
    }
    return absolute;
  }

  #suggest = (name: string): string => suggest(name, this.#context.parameterNames);

  #guard<T>(at: SourcePath, read: () => T): T | undefined {
    try {
      return read();
    } catch (error) {
      if (error instanceof TemplateError || error instanceof CommandError || error instanceof ValueError) {
        this.#source.error(at, error.message, error.remedy);
      } else if (error instanceof GateSyntaxError) {
        this.#source.error(at, `the gate cannot be read: ${error.message}`, 'Write it like “rmspe < 0.1”.');
      } else {
        throw error;
      }
      return undefined;
    }
  }
}
