/** Signatures of MLflow models: what a model takes and gives, and whether one can stand in for another. */
import { isDeepStrictEqual } from 'node:util';

/** One column or tensor. */
export interface Field {
  readonly name?: string | undefined;
  readonly type?: unknown;
  readonly required?: boolean | undefined;
  /** What else its type consists of. */
  readonly [part: string]: unknown;
}

/** What a model takes and gives; null where it does not say. */
export interface Signature {
  readonly inputs: readonly Field[] | null;
  readonly outputs: readonly Field[] | null;
}

/** Types whose values another takes as they are. */
const WIDER: Readonly<Record<string, readonly string[]>> = {
  integer: ['long', 'double'],
  float: ['double'],
};

/**
 * Why a model cannot take the place of another: callers go on sending what the old one takes and reading what it gives.
 *
 * @returns undefined when it can
 */
export function whyIncompatible(before: Signature, after: Signature | null): string | undefined {
  if (!after) return 'the version has no signature, and the one in Production has';
  return whyNotTaken(before.inputs, after.inputs) ?? whyNotGiven(before.outputs, after.outputs);
}

function whyNotTaken(sent: Signature['inputs'], taken: Signature['inputs']): string | undefined {
  if (!sent || !taken) return undefined;
  for (const field of taken) {
    const known = sent.find(({ name }) => name === field.name);
    if (!known && field.required !== false) return `it needs the input ${nameOf(field)}, which nobody sends`;
    if (known && !takes(field, known))
      return `it takes ${typeOf(field)} for the input ${nameOf(field)}, and is sent ${typeOf(known)}`;
  }
  return undefined;
}

function whyNotGiven(read: Signature['outputs'], given: Signature['outputs']): string | undefined {
  if (!read || !given) return undefined;
  for (const field of read) {
    const known = given.find(({ name }) => name === field.name);
    if (!known) return `it does not give the output ${nameOf(field)}`;
    if (!takes(field, known))
      return `it gives ${typeOf(known)} for the output ${nameOf(field)}, in place of ${typeOf(field)}`;
  }
  return undefined;
}

/** Whether what is of one type can be used where another is expected. */
function takes(expected: Field, actual: Field): boolean {
  if (typeof expected.type === 'string' && typeof actual.type === 'string')
    if (WIDER[actual.type]?.includes(expected.type)) return true;
  return isDeepStrictEqual(specOf(expected), specOf(actual));
}

function specOf({ name: _name, required: _required, ...spec }: Field): unknown {
  return spec;
}

function nameOf({ name }: Field): string {
  return name === undefined ? 'without a name' : `“${name}”`;
}

function typeOf(field: Field): string {
  return field.type === 'tensor' ? JSON.stringify(field['tensor-spec']) : JSON.stringify(field.type);
}
