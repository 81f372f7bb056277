import type { Span } from './yaml-text.ts';

/** A key in a file of parameters that is not YAML. */
export interface FoundKey {
  /** With dots: `train.rate`. */
  readonly name: string;
  /** The last part of the name, without quotes. */
  readonly span: Span;
  readonly isGroup: boolean;
  /** As it is written, but for the quotes of a text; empty of a group. */
  readonly value: string;
}

/** A value as it is written, without the quotes of a plain text. */
export function unquoted(text: string): string {
  const value = text.trim();
  return /^(["'])([^"'\\]*)\1$/.exec(value)?.[2] ?? value;
}
