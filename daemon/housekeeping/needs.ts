/** What registered versions need of runs and files: it is never cleaned up. */

/** A version, and what it is made from. */
export interface VersionNeed {
  /** As people are told: `sales version 3`. */
  readonly version: string;
  readonly runId: string | null;
  /** Its files in this store; null when they are elsewhere, or nobody knows where. */
  readonly path: string | null;
}

/** Answers which version needs something. */
export class Needs {
  readonly #runs = new Map<string, string>();
  readonly #paths = new Map<string, string>();
  /** The folders that the paths lie in, and the paths themselves. */
  readonly #above = new Map<string, string>();

  constructor(versions: readonly VersionNeed[]) {
    for (const { version, runId, path } of versions) {
      if (runId !== null) this.#runs.set(runId, version);
      if (path === null) continue;
      this.#paths.set(path, version);
      for (const folder of upwards(path)) this.#above.set(folder, version);
    }
  }

  /** The version that was made from a run. */
  ofRun(runId: string): string | undefined {
    return this.#runs.get(runId);
  }

  /** A version with files in a folder, or one that the folder is a part of. */
  ofFolder(folder: string): string | undefined {
    const containing = upwards(folder).find(each => this.#paths.has(each));
    return this.#above.get(folder) ?? (containing === undefined ? undefined : this.#paths.get(containing));
  }
}

/** A path and the folders above it: `a/b/c`, `a/b`, `a`. */
function upwards(path: string): string[] {
  const names = path.split('/');
  return names.map((_, index) => names.slice(0, names.length - index).join('/'));
}
