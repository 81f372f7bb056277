/** The icons and colours of states, apart from what draws them. */
import type { ExecutionStatus, StepStatus } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';

/** A colour, named after the state of runs that has it: `status-running` and so on in page.css. */
export type Tone = Lowercase<Run['status']>;

/** A step's icon, and the run state whose colour it has. */
export const STEP_ICON: Record<StepStatus, readonly [name: string, tone: Tone]> = {
  pending: ['circle-large-outline', 'scheduled'],
  preparing: ['loading', 'running'],
  running: ['loading', 'running'],
  waiting: ['person', 'lost'],
  succeeded: ['pass', 'finished'],
  failed: ['error', 'failed'],
  skipped: ['debug-step-over', 'scheduled'],
  cancelled: ['circle-slash', 'killed'],
  rejected: ['thumbsdown', 'failed'],
};

/** An execution's icon, and its colour. */
export const EXECUTION_ICON: Record<ExecutionStatus, readonly [name: string, tone: Tone]> = {
  queued: ['clock', 'scheduled'],
  ...STEP_ICON,
  cancelling: ['loading', 'lost'],
};
