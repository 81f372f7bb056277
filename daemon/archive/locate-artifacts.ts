/** Where the artifacts are that a store tells of: stores are moved, and name folders that may not be read. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ReadableFolders, Unreadable, unreadable } from './folder.ts';
import type { Reporter, SourceArtifacts } from './model.ts';

/** Most last parts of a path by which a moved folder is found again: `<experiment>/models/<model>/artifacts`. */
const TAIL = 4;

/** Finds artifact folders of one store. */
export class ArtifactFinder {
  readonly #folders: ReadableFolders;
  readonly #roots: readonly string[];
  readonly #base: string;
  readonly #reporter: Reporter;
  readonly #told = new Set<string>();

  /**
   * @param roots folders that hold artifacts; all are among the readable ones
   * @param base what relative paths are relative to
   */
  constructor(options: {
    folders: ReadableFolders;
    roots: readonly string[];
    base: string;
    reporter: Reporter;
  }) {
    this.#folders = options.folders;
    this.#roots = options.roots;
    this.#base = options.base;
    this.#reporter = options.reporter;
  }

  /** The artifacts behind a URI, as far as they may be read. @param owner whose they are, for messages */
  find(uri: string, owner: string): SourceArtifacts {
    const local = localPath(uri, this.#base);
    if (local === undefined) return uri === '' ? { kind: 'none', uri } : { kind: 'remote', uri };
    const folder = this.#folder(local);
    if (folder === undefined) {
      this.#tellMissing(local);
      return { kind: 'none', uri };
    }
    try {
      const files = this.#folders.files(folder, (inner, why) =>
        this.#reporter.problem(path.join(folder, inner), `The artifact was left out: ${why}.`),
      );
      return { kind: 'files', uri, files };
    } catch (error) {
      this.#reporter.problem(
        folder,
        `The artifacts of ${owner} were left out: ${unreadable(error).message}.`,
      );
      return { kind: 'none', uri };
    }
  }

  #folder(local: LocalPath): string | undefined {
    const tails = Array.from({ length: TAIL - 1 }, (_, more) => local.parts.slice(-(TAIL - more)));
    const candidates = [
      ...(local.absolute === undefined ? [] : [local.absolute]),
      ...this.#roots.flatMap(root => [
        ...(this.#below(local, root) ?? []),
        ...tails.map(tail => path.join(root, ...tail)),
      ]),
    ];
    return candidates.find(candidate => this.#isFolder(candidate));
  }

  /** The place below a root that has the name of one of the path's own folders. */
  #below(local: LocalPath, root: string): [string] | undefined {
    const at = local.parts.lastIndexOf(path.basename(root));
    return at < 0 ? undefined : [path.join(root, ...local.parts.slice(at + 1))];
  }

  #isFolder(candidate: string): boolean {
    try {
      const real = this.#folders.locate(candidate);
      return real !== undefined && fs.statSync(real).isDirectory();
    } catch (error) {
      if (error instanceof Unreadable) return false;
      throw error;
    }
  }

  /** A folder below a known root that is not there is usual: it is made with the first artifact. */
  #tellMissing(local: LocalPath): void {
    if (local.absolute === undefined || this.#roots.some(root => this.#below(local, root))) return;
    // Of a run's `<root>/<run>/artifacts`, the root is what a person would name.
    const root = path.dirname(path.dirname(local.absolute));
    if (this.#told.has(root)) return;
    this.#told.add(root);
    if (fs.existsSync(root))
      this.#reporter.problem(
        root,
        'The artifacts in this folder were left out: it is outside of the store. Name it by --artifacts to copy them.',
      );
    else this.#reporter.note(`Artifacts that were once in ${root} are not there any more.`);
  }
}

interface LocalPath {
  /** Undefined for a path within the artifact root of a server. */
  readonly absolute: string | undefined;
  readonly parts: readonly string[];
}

/** The path behind a URI of this machine's disk or of a server's artifact root; undefined for storage elsewhere. */
function localPath(uri: string, base: string): LocalPath | undefined {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]+):(.*)$/is.exec(uri) ?? [];
  if (uri === '') return undefined;
  if (scheme === '') return toLocal(path.resolve(base, uri), uri);
  if (scheme.toLowerCase() === 'file') return toLocal(fromFileUri(uri, rest), rest);
  if (scheme.toLowerCase() !== 'mlflow-artifacts') return undefined;
  return { absolute: undefined, parts: split(rest.replace(/^\/\/[^/]*/, '')) };
}

function toLocal(absolute: string, written: string): LocalPath {
  return { absolute, parts: split(written) };
}

/** Names in a path of any system, without those that would lead upwards. */
function split(text: string): string[] {
  return text.split(/[/\\]+/).filter(name => !['', '.', '..'].includes(name));
}

function fromFileUri(uri: string, rest: string): string {
  try {
    return fileURLToPath(uri);
  } catch {
    return path.resolve(`/${rest.replace(/^\/+/, '')}`);
  }
}
