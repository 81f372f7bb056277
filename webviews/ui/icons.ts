import '@vscode/codicons/dist/codicon.css';
import { html, type TemplateResult } from 'lit';
import type { StepStatus } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';

/** A codicon. It says nothing to a screen reader: the text beside it does. */
export function icon(name: string, classes = ''): TemplateResult {
  return html`<span class="codicon codicon-${name} ${classes}" aria-hidden="true"></span>`;
}

const STATUS_ICON: Record<Run['status'], string> = {
  RUNNING: 'loading',
  SCHEDULED: 'clock',
  FINISHED: 'pass',
  FAILED: 'error',
  KILLED: 'circle-slash',
  LOST: 'warning',
};

/** The icon of a run's state, in the state's colour. */
export function statusIcon(status: Run['status']): TemplateResult {
  const spin = status === 'RUNNING' ? 'codicon-modifier-spin' : '';
  return icon(STATUS_ICON[status], `status-${status.toLowerCase()} ${spin}`);
}

/** A step's icon, and the run state whose colour it has. */
const STEP_ICON: Record<StepStatus, readonly [name: string, like: Lowercase<Run['status']>]> = {
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

/** The icon of a step's state, in the state's colour. */
export function stepIcon(status: StepStatus): TemplateResult {
  const [name, like] = STEP_ICON[status];
  return icon(name, `status-${like} ${name === 'loading' ? 'codicon-modifier-spin' : ''}`);
}
