/** Finding what ran first: the execution and the step behind a run or a version. */
import { invalid, withoutMissing } from '../contract/errors.ts';
import { executionName } from '../contract/pipelines.ts';
import type { ReproductionOf } from '../contract/reproductions.ts';
import { EXECUTION_TAG, type Run } from '../contract/runs.ts';
import type { Database } from '../database/database.ts';
import { hasEnded, type KeptExecution } from '../pipelines/model.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';

/** How deep below its execution's run a run may lie. */
const MAX_DEPTH = 20;

/** What is to be reproduced. */
export interface Subject {
  readonly kept: KeptExecution;
  /** The step whose result it is; undefined for all of the execution. */
  readonly step: string | undefined;
  /** In a person's words. */
  readonly name: string;
}

interface SubjectParts {
  readonly database: Database;
  readonly tracking: TrackingService;
  readonly registry: RegistryService;
}

/** @throws ApiError when there is no such thing, or no execution made it, or that has not ended */
export async function findSubject(of: ReproductionOf, parts: SubjectParts): Promise<Subject> {
  const subject = await find(of, parts);
  const { execution } = subject.kept;
  const name = executionName(execution);
  if (execution.reproduces)
    throw invalid(
      `${subject.name} is of a reproduction itself. Reproduce what it is one of: ${execution.reproduces}.`,
    );
  if (execution.imported)
    throw invalid(
      `${name} was imported: whose commands it ran is not known here. Reproduce it where it ran.`,
    );
  if (!hasEnded(execution.status))
    throw invalid(`${name} has not ended: it is ${execution.status}. Wait for it.`);
  return subject;
}

async function find(of: ReproductionOf, parts: SubjectParts): Promise<Subject> {
  if ('execution' in of) {
    const kept = await parts.database.read('pipelines.getExecution', { id: of.execution });
    return { kept, step: undefined, name: executionName(kept.execution) };
  }
  if ('run' in of) {
    const run = await parts.tracking.getRun(of.run);
    return ofRun(run, `run ${run.name} (${run.id})`, parts);
  }
  const { runId } = await parts.registry.getVersion(of.model, of.version);
  const name = `version ${of.version} of ${of.model}`;
  const run = runId === null ? undefined : await withoutMissing(parts.tracking.getRun(runId));
  if (!run) throw invalid(`It is not known which run made ${name}: it cannot be run again.`);
  return ofRun(run, name, parts);
}

/** From a run upwards to that of its execution; on the way is the run of its step. */
async function ofRun(run: Run, name: string, { database, tracking }: SubjectParts): Promise<Subject> {
  const passed = new Set<string>();
  for (let at: Run | undefined = run; at && passed.size < MAX_DEPTH; ) {
    const id = at.tags[EXECUTION_TAG];
    if (id !== undefined) {
      const kept = await database.read('pipelines.getExecution', { id });
      const step = kept.steps.find(({ runId }) => runId !== null && passed.has(runId));
      return { kept, step: step?.name, name };
    }
    passed.add(at.id);
    at = at.parentId === null ? undefined : await withoutMissing(tracking.getRun(at.parentId));
  }
  throw invalid(
    `No execution of a pipeline made ${name}: what it ran, and on which data, was not recorded. Run the code as a step ` +
      'of a modelthat.yaml; what that makes can be reproduced.',
  );
}
