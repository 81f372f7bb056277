/** Which files of the workspace are the code that a step runs. Runs in a thread. */
import { readFileSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { isInside } from '../definition/graph.ts';
import { type Import, importsOf } from './python.ts';

/** The commands of a step, and where they run. */
export interface StepCommands {
  readonly commands: readonly (readonly string[])[];
  readonly cwd: string;
  /** Its PYTHONPATH, if it sets one. */
  readonly pythonPath: string | undefined;
}

/** A word of a command with such an ending that names a file is code. */
const CODE_FILE = /\.(py|ipynb|sh|bash|zsh|r|jl|js|mjs|cjs|ts|pl|rb|sql|ps1|bat|cmd)$/i;
const PYTHON = /^(?:python|pypy)[\d.]*(?:\.exe)?$/i;

/** Finds code files, and parses no module twice. */
export class CodeReader {
  readonly #workspace: string;
  /** Parsed modules by path; `stamp` tells whether the file is still the same. */
  readonly #parsed = new Map<string, { stamp: string; imports: readonly Import[] }>();

  /** @param workspace real path: what lies outside is the environment's, or nobody's */
  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** Absolute paths of the scripts and modules that the commands name, and of all that these import. */
  codeOf(step: StepCommands): string[] {
    const found = new Set<string>();
    for (const words of step.commands) this.#addCommand(words, step, found);
    return [...found].sort();
  }

  #addCommand(words: readonly string[], { cwd, pythonPath }: StepCommands, found: Set<string>): void {
    const searched = [cwd, 'src', ...(pythonPath ?? '').split(path.delimiter).filter(Boolean)];
    const roots = searched.map(root => path.resolve(cwd, root));
    for (const { kind, value } of codeIn(words)) {
      if (kind === 'script') this.#addScript(path.resolve(cwd, value), roots, found);
      else if (kind === 'text') this.#addImports(importsOf(value), cwd, roots, found);
      else for (const module of [value, `${value}.__main__`]) this.#addModule(module, roots, found);
    }
  }

  #addScript(place: string, roots: readonly string[], found: Set<string>): void {
    const file = this.#file(place);
    if (file) this.#addFile(file, [path.dirname(file), ...roots], found);
  }

  #addFile(file: string, roots: readonly string[], found: Set<string>): void {
    if (found.has(file)) return;
    found.add(file);
    if (/\.(py|ipynb)$/.test(file)) this.#addImports(this.#importsOf(file), path.dirname(file), roots, found);
  }

  #addImports(
    imports: readonly Import[],
    folder: string,
    roots: readonly string[],
    found: Set<string>,
  ): void {
    for (const { level, module, names } of imports) {
      const places = level === 0 ? roots : [path.resolve(folder, ...Array<string>(level - 1).fill('..'))];
      if (module !== '') this.#addModule(module, places, found, roots);
      for (const name of names)
        this.#addModule(module === '' ? name : `${module}.${name}`, places, found, roots);
    }
  }

  /** Adds a module and the packages around it, from the first place that has it. */
  #addModule(module: string, places: readonly string[], found: Set<string>, roots = places): void {
    const parts = module.split('.');
    for (const place of places) {
      const files = parts.flatMap((_, index) => {
        const base = path.join(place, ...parts.slice(0, index + 1));
        const last = index === parts.length - 1;
        return this.#file(path.join(base, '__init__.py')) ?? (last ? (this.#file(`${base}.py`) ?? []) : []);
      });
      if (files.length === 0) continue;
      for (const file of files) this.#addFile(file, roots, found);
      return;
    }
  }

  #importsOf(file: string): readonly Import[] {
    const { mtimeMs, size } = statSync(file);
    const stamp = `${mtimeMs}-${size}`;
    const known = this.#parsed.get(file);
    if (known?.stamp === stamp) return known.imports;
    const text = readIfAllowed(file);
    const imports = importsOf(file.endsWith('.ipynb') ? codeOfNotebook(text) : text);
    this.#parsed.set(file, { stamp, imports });
    return imports;
  }

  /** The path if it is a file of the workspace. */
  #file(place: string): string | undefined {
    if (!isInside(place, this.#workspace)) return undefined;
    if (!statSync(place, { throwIfNoEntry: false })?.isFile()) return undefined;
    return isInside(realpathSync(place), this.#workspace) ? place : undefined;
  }
}

/** Code that cannot be read imports nothing that is known; that it cannot be read shows in its content. */
function readIfAllowed(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

const Notebook = z.object({
  cells: z.array(z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]) })),
});

/** The code cells of a notebook; nothing where it is none. */
function codeOfNotebook(text: string): string {
  try {
    const { cells } = Notebook.parse(JSON.parse(text));
    return cells
      .filter(cell => cell.cell_type === 'code')
      .map(({ source }) => [source].flat().join(''))
      .join('\n');
  } catch {
    return '';
  }
}

/** Code that a command names: a file, a Python module, or Python code itself. */
interface NamedCode {
  readonly kind: 'script' | 'module' | 'text';
  readonly value: string;
}

function codeIn(words: readonly string[]): NamedCode[] {
  const python = words.findIndex(isPython);
  return words.flatMap((word, index): NamedCode[] => {
    const value = words[index + 1] ?? '';
    const option = python >= 0 && index > python;
    if (option && word === '-m') return [{ kind: 'module', value }];
    if (option && word === '-c') return [{ kind: 'text', value }];
    // A program without a folder is looked for on the PATH, and is not the workspace's.
    const isScript = index === 0 ? /[\\/]/.test(word) : CODE_FILE.test(word);
    return isScript ? [{ kind: 'script', value: word }] : [];
  });
}

function isPython(word: string): boolean {
  return PYTHON.test(path.basename(word));
}
