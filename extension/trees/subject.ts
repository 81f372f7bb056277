import type { ApprovalRequest } from '../../daemon/contract/approvals.ts';
import type { Automation } from '../../daemon/contract/automations.ts';
import type { ModelSummary, ModelVersion, Stage } from '../../daemon/contract/models.ts';
import type { Execution, Pipeline, StepExecution } from '../../daemon/contract/pipelines.ts';
import type { Experiment, Run } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

interface Subjects {
  store: object;
  problem: object;
  more: { readonly loadMore: () => void };
  experiment: { readonly experiment: Experiment };
  run: { readonly run: Run };
  pipeline: { readonly pipeline: Pipeline; readonly latest: Execution | undefined };
  automation: { readonly automation: Automation };
  /** A place in a pipeline file; the line counts from 1. */
  diagnostic: { readonly file: string; readonly line: number };
  execution: { readonly execution: Execution };
  step: {
    readonly file: string;
    readonly name: string;
    /** Line of its definition, from 1; undefined when it is no longer defined. */
    readonly line: number | undefined;
    /** The file that it is defined in, where that is another than the pipeline's. */
    readonly definedIn?: string | undefined;
    readonly execution: Execution | undefined;
    readonly step: StepExecution | undefined;
  };
  model: { readonly model: ModelSummary };
  /** A stage of the model of this name. */
  stage: { readonly model: string; readonly stage: Stage };
  version: {
    readonly version: ModelVersion;
    /** The request that waits for an answer, where one is known of. */
    readonly request?: ApprovalRequest | undefined;
  };
}
type SubjectType = keyof Subjects;

/** What a line of a tree stands for: what commands act on. */
export type SubjectOf<Type extends SubjectType> = Type extends SubjectType
  ? { readonly type: Type; readonly connection: StoreConnection } & Subjects[Type]
  : never;
export type Subject = { [Type in SubjectType]: SubjectOf<Type> }[SubjectType];

/** The subject of a command's argument when it is of one of these types: menus pass tree nodes, others may pass anything. */
export function subjectOf<Type extends SubjectType>(
  argument: unknown,
  ...types: Type[]
): { [Each in Type]: SubjectOf<Each> }[Type] | undefined {
  if (typeof argument !== 'object' || argument === null || !('subject' in argument)) return undefined;
  const subject = argument.subject as Subject;
  return types.some(type => type === subject.type)
    ? (subject as { [Each in Type]: SubjectOf<Each> }[Type])
    : undefined;
}
