import path from 'node:path';
import type { FoundKey } from './found-key.ts';
import { pythonKeys } from './python-keys.ts';
import { tomlKeys } from './toml-keys.ts';
import type { Position } from './yaml-text.ts';

const READERS: Readonly<Record<string, (text: string) => FoundKey[]>> = {
  '.toml': tomlKeys,
  '.py': pythonKeys,
};

/** A file of parameters that is not YAML: TOML or Python, as DVC has them. */
export class KeyedText {
  readonly text: string;
  readonly keys: readonly FoundKey[];

  private constructor(text: string, keys: readonly FoundKey[]) {
    this.text = text;
    this.keys = keys;
  }

  /** Whether a file can be read so, by its name. */
  static canRead(file: string): boolean {
    return path.extname(file).toLowerCase() in READERS;
  }

  static read(file: string, text: string): KeyedText {
    return new KeyedText(text, READERS[path.extname(file).toLowerCase()]?.(text) ?? []);
  }

  position(offset: number): Position {
    const before = this.text.slice(0, offset).split('\n');
    return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
  }
}
