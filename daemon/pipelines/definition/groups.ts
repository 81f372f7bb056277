// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts show the syntax that they are about
/** The steps that the entries of a definition stand for: one, or a group of them by `foreach` or `matrix`. */
import { ValueError } from './attempts.ts';
import { expandForeach, expandMatrix, type Member, memberName, withMember } from './expand.ts';
import type { StepSource } from './schema.ts';
import { type Source, type SourcePath, suggest } from './source.ts';
import { fillAll, TemplateError } from './template.ts';

/** A step to be read. */
export interface Entry {
  /** Its name, that of a member in a group: `train@cnn`. */
  readonly name: string;
  /** The key under which it stands in the file. */
  readonly entry: string;
  readonly step: StepSource;
  /** Parameters, with `item` and `key` for a member of a group. */
  readonly params: Readonly<Record<string, unknown>>;
}

/** A member's name is shown in one line. */
const MEMBER_KEY = /^[^\p{Cc}\u2028\u2029]{1,200}$/u;

/** Reads groups, and reports what is wrong with them. */
export class GroupReader {
  readonly #source: Source;
  readonly #params: Readonly<Record<string, unknown>>;
  readonly #suggest: (name: string) => string;

  /** @param parameterNames those that may be meant by a misspelt one */
  constructor(source: Source, params: Readonly<Record<string, unknown>>, parameterNames: readonly string[]) {
    this.#source = source;
    this.#params = params;
    this.#suggest = name => suggest(name, parameterNames);
  }

  read(steps: Readonly<Record<string, StepSource>>): Entry[] {
    return Object.entries(steps).flatMap(([entry, step]) => {
      const at: SourcePath = ['steps', entry];
      if (step.foreach === undefined && step.matrix === undefined)
        return [{ name: entry, entry, step, params: this.#params }];
      if (step.foreach !== undefined && step.matrix !== undefined) {
        this.#source.errorAtKey(
          [...at, 'matrix'],
          'a step has either “foreach” or “matrix”',
          'Remove one of them.',
        );
        return [];
      }
      const key = step.foreach === undefined ? 'matrix' : 'foreach';
      return this.#members([...at, key], step).map(member => ({
        name: memberName(entry, member.key),
        entry,
        step,
        params: withMember(this.#params, member),
      }));
    });
  }

  #members(at: SourcePath, { foreach, matrix }: StepSource): Member[] {
    try {
      const members =
        foreach === undefined
          ? expandMatrix(axesOf(this.#fill(matrix)))
          : expandForeach(valuesOf(this.#fill(foreach)));
      const odd = members.find(({ key }) => !MEMBER_KEY.test(key));
      if (odd)
        throw new ValueError(
          `“${odd.key}” cannot be a part of a step’s name`,
          'Use short texts in one line.',
        );
      return members;
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof ValueError)) throw error;
      this.#source.error(at, error.message, error.remedy);
      return [];
    }
  }

  #fill(value: unknown): unknown {
    return fillAll(value, this.#params, this.#suggest);
  }
}

/** @throws ValueError */
function valuesOf(foreach: unknown): readonly unknown[] | Readonly<Record<string, unknown>> {
  if (Array.isArray(foreach)) return foreach;
  if (typeof foreach === 'object' && foreach !== null) return foreach as Record<string, unknown>;
  throw new ValueError(
    '“foreach” needs a list or a mapping',
    'Write values, or ${name} of a parameter that is a list.',
  );
}

/** @throws ValueError */
function axesOf(matrix: unknown): Record<string, readonly unknown[]> {
  for (const [axis, values] of Object.entries(matrix ?? {})) {
    if (!Array.isArray(values))
      throw new ValueError(`“${axis}” is no list`, 'Write values, or ${name} of a parameter that is a list.');
  }
  return matrix as Record<string, readonly unknown[]>;
}

/**
 * What names in `after` stand for: a step, or all members of a group.
 *
 * @param declared keys of the definition: a group may have no members
 */
export function stepsByName(declared: readonly string[], entries: readonly Entry[]): Map<string, string[]> {
  const steps = new Map<string, string[]>(declared.map(name => [name, []]));
  for (const { name, entry } of entries) {
    steps.get(entry)?.push(name);
    if (name !== entry) steps.set(name, [name]);
  }
  return steps;
}
