import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync } from 'node:fs';
import { readdir, rename, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { findInstaller } from './command.ts';
import { binOf, type Installation, install, readLock } from './installer.ts';
import { findInterpreter, type Interpreter } from './interpreter.ts';
import { contentOf, kindOf } from './requirements.ts';
import { programsOf, SelectedPythons } from './selected.ts';

/** Tag of an execution's run: the hash of the environment its steps ran in. */
export const ENVIRONMENT_TAG = 'modelthat.environment';

/** An environment that is ready. */
export interface PythonEnvironment {
  readonly root: string;
  /** Folder of its programs, to stand first on the PATH. */
  readonly bin: string;
  /** The exact version of everything in it, as a file of requirements. */
  readonly lock: string;
  /** Hash of the lock, the interpreter's version (conda brings its own) and the platform. */
  readonly hash: string;
}

/** Who asks for an environment. */
export interface EnvironmentRequest {
  /** Absolute path of a requirements file, of a `pyproject.toml` with a `uv.lock` beside it, or of an `environment.yml`. */
  readonly requirements: string;
  /** Told each line that is printed while it is made; nothing when it is there. */
  readonly line: (line: string) => void;
  /** Aborted when the asker no longer wants it; what others wait for goes on. */
  readonly signal: AbortSignal;
}

/** An unlinked environment that nobody has touched for so long is not being made any more. */
const ABANDONED_MS = 6 * 3_600_000;

/** Names of complete environments; those being made have longer ones. */
const KEY = /^[0-9a-f]{20}$/;

interface Build {
  readonly listeners: Set<(line: string) => void>;
  readonly controller: AbortController;
  readonly made: Promise<void>;
}

/**
 * Python environments, each made once per requirements and interpreter. An environment is made under a name of its own
 * and then linked under its key, so that it is there as a whole or not at all, whichever daemon is first.
 */
export class Environments {
  readonly #folder: string;
  readonly #workspace: string;
  readonly #chosen: string | undefined;
  readonly #builds = new Map<string, Build>();
  readonly #selected = new SelectedPythons();

  /**
   * @param folder where environments are kept, shared by all stores of the user
   * @param workspace whose `.venv` may provide the interpreter
   * @param chosen the interpreter to use, by the user's setting
   */
  constructor(options: { folder: string; workspace: string; chosen: string | undefined }) {
    this.#folder = options.folder;
    this.#workspace = options.workspace;
    this.#chosen = options.chosen;
  }

  /**
   * The environment with these requirements; makes it, once for all who ask at the same time.
   *
   * @throws ApiError that says what to do; the signal's reason when it is aborted
   */
  async ensure({ requirements, line, signal }: EnvironmentRequest): Promise<PythonEnvironment> {
    const interpreter = await this.#interpreterFor(requirements);
    const key = keyOf(requirements, interpreter);
    const root = path.join(this.#folder, key);
    if (!existsSync(root)) await this.#join(key, { requirements, interpreter }, line, signal);
    return read(root, interpreter);
  }

  /** The environment with these requirements if it is made already. @throws ApiError that says what to do */
  async made(requirements: string): Promise<PythonEnvironment | undefined> {
    const interpreter = await this.#interpreterFor(requirements);
    const root = path.join(this.#folder, keyOf(requirements, interpreter));
    return existsSync(root) ? read(root, interpreter) : undefined;
  }

  /**
   * The environment that an interpreter belongs to, as it is now: nothing is made.
   *
   * @param python absolute path of the interpreter
   * @throws ApiError INVALID_PARAMETER_VALUE when it is none
   */
  async selected(python: string): Promise<PythonEnvironment> {
    const found = await this.#selected.ask(python);
    const lock = found.packages.map(line => `${line}\n`).join('');
    const own = path.join(this.#folder, 'selected', hashOf(found.executable));
    return { root: found.root, bin: programsOf(found, own), lock, hash: hashOf(lock, ...describe(found)) };
  }

  /** An environment made earlier, by its hash; undefined when it, or the interpreter it was made with, is gone. */
  async find(hash: string): Promise<PythonEnvironment | undefined> {
    const interpreter = await this.interpreter();
    for (const name of await readdir(this.#folder)) {
      if (!KEY.test(name)) continue;
      const root = path.join(this.#folder, name);
      for (const each of [interpreter, undefined]) {
        const found = await read(root, each).catch(() => undefined);
        if (found?.hash === hash) return found;
      }
    }
    return undefined;
  }

  /**
   * The Python that environments are made with.
   *
   * @param named another one, that needs not be able to make any
   * @throws ApiError that says what to install
   */
  interpreter(named?: string): Promise<Interpreter> {
    return findInterpreter({
      chosen: named ?? this.#chosen,
      workspace: this.#workspace,
      needsVenv: named === undefined && findInstaller('uv') === undefined,
    });
  }

  /** The Python that an environment is made with; none for conda, which brings its own. */
  async #interpreterFor(requirements: string): Promise<Interpreter | undefined> {
    return kindOf(requirements) === 'conda' ? undefined : this.interpreter();
  }

  async #join(
    key: string,
    what: Pick<Installation, 'requirements' | 'interpreter'>,
    line: (line: string) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const build = this.#builds.get(key) ?? this.#begin(key, what);
    build.listeners.add(line);
    let leave = () => {};
    const left = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason as Error);
    });
    signal.addEventListener('abort', leave, { once: true });
    if (signal.aborted) leave();
    try {
      await Promise.race([build.made, left]);
    } finally {
      signal.removeEventListener('abort', leave);
      build.listeners.delete(line);
      if (build.listeners.size === 0) build.controller.abort();
    }
  }

  #begin(key: string, what: Pick<Installation, 'requirements' | 'interpreter'>): Build {
    const listeners = new Set<(line: string) => void>();
    const controller = new AbortController();
    const line = (text: string) => {
      for (const listener of listeners) listener(text);
    };
    const made = this.#make(key, { ...what, line, signal: controller.signal }).finally(() =>
      this.#builds.delete(key),
    );
    const build = { listeners, controller, made };
    this.#builds.set(key, build);
    return build;
  }

  async #make(key: string, installation: Omit<Installation, 'folder'>): Promise<void> {
    const folder = path.join(this.#folder, `${key}-${randomBytes(4).toString('hex')}`);
    const link = path.join(this.#folder, key);
    try {
      await this.#sweep(key);
      await install({ ...installation, folder });
      if (existsSync(link)) throw new Published();
      // The link appears whole: under a name of its own first, then moved into place of a dangling one, if any.
      const fresh = `${folder}.link`;
      await symlink(folder, fresh, 'junction');
      await rm(link, { force: true });
      await rename(fresh, link);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      if (!(error instanceof Published)) throw error;
    }
  }

  /** Removes what a daemon left behind that was ended in the middle of making this environment. */
  async #sweep(key: string): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const folder = path.join(this.#folder, name);
      if (!name.startsWith(`${key}-`)) continue;
      // Not what a link leads to, which may be gone; and another daemon may be sweeping, too.
      const left = lstatSync(folder, { throwIfNoEntry: false });
      if (left && Date.now() - left.mtimeMs >= ABANDONED_MS)
        await rm(folder, { recursive: true, force: true });
    }
  }
}

/** Another daemon made the same environment meanwhile. */
class Published extends Error {}

async function read(root: string, interpreter: Interpreter | undefined): Promise<PythonEnvironment> {
  const lock = await readLock(root);
  const bin = binOf(root, interpreter ? 'pip' : 'conda');
  return { root, bin, lock, hash: hashOf(lock, ...describe(interpreter)) };
}

/** Names what an environment is made from: the requirements, those they include, and the interpreter. */
function keyOf(requirements: string, interpreter: Interpreter | undefined): string {
  return hashOf(...contentOf(requirements), ...describe(interpreter));
}

function describe(
  interpreter: Pick<Interpreter, 'implementation' | 'version' | 'platform'> | undefined,
): string[] {
  if (!interpreter) return [process.platform, process.arch];
  const { implementation, version, platform } = interpreter;
  return [implementation, version.join('.'), platform];
}

function hashOf(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
}
