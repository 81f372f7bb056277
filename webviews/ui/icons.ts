import '@vscode/codicons/dist/codicon.css';
import { html, type TemplateResult } from 'lit';
import type { StepStatus } from '../../daemon/contract/pipelines.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { STEP_ICON, type Tone } from './tones.ts';

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

/** The icon of a step's state, in the state's colour. */
export function stepIcon(status: StepStatus): TemplateResult {
  return toneIcon(...STEP_ICON[status]);
}

/** An icon in the colour of a state; the one of what goes on turns. */
export function toneIcon(name: string, tone: Tone): TemplateResult {
  return icon(name, `status-${tone} ${name === 'loading' ? 'codicon-modifier-spin' : ''}`);
}
