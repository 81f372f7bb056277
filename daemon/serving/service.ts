import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { Endpoint } from '../contract/serving.ts';
import type { EventBus } from '../events/bus.ts';
import { type Plan, planRuntime, type ServableVersion, type Target } from './model.ts';
import { type Answer, type Command, ModelProcess } from './process.ts';
import { requireRelease } from './release.ts';
import { onnxCommand, pyfuncCommand } from './runtimes/commands.ts';

/** Where versions and their files come from. */
export interface ServableModels {
  /** Names of all registered models. */
  names(): Promise<string[]>;
  /** @throws ApiError RESOURCE_DOES_NOT_EXIST naming the versions there are */
  resolve(name: string, target: Target): Promise<ServableVersion>;
}

/**
 * Finds or makes the Python of the environment that a version's model runs in.
 *
 * @param line told each line that is printed while an environment is made
 * @returns path of its interpreter
 */
export type FindPython = (version: ServableVersion, line: (line: string) => void) => Promise<string>;

/** What the service is built from. */
export interface ServingParts {
  readonly models: ServableModels;
  readonly findPython: FindPython;
  readonly bus: EventBus;
  /** Folder of the processes' logs. */
  readonly logs: string;
  /** Folder that model processes may leave files in. */
  readonly scratch: string;
  readonly limits?: Partial<Limits>;
}

/** Durations in milliseconds. */
interface Limits {
  /** Processes alive at once; the least recently used gives way. */
  readonly processes: number;
  /** Unused for so long, a process is ended. */
  readonly idle: number;
  /** Time to load a model. */
  readonly start: number;
  /** Time to answer one request. */
  readonly request: number;
}

const LIMITS: Limits = { processes: 4, idle: 15 * 60_000, start: 120_000, request: 60_000 };
const IDLE_CHECK_MS = 30_000;
const MAX_MANIFEST_BYTES = 1024 * 1024;

type EndpointProcess = Endpoint['processes'][number];

interface Live {
  readonly name: string;
  readonly version: number;
  readonly plan: Plan;
  readonly process: ModelProcess;
}

/** Predictions by registered models, each version in a process of its own. */
export class ServingService {
  readonly #parts: ServingParts;
  readonly #limits: Limits;
  /** By name, version and folder: a model that was deleted and registered anew has the same numbers again. */
  readonly #live = new Map<string, Live>();
  readonly #idleCheck: NodeJS.Timeout;

  constructor(parts: ServingParts) {
    this.#parts = parts;
    this.#limits = { ...LIMITS, ...parts.limits };
    this.#idleCheck = setInterval(() => this.#stopIdle(), IDLE_CHECK_MS).unref();
  }

  /** How many processes are kept. */
  get processes(): number {
    return this.#live.size;
  }

  /**
   * Has a version of a model predict. The version is looked up anew each time, so that a promotion holds at once.
   *
   * @param contentType `application/json` or `text/csv`
   * @param body a request of MLflow's scoring protocol
   * @param mayRunCode whether the caller may have any code run; otherwise a Python model is started only once released
   * @returns the model's answer, which is an error of the protocol (400) when the model cannot take the input
   * @throws ApiError RESOURCE_DOES_NOT_EXIST, BAD_REQUEST for a model that cannot be served, PERMISSION_DENIED for one
   * that may not be started for this caller, TEMPORARILY_UNAVAILABLE
   */
  async predict(
    name: string,
    target: Target,
    contentType: string,
    body: Uint8Array,
    mayRunCode: boolean,
  ): Promise<Answer> {
    const version = await this.#parts.models.resolve(name, target);
    const { process } = await this.#acquire(version, mayRunCode);
    return process.invoke(contentType, body);
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST unless there is a version to serve */
  async check(name: string, target: Target): Promise<void> {
    await this.#parts.models.resolve(name, target);
  }

  /** An endpoint for each registered model, with its live processes. */
  async endpoints(): Promise<Endpoint[]> {
    const names = await this.#parts.models.names();
    const live = [...this.#live.values()];
    return Promise.all(
      names.map(name =>
        this.#describe(
          name,
          live.filter(each => each.name === name),
        ),
      ),
    );
  }

  /** The endpoint of one model, with its live processes. */
  endpoint(name: string): Promise<Endpoint> {
    return this.#describe(
      name,
      [...this.#live.values()].filter(each => each.name === name),
    );
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    clearInterval(this.#idleCheck);
    await Promise.all([...this.#live.keys()].map(key => this.#stop(key)));
  }

  async #acquire(version: ServableVersion, mayRunCode: boolean): Promise<Live> {
    const key = `${version.name}\n${version.version}\n${version.folder}`;
    // Read once: what is checked is then what is run.
    const plan = this.#live.get(key)?.plan ?? (await readPlan(version.folder));
    const startsCode = plan.runtime === 'pyfunc' && !this.#live.get(key)?.process.running;
    if (startsCode && !mayRunCode) await requireRelease(version);
    const live = this.#add(key, version, plan);
    live.process.lastUsedAt = Date.now();
    return live;
  }

  /** The process of a version, made unless there is one. */
  #add(key: string, version: ServableVersion, plan: Plan): Live {
    const existing = this.#live.get(key);
    if (existing) return existing;
    this.#makeRoom();
    const live = this.#make(version, plan);
    this.#live.set(key, live);
    return live;
  }

  #make(version: ServableVersion, plan: Plan): Live {
    const { name } = version;
    // Apart from each other: an ONNX process relies on an empty folder, and Python models may write into theirs.
    const cwd = path.join(this.#parts.scratch, plan.runtime);
    fs.mkdirSync(cwd, { recursive: true, mode: 0o700 });
    const process = new ModelProcess({
      title: `${name} version ${version.version}`,
      command: line => this.#command(version, plan, line),
      cwd,
      logFile: path.join(this.#parts.logs, `${fileName(name)}-${version.version}.log`),
      startTimeout: this.#limits.start,
      requestTimeout: this.#limits.request,
      onChange: () => this.#parts.bus.publish({ topic: 'endpoint', id: name, kind: 'updated' }),
    });
    return { name, version: version.version, plan, process };
  }

  async #command(version: ServableVersion, plan: Plan, line: (line: string) => void): Promise<Command> {
    if (plan.runtime === 'pyfunc')
      return pyfuncCommand(await this.#parts.findPython(version, line), version.folder);
    return onnxCommand({ file: await insideFolder(version.folder, plan.file), columns: [...plan.columns] });
  }

  /** Before one more is added: ends those used least recently, but none that works. */
  #makeRoom(): void {
    const spare = [...this.#live]
      .filter(([, { process }]) => !process.busy)
      .sort(([, a], [, b]) => a.process.lastUsedAt - b.process.lastUsedAt);
    const excess = Math.max(0, this.#live.size + 1 - this.#limits.processes);
    for (const [key] of spare.slice(0, excess)) void this.#stop(key);
  }

  #stopIdle(): void {
    const before = Date.now() - this.#limits.idle;
    for (const [key, { process }] of this.#live)
      if (!process.busy && process.lastUsedAt < before) void this.#stop(key);
  }

  async #stop(key: string): Promise<void> {
    const live = this.#live.get(key);
    this.#live.delete(key);
    await live?.process.stop();
  }

  async #describe(name: string, live: readonly Live[]): Promise<Endpoint> {
    const processes = await Promise.all(live.map(each => this.#describeProcess(each)));
    return { name, processes: processes.filter(process => process !== undefined) };
  }

  /** Undefined for one that has not been started, and for one whose version was deleted: it ends when it is idle. */
  async #describeProcess({ name, version, plan, process }: Live): Promise<EndpointProcess | undefined> {
    const { pid, state, message, lastUsedAt } = process;
    const found = await withoutMissing(this.#parts.models.resolve(name, { version }));
    if (!found || state === 'stopped') return undefined;
    return { version, runtime: plan.runtime, stage: found.stage, pid, state, message, lastUsedAt };
  }
}

async function readPlan(folder: string): Promise<Plan> {
  const files = await fs.promises.readdir(folder).catch(() => {
    throw new ApiError(
      'RESOURCE_DOES_NOT_EXIST',
      `The model's files are missing: there is no folder ${folder}.`,
    );
  });
  if (!files.includes('MLmodel')) return planRuntime(undefined, files);
  const manifest = path.join(folder, 'MLmodel');
  if ((await fs.promises.stat(manifest)).size > MAX_MANIFEST_BYTES)
    throw new ApiError('BAD_REQUEST', `The model's MLmodel file is larger than ${MAX_MANIFEST_BYTES} bytes.`);
  return planRuntime(await fs.promises.readFile(manifest, 'utf8'), files);
}

/** The real path of a file that the manifest names. @throws ApiError BAD_REQUEST when it is not in the folder */
async function insideFolder(folder: string, file: string): Promise<string> {
  const root = await fs.promises.realpath(folder);
  const real = await fs.promises.realpath(path.resolve(root, file)).catch(() => undefined);
  if (real?.startsWith(root + path.sep)) return real;
  throw new ApiError(
    'BAD_REQUEST',
    `The model's MLmodel file names "${file}", which is no file in its folder.`,
  );
}

/** A model's name as part of a file's. */
function fileName(name: string): string {
  const plain = name.replaceAll(/[^\p{L}\p{N}_-]/gu, '_').slice(0, 100);
  return plain === name ? plain : `${plain}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
