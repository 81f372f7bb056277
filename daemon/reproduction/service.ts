import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { Comparison, Reproduction, ReproductionOf } from '../contract/reproductions.ts';
import { VOLATILE_NAMES } from '../contract/reproductions.ts';
import type { Database } from '../database/database.ts';
import { takeRepeatable } from '../database/repeatable.ts';
import type { EventBus } from '../events/bus.ts';
import type { CacheUse } from '../pipelines/cache/use.ts';
import type { Step } from '../pipelines/definition/model.ts';
import type { ExecutionService } from '../pipelines/executions.ts';
import type { WorkspaceFiles } from '../pipelines/inputs/files.ts';
import type { KeptExecution } from '../pipelines/model.ts';
import type { ExecutionEnvironments } from '../pipelines/prepare.ts';
import { newExecutionId } from '../pipelines/repeat.ts';
import { checkOut } from '../pipelines/sources/checkout.ts';
import { untilWritten } from '../pipelines/state.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { findCauses, type Times } from './causes.ts';
import type { Comparer } from './compare.ts';
import { dataOf, describeMissing, toMissing } from './data.ts';
import { moveOf } from './engine.ts';
import type { Sameness } from './fields.ts';
import { judgeComparisons } from './judge.ts';
import { Move } from './move.ts';
import type { Scratch } from './scratch.ts';
import { definitionOf, stepsToRepeat } from './steps.ts';
import { findSubject } from './subject.ts';

/** What is asked for. */
export interface ReproductionRequest {
  readonly of: ReproductionOf;
  readonly tolerance: number;
  /** Further names of volatile fields. */
  readonly volatile: readonly string[];
}

/** What reproductions work with. */
export interface ReproductionParts {
  readonly database: Database;
  readonly events: EventBus;
  readonly tracking: TrackingService;
  readonly registry: RegistryService;
  readonly executions: ExecutionService;
  readonly environments: ExecutionEnvironments;
  readonly comparer: Comparer;
  readonly scratch: Scratch;
  /** The files of the workspace and of the cache. */
  readonly files: WorkspaceFiles;
  readonly cacheUse: CacheUse;
  /** Real path. */
  readonly workspace: string;
  /** Reports what should never happen. */
  readonly defect: (error: unknown) => void;
}

/** Which of several lists is asked for. */
export interface ReproductionFilter {
  readonly execution?: string | undefined;
  readonly run?: string | undefined;
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly limit: number;
}

/** Runs again what led to a result, apart from the workspace, and says whether it comes to the same. */
export class ReproductionService {
  readonly #parts: ReproductionParts;
  #closed = false;

  constructor(parts: ReproductionParts) {
    this.#parts = parts;
  }

  /** Goes on with what an earlier daemon left behind, and clears away the rest. To be called once. */
  async adopt(): Promise<void> {
    const { database, scratch } = this.#parts;
    const unfinished = await database.read('reproductions.unfinished', {});
    await scratch.sweep(new Set(unfinished.map(({ id }) => id)));
    for (const each of unfinished) this.#watch(each);
  }

  /**
   * Begins to run again what led to a result.
   *
   * @throws ApiError DATA_LOSS with `details.missing` when code or data is gone, INVALID_PARAMETER_VALUE when no execution
   * that ended well made it
   */
  async start({ of, tolerance, volatile }: ReproductionRequest): Promise<Reproduction> {
    const { database, executions, scratch, files, workspace } = this.#parts;
    const id = newExecutionId(takeRepeatable());
    const begun = await withoutMissing(database.read('reproductions.get', { id }));
    if (begun) return begun;
    const { kept, step, name } = await findSubject(of, this.#parts);
    const steps = stepsToRepeat(kept, step);
    try {
      const tree = scratch.tree(id);
      const move = new Move(await checkOut(kept.execution, tree, { files, workspace }), tree);
      await this.#requireData(id, kept, steps, move);
      const definition = definitionOf(kept.execution.definition, steps, move);
      const { startTime } = await executions.reproduce(id, definition, kept.execution);
      const reproduction: Reproduction = {
        ...{ id, name, of, execution: kept.execution.id, tolerance },
        volatile: [...VOLATILE_NAMES, ...volatile],
        ...{ startTime, endTime: null, status: 'running', verdict: null, message: '' },
        ...{ comparisons: [], causes: [], cause: null },
      };
      await database.write('reproductions.save', reproduction);
      this.#watch(reproduction);
      return reproduction;
    } catch (error) {
      await withoutMissing(executions.cancel(id, true));
      await executions.ended(id);
      await scratch.remove(id);
      throw error;
    }
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  get(id: string): Promise<Reproduction> {
    return this.#parts.database.read('reproductions.get', { id });
  }

  /** Newest first. */
  async list(filter: ReproductionFilter): Promise<{ items: Reproduction[] }> {
    const { execution = null, run = null, model = null, version = null, limit } = filter;
    const input = { execution, run, model, version, limit };
    return { items: await this.#parts.database.read('reproductions.list', input) };
  }

  /** Lets go: what runs goes on, for the next daemon to judge. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#parts.comparer.close();
  }

  async #requireData(id: string, kept: KeptExecution, steps: readonly Step[], move: Move): Promise<void> {
    const { scratch, cacheUse } = this.#parts;
    const wanted = dataOf(kept, steps, move);
    const lacking = await cacheUse.share(() => scratch.filesOf(id).gather(wanted, true));
    if (lacking.length === 0) return;
    const missing = toMissing(lacking, kept.execution.definition.folder);
    throw new ApiError('DATA_LOSS', `It cannot be run again; data is gone: ${describeMissing(missing)}.`, {
      missing,
    });
  }

  /** Judges a reproduction once its execution has ended. */
  #watch(reproduction: Reproduction): void {
    const { executions, scratch, defect } = this.#parts;
    const work = async () => {
      await executions.ended(reproduction.id);
      if (this.#closed) return;
      const end = await this.#judge(reproduction).catch((error: unknown) => {
        defect(error);
        const message = `modelthat itself failed: ${(error as Error).message}`;
        return { status: 'failed' as const, message };
      });
      if (this.#closed) return;
      await this.#save({ ...reproduction, ...end, endTime: Date.now() });
      await scratch.remove(reproduction.id);
    };
    work().catch(error => {
      if (!this.#closed) defect(error);
    });
  }

  async #save(reproduction: Reproduction): Promise<void> {
    const { database, events } = this.#parts;
    await untilWritten(() => database.write('reproductions.save', reproduction));
    events.publish({ topic: 'execution', id: reproduction.id, kind: 'updated' });
  }

  async #judge(reproduction: Reproduction): Promise<Partial<Reproduction>> {
    const { database } = this.#parts;
    const now = await database.read('pipelines.getExecution', { id: reproduction.id });
    const before = await database.read('pipelines.getExecution', { id: reproduction.execution });
    const { status, message } = now.execution;
    if (status === 'cancelled') return { status: 'cancelled', message };
    const begun = now.steps.some(step => step.inputs !== null);
    if (!begun) return { status: 'failed', message: `It cannot be run again: ${message}` };
    const move = moveOf(now.execution, before, this.#parts.scratch);
    const comparisons = await this.#compare(reproduction, before, now, move);
    return judgeComparisons(comparisons, async first =>
      findCauses(await this.#times(before, now, move), first),
    );
  }

  async #compare(
    { tolerance, volatile }: Reproduction,
    before: KeptExecution,
    now: KeptExecution,
    move: Move,
  ): Promise<Comparison[]> {
    const sameness: Sameness = { tolerance, volatile, copy: { of: move.from, at: move.to } };
    const found: Comparison[] = [];
    for (const record of now.steps) {
      const step = before.execution.definition.steps.find(({ name }) => name === record.name);
      const then = before.steps.find(({ name }) => name === record.name);
      if (!step || !then) continue;
      const twice = {
        step,
        before: then,
        now: record,
        folders: { before: before.execution.definition.folder, now: now.execution.definition.folder },
        placeNow: (place: string) => move.there(place),
      };
      found.push(...(await this.#parts.comparer.compare(twice, sameness)));
    }
    return found;
  }

  async #times(before: KeptExecution, now: KeptExecution, move: Move): Promise<Times> {
    const { environments } = this.#parts;
    const names = new Set(now.steps.map(step => step.name));
    const steps = before.execution.definition.steps.filter(step => names.has(step.name));
    const [first, second] = await Promise.all([
      environments.lockOf(before.execution.runId),
      environments.lockOf(now.execution.runId),
    ]);
    return { before, now, move, data: dataOf(before, steps, move), locks: { before: first, now: second } };
  }
}
