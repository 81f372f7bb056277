/** How the steps of an execution are run again: in a copy of its code, with what was recorded of it. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { ApiError } from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import { kindOf } from '../environments/requirements.ts';
import type { Engine } from '../pipelines/engine.ts';
import {
  type ExecutionEnvironment,
  type ExecutionRecord,
  type KeptExecution,
  wantsEnvironment,
} from '../pipelines/model.ts';
import type { ExecutionEnvironments } from '../pipelines/prepare.ts';
import { dataOf, describeMissing, toMissing } from './data.ts';
import { Move } from './move.ts';
import type { Scratch } from './scratch.ts';

/** What reproducing needs besides the engine of all executions. */
export interface ReproducingParts {
  readonly database: Database;
  readonly scratch: Scratch;
  readonly environments: ExecutionEnvironments;
}

/** An engine that runs executions again: it remembers nothing of their steps, and records nothing of their code. */
export function reproducingEngine(engine: Engine, parts: ReproducingParts): Engine {
  const { database, scratch } = parts;
  const originalOf = ({ reproduces }: ExecutionRecord) =>
    database.read('pipelines.getExecution', { id: reproduces ?? '' });
  return {
    ...engine,
    memoryOf: definition => scratch.memoryOf(scratch.idOf(definition.folder)),
    recordCode: async execution => {
      const { code } = (await originalOf(execution)).execution;
      const unknown = {
        commit: null,
        branch: null,
        repository: null,
        dirty: false,
        ref: null,
        archive: null,
      };
      return code ?? { ...unknown, remarks: [] };
    },
    prepare: async (execution, signal, progress) => {
      const original = await originalOf(execution);
      if (!scratch.isReady(execution.id)) {
        progress('putting the recorded data into place');
        await engine.cacheUse.share(() => putData(execution, original, scratch));
        scratch.setReady(execution.id);
      }
      signal.throwIfAborted();
      return prepareEnvironment(parts, { execution, original, signal, progress });
    },
    close: () => scratch.close(),
  };
}

/** The folder that the code of an execution is a copy of, and the copy. */
export function moveOf(execution: ExecutionRecord, original: KeptExecution, scratch: Scratch): Move {
  const to = scratch.tree(scratch.idOf(execution.definition.folder));
  const up = path.relative(execution.definition.folder, to);
  return new Move(path.resolve(original.execution.definition.folder, up), to);
}

async function putData(execution: ExecutionRecord, original: KeptExecution, scratch: Scratch): Promise<void> {
  const names = new Set(execution.definition.steps.map(step => step.name));
  const repeated = original.execution.definition.steps.filter(step => names.has(step.name));
  const wanted = dataOf(original, repeated, moveOf(execution, original, scratch));
  const lacking = await scratch.filesOf(execution.id).gather(wanted, false);
  if (lacking.length === 0) return;
  const missing = toMissing(lacking, original.execution.definition.folder);
  throw new ApiError('DATA_LOSS', `Data is gone: ${describeMissing(missing)}.`, { missing });
}

/** The environment that the steps ran in, made again by its lock when it is gone; null when they had none of their own. */
async function prepareEnvironment(
  { environments, scratch }: ReproducingParts,
  work: {
    execution: ExecutionRecord;
    original: KeptExecution;
    signal: AbortSignal;
    progress: (message: string) => void;
  },
): Promise<ExecutionEnvironment | null> {
  const { execution, original } = work;
  if (!wantsEnvironment(execution)) return null;
  const { requirements } = execution.definition;
  const hash = original.execution.environment?.hash;
  const found = hash === undefined ? undefined : await environments.again(hash, work);
  if (found) return found;
  const lock =
    requirements !== null && kindOf(requirements) === 'conda'
      ? undefined
      : await environments.lockOf(original.execution.runId);
  if (lock === undefined) return requirements === null ? null : environments.make(requirements, work);
  const file = scratch.file(execution.id, 'requirements.lock.txt');
  writeFileSync(file, lock);
  return environments.make(file, work);
}
