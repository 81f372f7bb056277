import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError } from '../contract/errors.ts';
import type { Execution } from '../contract/pipelines.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import { type ExecutionRecord, type KeptExecution, type StepRecord, toExecution } from './model.ts';

const RETRY_MS = 1_000;

/** The state of one live execution: every change is kept on disk and announced. */
export class ExecutionState {
  #execution: ExecutionRecord;
  readonly #steps: Map<string, StepRecord>;
  readonly #database: Database;
  readonly #events: EventBus;
  #saved: Promise<void> = Promise.resolve();

  constructor(kept: KeptExecution, database: Database, events: EventBus) {
    this.#execution = kept.execution;
    this.#steps = new Map(kept.steps.map(step => [step.name, step]));
    this.#database = database;
    this.#events = events;
  }

  get execution(): ExecutionRecord {
    return this.#execution;
  }

  /** In the order of the definition. */
  get steps(): StepRecord[] {
    return [...this.#steps.values()];
  }

  /** What clients see. */
  get view(): Execution {
    return toExecution({ execution: this.#execution, steps: this.steps });
  }

  step(name: string): StepRecord {
    const step = this.#steps.get(name);
    if (!step) throw new Error(`execution ${this.#execution.id} has no step ${name}`);
    return step;
  }

  /** Changes the execution at once. @returns when the change is on disk */
  change(change: Partial<ExecutionRecord>): Promise<void> {
    this.#execution = { ...this.#execution, ...change };
    const execution = this.#execution;
    return this.#save(
      () => this.#database.write('pipelines.saveExecution', execution),
      () => this.#events.publish({ topic: 'execution', id: execution.id, kind: 'updated' }),
    );
  }

  /** Adds versions, or changes the stage of those that are there. Steps that end together do not lose each other's. */
  mergeVersions(versions: Execution['versions']): Promise<void> {
    const merged = new Map(
      [...this.#execution.versions, ...versions].map(ref => [`${ref.name}/${ref.version}`, ref]),
    );
    return this.change({ versions: [...merged.values()] });
  }

  /** Changes a step at once. @returns when the change is on disk */
  changeStep(name: string, change: Partial<StepRecord>): Promise<void> {
    const step = { ...this.step(name), ...change };
    this.#steps.set(name, step);
    const { id } = this.#execution;
    return this.#save(
      () => this.#database.write('pipelines.saveStep', { executionId: id, step }),
      () => this.#events.publish({ topic: 'step', id: `${id}/${name}`, kind: 'updated', parent: id }),
    );
  }

  /** Saves one after the other; while the disk is full or the queue is, tries again. */
  #save(write: () => Promise<unknown>, announce: () => void): Promise<void> {
    this.#saved = this.#saved
      .catch(() => {})
      .then(async () => {
        await untilWritten(write);
        announce();
      });
    // Whoever awaits it is told. Where nobody does, a refused change must not end the daemon as an unhandled rejection.
    this.#saved.catch(() => {});
    return this.#saved;
  }
}

/**
 * Writes, trying again while the disk or the queue is full.
 *
 * @throws what else the write throws
 */
export async function untilWritten(write: () => Promise<unknown>): Promise<void> {
  while (!(await succeeds(write))) await sleep(RETRY_MS);
}

async function succeeds(write: () => Promise<unknown>): Promise<boolean> {
  try {
    await write();
    return true;
  } catch (error) {
    if (error instanceof ApiError && ['INSUFFICIENT_STORAGE', 'REQUEST_LIMIT_EXCEEDED'].includes(error.code))
      return false;
    throw error;
  }
}
