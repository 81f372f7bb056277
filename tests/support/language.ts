/** Projects of the language features' tests: texts by file name, with the cursor's place marked by `|`. */
import path from 'node:path';
import { type DaemonFacts, NO_FACTS } from '../../extension/language/daemon-facts.ts';
import type { Files } from '../../extension/language/files.ts';
import { formatOf } from '../../extension/language/vocabulary.ts';
import type { Span } from '../../extension/language/yaml-text.ts';

const ROOT = path.resolve('/project');
const MARK = '|';

/** A project whose files are in memory, as an editor has them while they are typed. */
export class TypedProject implements Files {
  /** Where the cursor is. */
  readonly file: string;
  readonly offset: number;
  readonly facts: () => Promise<DaemonFacts>;
  readonly #texts = new Map<string, string>();

  constructor(texts: Readonly<Record<string, string>>, facts: Partial<DaemonFacts> = {}) {
    let cursor = { file: '', offset: -1 };
    for (const [name, text] of Object.entries(texts)) {
      const file = path.join(ROOT, name);
      const offset = cursor.offset < 0 ? text.indexOf(MARK) : -1;
      if (offset >= 0) cursor = { file, offset };
      this.#texts.set(file, offset < 0 ? text : text.slice(0, offset) + text.slice(offset + MARK.length));
    }
    this.file = cursor.file;
    this.offset = cursor.offset;
    this.facts = async () => ({ ...NO_FACTS, ...facts });
  }

  /** The arguments that most language features take. */
  get cursor(): [Files, string, number] {
    return [this, this.file, this.offset];
  }

  async pipelines(): Promise<string[]> {
    return [...this.#texts.keys()].filter(formatOf);
  }

  async read(file: string): Promise<string | undefined> {
    return this.#texts.get(file);
  }

  async stat(file: string): Promise<{ isFolder: boolean; size: number } | undefined> {
    const text = this.#texts.get(file);
    if (text !== undefined) return { isFolder: false, size: text.length };
    return (await this.list(file)).length > 0 ? { isFolder: true, size: 0 } : undefined;
  }

  async list(folder: string): Promise<{ name: string; isFolder: boolean }[]> {
    const below = [...this.#texts.keys()]
      .map(file => path.relative(folder, file))
      .filter(file => !file.startsWith('..'));
    const names = new Map(below.map(file => [file.split(path.sep)[0] ?? '', file.includes(path.sep)]));
    return [...names].map(([name, isFolder]) => ({ name, isFolder }));
  }

  /** A place as `file:line text`: the line that it is in, from 1, and what it covers. */
  show({ file, span }: { file: string; span?: Span }): string {
    const name = path.relative(ROOT, file).split(path.sep).join('/');
    if (!span) return name;
    const text = this.#texts.get(file) ?? '';
    return `${name}:${text.slice(0, span.start).split('\n').length} ${text.slice(span.start, span.end)}`;
  }

  /** The text of a file after edits. */
  edited(name: string, edits: readonly { file: string; span: Span; text: string }[]): string {
    const file = path.join(ROOT, name);
    return edits
      .filter(edit => edit.file === file)
      .sort((a, b) => b.span.start - a.span.start)
      .reduce(
        (text, { span, text: by }) => text.slice(0, span.start) + by + text.slice(span.end),
        this.#texts.get(file) ?? '',
      );
  }
}
