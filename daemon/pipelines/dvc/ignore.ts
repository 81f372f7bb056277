/** What DVC does not see: the rules of `.dvcignore` files, and its own folders. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';

export const IGNORE_FILE = '.dvcignore';

const ALWAYS: ReadonlySet<string> = new Set(['.git', '.hg', '.dvc']);

interface Rules {
  readonly folder: string;
  readonly ignored: Ignore;
}

/** The rules that hold in one folder and, unless it has more, below it. */
export class IgnoreRules {
  readonly #rules: readonly Rules[];

  private constructor(rules: readonly Rules[]) {
    this.#rules = rules;
  }

  /** Those of a folder of a project, by the files in it and above it. @param root the project's folder */
  static of(root: string, folder: string): IgnoreRules {
    const relative = path.relative(root, folder);
    // A folder outside of the project has no rules.
    if (relative.startsWith('..') || path.isAbsolute(relative)) return new IgnoreRules([]);
    let at = root;
    let rules = new IgnoreRules(readRules(at));
    for (const name of relative.split(path.sep).filter(Boolean)) {
      at = path.join(at, name);
      rules = rules.below(at);
    }
    return rules;
  }

  /** Those of a folder right below. */
  below(folder: string): IgnoreRules {
    const own = readRules(folder);
    return own.length === 0 ? this : new IgnoreRules([...this.#rules, ...own]);
  }

  /** Whether something in the folder that these rules are of is not seen. */
  ignores(folder: string, name: string, isFolder: boolean): boolean {
    if (ALWAYS.has(name)) return true;
    // Another project of DVC's looks after itself.
    if (isFolder && existsSync(path.join(folder, name, '.dvc'))) return true;
    for (const rules of this.#rules.toReversed()) {
      const relative = path.relative(rules.folder, path.join(folder, name)).split(path.sep).join('/');
      const found = rules.ignored.test(isFolder ? `${relative}/` : relative);
      if (found.ignored || found.unignored) return found.ignored;
    }
    return false;
  }
}

function readRules(folder: string): Rules[] {
  let text: string;
  try {
    text = readFileSync(path.join(folder, IGNORE_FILE), 'utf8');
  } catch {
    return [];
  }
  const lines = text.split(/\r?\n/).map(line => line.trim());
  const patterns = lines.filter(line => line !== '' && !line.startsWith('#'));
  return patterns.length === 0 ? [] : [{ folder, ignored: ignore().add(patterns) }];
}
