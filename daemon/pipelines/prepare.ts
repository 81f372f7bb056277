import { appendFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { ArtifactService } from '../artifacts/service.ts';
import { storePathOf } from '../artifacts/uri.ts';
import { withoutMissing } from '../contract/errors.ts';
import { ENVIRONMENT_TAG, type Environments, type PythonEnvironment } from '../environments/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { ExecutionFiles } from './files.ts';
import type { ExecutionEnvironment, ExecutionRecord } from './model.ts';

/** How often progress is told; installers print faster than anyone reads. */
const TELL_EVERY_MS = 500;

/** The lock among the artifacts of the execution's run. */
const LOCK_ARTIFACT = 'environment/requirements.lock.txt';

/** Who wants an environment for the steps of an execution, and how it is told. */
interface Asker {
  readonly execution: Pick<ExecutionRecord, 'id' | 'runId'>;
  readonly signal: AbortSignal;
  /** Told what is being done, in a person's words. */
  readonly progress: (message: string) => void;
}

/** Makes the Python environments of executions, and records their locks with the executions' runs. */
export class ExecutionEnvironments {
  readonly #environments: Environments;
  readonly #tracking: TrackingService;
  readonly #artifacts: ArtifactService;
  readonly #files: ExecutionFiles;

  constructor(parts: {
    environments: Environments;
    tracking: TrackingService;
    artifacts: ArtifactService;
    files: ExecutionFiles;
  }) {
    this.#environments = parts.environments;
    this.#tracking = parts.tracking;
    this.#artifacts = parts.artifacts;
    this.#files = parts.files;
  }

  /** The environment with these requirements, made unless it is there. @throws ApiError that says what to do */
  async make(requirements: string, asker: Asker): Promise<ExecutionEnvironment> {
    const log = this.#files.environmentLog(asker.execution.id);
    let toldAt = 0;
    const line = (text: string) => {
      append(log, `${text}\n`);
      if (Date.now() - toldAt < TELL_EVERY_MS || text.trim() === '') return;
      toldAt = Date.now();
      // pip says on whose behalf, at length.
      asker.progress(`making the Python environment: ${text.trim().replace(/ \(from .*/, '')}`);
    };
    asker.progress('looking for the Python environment');
    const { signal } = asker;
    return this.#use(await this.#environments.ensure({ requirements, line, signal }), asker.execution.runId);
  }

  /** The environment of a Python that was named, as it is. @throws ApiError when it is none */
  async use(python: string, runId: string): Promise<ExecutionEnvironment> {
    return this.#use(await this.#environments.selected(python), runId);
  }

  /** The environment of this hash, if it is still there: one that was made, or that of the execution's Python. */
  async again(
    hash: string,
    { execution }: { execution: Pick<ExecutionRecord, 'runId' | 'python'> },
  ): Promise<ExecutionEnvironment | undefined> {
    const named = execution.python
      ? await this.#environments.selected(execution.python).catch(() => undefined)
      : undefined;
    const found = named?.hash === hash ? named : await this.#environments.find(hash);
    return found && this.#use(found, execution.runId);
  }

  /** The lock that was recorded with an execution's run; undefined when none was. */
  async lockOf(runId: string): Promise<string | undefined> {
    const place = await this.#placeOf(runId);
    if (place === undefined) return undefined;
    const lock = await withoutMissing(this.#artifacts.open(`${place}/${LOCK_ARTIFACT}`));
    return lock && text(await lock.read());
  }

  async #use({ root, bin, lock, hash }: PythonEnvironment, runId: string): Promise<ExecutionEnvironment> {
    await this.#tracking.updateRun(runId, { tags: { [ENVIRONMENT_TAG]: hash } });
    const place = await this.#placeOf(runId);
    if (place !== undefined)
      await this.#artifacts.upload(`${place}/${LOCK_ARTIFACT}`, Readable.from([Buffer.from(lock)]));
    return { root, bin, hash };
  }

  async #placeOf(runId: string): Promise<string | undefined> {
    return storePathOf((await this.#tracking.getRun(runId)).artifactUri);
  }
}

/** A log that cannot be written, on a full disk for one, must not end what it is about, and never the daemon. */
function append(log: string, text: string): void {
  try {
    appendFileSync(log, text);
  } catch {}
}
