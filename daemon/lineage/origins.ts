/** What runs were made from, as the database has it. */
import type { RunOrigin } from '../contract/origins.ts';
import type { ExecutionOrigin, LineageRows, RunDetail, StepOrigin } from './store/rows.ts';

/** Runs above a run that are looked at for the execution that it is of. */
const MOST_ABOVE = 20;

/** An origin, with where its packages and its code are to be read. */
export interface FoundOrigin extends Omit<RunOrigin, 'packages'> {
  /** Of the execution's run, whose artifacts have the lock; null of a run outside of pipelines. */
  readonly executionRunId: string | null;
  /** Path of the pipeline's file; null of a run outside of pipelines. */
  readonly pipeline: string | null;
}

/** Undefined when there is no such run. */
export function findOrigin(rows: LineageRows, runId: string): FoundOrigin | undefined {
  const run = rows.run(runId);
  if (!run) return undefined;
  const way = [runId];
  for (let above: RunDetail | undefined = run; above && way.length <= MOST_ABOVE; ) {
    const execution = above.execution === null ? undefined : rows.execution(above.execution);
    if (execution) return originInExecution(runId, execution, new Set(way));
    if (above.parent === null) break;
    way.push(above.parent);
    above = rows.run(above.parent);
  }
  return originOutside(runId, run, rows);
}

/** @param way the run and those above it, of which one may be that of a step */
function originInExecution(runId: string, execution: ExecutionOrigin, way: ReadonlySet<string>): FoundOrigin {
  const own = execution.steps.filter(step => step.runId !== null && way.has(step.runId));
  const steps = own.length > 0 ? own : execution.steps;
  const { code, host, file, runId: executionRunId } = execution;
  return {
    ...{ runId, source: file, code, host, executionRunId, pipeline: file },
    files: merged(steps, step => step.code),
    data: withoutMade(
      merged(steps, step => step.deps),
      steps,
    ),
  };
}

function originOutside(runId: string, { source, commit }: RunDetail, rows: LineageRows): FoundOrigin {
  const { branch, repository } = rows.gitOf(runId);
  const unknown = { dirty: null, ref: null, archive: null, remarks: [] };
  return {
    ...{ runId, source, files: {}, data: {}, host: null, executionRunId: null, pipeline: null },
    code: commit === null ? null : { commit, branch, repository, ...unknown },
  };
}

type Digests = Record<string, string | null>;

function merged(steps: readonly StepOrigin[], digestsOf: (step: StepOrigin) => Digests): Digests {
  return Object.assign({}, ...steps.map(digestsOf));
}

function withoutMade(read: Digests, steps: readonly StepOrigin[]): Digests {
  const made = new Set(steps.flatMap(step => step.makes));
  return Object.fromEntries(Object.entries(read).filter(([path]) => !made.has(path)));
}
