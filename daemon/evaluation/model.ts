/** An evaluation as its run keeps it: pure rules. */
import { invalid } from '../contract/errors.ts';
import type { Evaluation, EvaluationResult } from '../contract/evaluations.ts';
import type { Run, RunStatus } from '../contract/runs.ts';

/** Artifact of the run with the result. */
export const RESULT_FILE = 'evaluation.json';

/** Tags of an evaluation's run. */
export const TAGS = {
  model: 'modelthat.evaluation.model',
  version: 'modelthat.evaluation.version',
  champion: 'modelthat.evaluation.champion',
  data: 'modelthat.evaluation.data',
  message: 'modelthat.evaluation.message',
} as const;

const STATES: Readonly<Record<RunStatus, Evaluation['state']>> = {
  RUNNING: 'running',
  SCHEDULED: 'running',
  FINISHED: 'finished',
  FAILED: 'failed',
  KILLED: 'cancelled',
  // The daemon that it ran under was killed.
  LOST: 'failed',
};

/** The evaluation that a run keeps, or undefined when it keeps none. */
export function toEvaluation(run: Run, result: EvaluationResult | null): Evaluation | undefined {
  const { tags } = run;
  const model = tags[TAGS.model];
  if (model === undefined) return undefined;
  const champion = tags[TAGS.champion];
  return {
    runId: run.id,
    model,
    version: Number(tags[TAGS.version]),
    champion: champion === undefined ? null : Number(champion),
    data: tags[TAGS.data] ?? '',
    state: STATES[run.status],
    message: tags[TAGS.message] ?? '',
    startTime: run.startTime,
    endTime: run.endTime,
    result,
  };
}

/** The filter for the evaluations of a model, in MLflow's language, whose texts know no escapes. */
export function evaluationsOf(model: string): string {
  const quote = model.includes("'") ? '"' : "'";
  if (model.includes(quote)) throw invalid(`Evaluations of a model named ${model} cannot be searched.`);
  return `tags."${TAGS.model}" = ${quote}${model}${quote}`;
}
