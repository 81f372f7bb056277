/** Asking git about a work tree, and writing objects to it, without running any program that the repository names. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { inheritedEnvironment } from '../../processes/environment.ts';
import { isInside } from '../definition/graph.ts';

const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 256 * 2 ** 20;

/** Hooks and monitors are programs; so are remote helpers, by which git would fetch what a partial clone lacks. */
const HARMLESS = ['core.fsmonitor=false', 'core.hooksPath=/dev/null', 'core.splitIndex=false'];
const VARIABLES = {
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
  GIT_ALLOW_PROTOCOL: 'none',
  GIT_TERMINAL_PROMPT: '0',
};

/** Who commits a snapshot: nobody has to have told git a name. */
const IDENTITY = {
  GIT_AUTHOR_NAME: 'modelthat',
  GIT_AUTHOR_EMAIL: 'modelthat@localhost',
  GIT_COMMITTER_NAME: 'modelthat',
  GIT_COMMITTER_EMAIL: 'modelthat@localhost',
};

const run = promisify(execFile);

/** How git is called. */
export interface GitCall {
  /** What it reads from its standard input. */
  readonly input?: string;
  /** The index to use in place of the user's own. */
  readonly index?: string;
  /** The folder to be in; without it, the root of the work tree. */
  readonly folder?: string;
}

/** A work tree of git. */
export class GitTree {
  /** Absolute path of its root. */
  readonly root: string;
  readonly #config: readonly string[];

  private constructor(root: string, config: readonly string[]) {
    this.root = root;
    this.#config = config;
  }

  /** The work tree that a folder is in; undefined where there is none, and where git is not installed. */
  static async of(folder: string): Promise<GitTree | undefined> {
    const found = await new GitTree(folder, []).text(['rev-parse', '--show-toplevel']).catch(() => undefined);
    if (found === undefined) return undefined;
    const root = path.resolve(found);
    // A repository can name another work tree than its own.
    if (root !== folder && !isInside(folder, root)) return undefined;
    const named = await new GitTree(root, []).list([
      'config',
      '-z',
      '--name-only',
      '--get-regexp',
      '^filter\\.',
    ]);
    return new GitTree(root, withoutFilters(named));
  }

  /** What git answers, trimmed. @throws Error with what git said */
  async text(args: readonly string[], call: GitCall = {}): Promise<string> {
    return (await this.#output(args, call)).trim();
  }

  /** What git answers, as it is. @throws Error with what git said */
  content(args: readonly string[]): Promise<string> {
    return this.#output(args, {});
  }

  /** The parts of an answer that ends each with a NUL; none when git fails, as it does when it finds nothing. */
  async list(args: readonly string[], call: GitCall = {}): Promise<string[]> {
    return parts(await this.#output(args, call).catch(() => ''));
  }

  /** The same, where a failure must not go for an empty answer. @throws Error with what git said */
  async parts(args: readonly string[], call: GitCall = {}): Promise<string[]> {
    return parts(await this.#output(args, call));
  }

  async #output(args: readonly string[], { input, index, folder = this.root }: GitCall): Promise<string> {
    const config = [...HARMLESS, ...this.#config].flatMap(entry => ['-c', entry]);
    // The folder as an argument: on Windows, a program is looked for in the working folder first.
    const answer = run('git', ['-C', folder, ...config, ...args], {
      env: {
        ...inheritedEnvironment(),
        ...VARIABLES,
        ...IDENTITY,
        ...(index !== undefined && { GIT_INDEX_FILE: index }),
      },
      timeout: TIMEOUT_MS,
      maxBuffer: MAX_OUTPUT_BYTES,
      windowsHide: true,
    });
    // git may end before it has read all.
    answer.child.stdin?.on('error', () => {});
    answer.child.stdin?.end(input ?? '');
    return (await answer).stdout;
  }
}

/** Settings that switch filters off, each of which is a program. */
function withoutFilters(settings: readonly string[]): string[] {
  const drivers = new Set(settings.map(name => name.slice('filter.'.length, name.lastIndexOf('.'))));
  // A name with “=” cannot be given on the command line.
  const unsafe = [...drivers].find(driver => driver.includes('='));
  if (unsafe !== undefined)
    throw new Error(`the filter “${unsafe}” in git's configuration cannot be switched off`);
  return [...drivers].flatMap(driver => [
    `filter.${driver}.clean=`,
    `filter.${driver}.smudge=`,
    `filter.${driver}.process=`,
    `filter.${driver}.required=false`,
  ]);
}

function parts(answer: string): string[] {
  return answer.split('\0').filter(part => part !== '');
}
