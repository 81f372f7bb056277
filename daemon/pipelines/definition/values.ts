import path from 'node:path';
import { GateSyntaxError, parseGate } from '../../registry/gates.ts';
import { ValueError } from './attempts.ts';
import { CommandError, splitCommand } from './command.ts';
import { holds } from './condition.ts';
import { isInside } from './graph.ts';
import { type Source, type SourcePath, suggest } from './source.ts';
import { fill, fillAll, fillText, TemplateError } from './template.ts';

/** Reads values of one step: fills in parameters, and reports in the source what cannot be read. */
export class ValueReader {
  readonly #source: Source;
  readonly #params: unknown;
  readonly #names: readonly string[];
  readonly #workspace: string;

  /**
   * @param context.params what `${…}` refers to
   * @param context.names of parameters that may be meant by a misspelt one
   * @param context.workspace the folder that nothing may be written outside of
   */
  constructor(
    source: Source,
    context: { readonly params: unknown; readonly names: readonly string[]; readonly workspace: string },
  ) {
    this.#source = source;
    this.#params = context.params;
    this.#names = context.names;
    this.#workspace = context.workspace;
  }

  /** A text with its parameters filled in. */
  text(at: SourcePath, text: string): string {
    return this.#guard(at, () => fillText(text, this.#params, this.#suggest)) ?? text;
  }

  /** A value that may be a `${…}`, parsed. */
  value<T>(at: SourcePath, value: unknown, parse: (value: unknown) => T): T | undefined {
    if (value === undefined) return undefined;
    return this.#guard(at, () => parse(fillAll(value, this.#params, this.#suggest)));
  }

  /** The words of a command. */
  command(at: SourcePath, command: string): string[] {
    const read = () => splitCommand(command, word => fillText(word, this.#params, this.#suggest));
    return this.#guard(at, read) ?? [];
  }

  gate(at: SourcePath, gate: string): string {
    const read = () => {
      const text = fillText(gate, this.#params, this.#suggest);
      parseGate(text);
      return text;
    };
    return this.#guard(at, read) ?? gate;
  }

  /** Whether a condition holds; undefined when it cannot be read. */
  holds(at: SourcePath, condition: string): boolean | undefined {
    return this.#guard(at, () => holds(condition, reference => fill(reference, this.#params, this.#suggest)));
  }

  /** An absolute path. @param inside whether it must lie in the workspace */
  path(at: SourcePath, base: string, text: string, inside: boolean): string {
    const absolute = path.resolve(base, this.text(at, text));
    if (inside && absolute !== this.#workspace && !isInside(absolute, this.#workspace)) {
      this.#source.error(
        at,
        `“${text}” lies outside the workspace “${this.#workspace}”`,
        'Let steps run and write inside the workspace.',
      );
    }
    return absolute;
  }

  #suggest = (name: string): string => suggest(name, this.#names);

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
