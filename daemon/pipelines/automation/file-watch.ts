import { existsSync } from 'node:fs';
import path from 'node:path';
import { type FSWatcher, watch } from 'chokidar';
import picomatch from 'picomatch';
import { isInside } from '../definition/graph.ts';
import type { PathIndex } from '../definition/path-index.ts';
import type { FileTrigger } from './triggers.ts';

/** How many changed files are told by name. */
const TOLD = 3;

const FOLDERS_OF_TOOLS = /^(\.git|\.dvc|\.modelthat|node_modules|__pycache__|\.ipynb_checkpoints)$/;

/** What is watched, and who is told. */
export interface FileWatchOptions {
  /** The folder that the patterns are relative to. */
  readonly folder: string;
  readonly trigger: FileTrigger;
  /** What the pipeline itself writes, which tells nothing. */
  readonly made: PathIndex<unknown>;
  /** Told once files have changed and then been left alone. @param what the files, in a person's words */
  changed(what: string): void;
  /** Told why files cannot be watched, with the remedy. */
  failed(problem: string): void;
}

/** Watches the files of a trigger, until none has changed for a while. */
export class FileWatch {
  /** Resolves when changes are noticed from then on. */
  readonly ready: Promise<void>;
  readonly #options: FileWatchOptions;
  readonly #watcher: FSWatcher;
  readonly #matches: (name: string) => boolean;
  /** Below these lie the files. */
  readonly #bases: readonly string[];
  readonly #changed = new Set<string>();
  #quiet: NodeJS.Timeout | undefined;

  constructor(options: FileWatchOptions) {
    this.#options = options;
    const { folder, trigger } = options;
    const wanted = trigger.patterns.filter(pattern => !pattern.startsWith('!')).flatMap(withContent);
    const unwanted = trigger.patterns.filter(pattern => pattern.startsWith('!')).map(each => each.slice(1));
    this.#matches = picomatch(wanted, { ignore: unwanted.flatMap(withContent), dot: true });
    this.#bases = [...new Set(wanted.map(pattern => path.resolve(folder, picomatch.scan(pattern).base)))];
    this.#watcher = watch([...new Set(this.#bases.map(base => lastingFolder(base, folder)))], {
      ignoreInitial: true,
      followSymlinks: false,
      ignored: (place, stats) => this.#isIgnored(place, stats?.isFile() ?? false),
    });
    this.ready = new Promise(resolve => this.#watcher.once('ready', resolve));
    this.#watcher
      .on('add', place => this.#note(place))
      .on('change', place => this.#note(place))
      .on('unlink', place => this.#note(place))
      .on('error', error => options.failed(describe(error)));
  }

  async close(): Promise<void> {
    clearTimeout(this.#quiet);
    await this.#watcher.close();
  }

  #isIgnored(place: string, isFile: boolean): boolean {
    const { made } = this.#options;
    if (FOLDERS_OF_TOOLS.test(path.basename(place)) || made.holding(place).length > 0) return true;
    const isOnTheWay = (base: string) => place === base || isInside(base, place) || isInside(place, base);
    if (!this.#bases.some(isOnTheWay)) return true;
    return isFile && !this.#matches(this.#nameOf(place));
  }

  #note(place: string): void {
    const name = this.#nameOf(place);
    // What is gone could not be told from a folder before.
    if (!this.#matches(name)) return;
    this.#changed.add(name);
    clearTimeout(this.#quiet);
    this.#quiet = setTimeout(() => this.#tell(), this.#options.trigger.quiet).unref();
  }

  #tell(): void {
    const names = [...this.#changed];
    this.#changed.clear();
    const rest = names.length - TOLD;
    const told = names.slice(0, TOLD).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
    this.#options.changed(`${told} changed`);
  }

  #nameOf(place: string): string {
    return path.relative(this.#options.folder, place).split(path.sep).join('/');
  }
}

/** A folder that stays, so that it is noticed when those below it come, go and come again. */
function lastingFolder(base: string, ofPipeline: string): string {
  if (base === ofPipeline || isInside(base, ofPipeline)) return ofPipeline;
  let folder = path.dirname(base);
  while (!existsSync(folder) && folder !== path.dirname(folder)) folder = path.dirname(folder);
  return folder;
}

/** A folder's name stands for everything in it. */
function withContent(pattern: string): string[] {
  const plain = pattern.replace(/^\.\//, '').replace(/\/+$/, '');
  return picomatch.scan(plain).isGlob ? [plain] : [plain, `${plain}/**`];
}

function describe(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EMFILE'
    ? 'There are more files than the system watches at once. Name fewer files, or raise its limit (on Linux: sysctl fs.inotify.max_user_watches).'
    : `Files cannot be watched: ${message}`;
}
