/** What a store can be asked to do for itself: one task at a time, which goes on while its asker looks in now and then. */
import { randomUUID } from 'node:crypto';
import type { Archive, ExportOf } from '../contract/archives.ts';
import type { CacheGarbage } from '../contract/cache.ts';
import { ApiError, missing } from '../contract/errors.ts';
import type { StoreResult, StoreTask, StoreTaskState } from '../contract/housekeeping.ts';
import type { Database } from '../database/database.ts';
import { type BackupSource, makeBackup } from './backup.ts';
import { type CollectParts, collectGarbage } from './collect.ts';
import { readRetention } from './retention.ts';
import type { Work } from './task.ts';
import { measureStore, type UsageParts } from './usage.ts';
import { verifyStore } from './verify.ts';

/** Ended tasks whose result is still told. */
const KEPT = 20;

interface Running {
  state: StoreTaskState;
  readonly controller: AbortController;
  ended: boolean;
}

/** Cleans the cache of steps' outputs. */
export interface StepCacheGarbage {
  collect(request: { dryRun: boolean; executions: number }, work: Work): Promise<CacheGarbage>;
}

/** Makes archives. */
export interface Exporter {
  export(request: { of: ExportOf; path: string }, work: Work): Promise<Archive>;
}

/** What housekeeping works with. */
export interface HousekeepingParts extends BackupSource, CollectParts, UsageParts {
  readonly database: Database;
  readonly cache: StepCacheGarbage;
  readonly exporter: Exporter;
  /** Reports what should never happen. */
  defect(error: unknown): void;
}

export class HousekeepingService {
  readonly #parts: HousekeepingParts;
  readonly #tasks = new Map<string, Running>();

  constructor(parts: HousekeepingParts) {
    this.#parts = parts;
  }

  /** How many tasks have not ended. */
  get running(): number {
    return [...this.#tasks.values()].filter(task => !task.ended).length;
  }

  /** Begins a task. @throws ApiError RESOURCE_CONFLICT while another goes on */
  start(task: StoreTask): StoreTaskState {
    if (this.running > 0)
      throw new ApiError(
        'RESOURCE_CONFLICT',
        'The store is being worked on already; try again when that is done.',
      );
    const running: Running = {
      state: { id: randomUUID(), progress: '' },
      controller: new AbortController(),
      ended: false,
    };
    const { id } = running.state;
    this.#tasks.set(id, running);
    for (const old of [...this.#tasks.keys()].slice(0, -KEPT)) this.#tasks.delete(old);
    void this.#run(task, running);
    return running.state;
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  state(id: string): StoreTaskState {
    return this.#require(id).state;
  }

  /** Ends a task; one that has ended stays as it is. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  cancel(id: string): void {
    this.#require(id).controller.abort();
  }

  /** Ends what goes on. */
  close(): void {
    for (const { controller } of this.#tasks.values()) controller.abort();
  }

  #require(id: string): Running {
    const found = this.#tasks.get(id);
    if (!found) throw missing(`There is no task ${id}; the daemon may have been started anew since.`);
    return found;
  }

  async #run(task: StoreTask, running: Running): Promise<void> {
    const { signal } = running.controller;
    const progress = (message: string) => {
      running.state = { ...running.state, progress: message };
    };
    try {
      const result = await this.#perform(task, { progress, signal });
      running.state = { ...running.state, result };
    } catch (error) {
      running.state = { ...running.state, error: this.#asError(error, signal).toBody() };
    } finally {
      running.ended = true;
    }
  }

  #asError(error: unknown, signal: AbortSignal): ApiError {
    if (error instanceof ApiError) return error;
    if (signal.aborted) return new ApiError('BAD_REQUEST', 'It was ended before it was done.');
    this.#parts.defect(error);
    return new ApiError(
      'INTERNAL_ERROR',
      `It failed: ${(error as Error).message}. The daemon's log says more.`,
    );
  }

  async #perform(task: StoreTask, work: Work): Promise<StoreResult> {
    switch (task.kind) {
      case 'verify':
        return { kind: 'verify', verification: await verifyStore(this.#parts, work) };
      case 'backup':
        return { kind: 'backup', backup: await makeBackup(this.#parts, task.path, work) };
      case 'export':
        return { kind: 'export', archive: await this.#parts.exporter.export(task, work) };
      case 'usage':
        return { kind: 'usage', usage: await measureStore(this.#parts, work) };
      case 'cache': {
        const { store, cache } = this.#parts;
        const { dryRun, executions = (await readRetention(store)).executions } = task;
        return { kind: 'cache', garbage: await cache.collect({ dryRun, executions }, work) };
      }
      case 'gc':
        return { kind: 'gc', garbage: await collectGarbage(this.#parts, task, work) };
    }
  }
}
