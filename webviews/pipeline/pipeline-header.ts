import { html, nothing, type TemplateResult } from 'lit';
import { formatAge, formatDuration } from '../../daemon/contract/display.ts';
import type { PipelineAction, PipelineSnapshot } from '../../daemon/contract/pipeline-messages.ts';
import { PageElement } from '../ui/element.ts';
import { icon, toneIcon } from '../ui/icons.ts';
import { EXECUTION_ICON } from '../ui/tones.ts';
import type { PipelineView } from './step-views.ts';

interface Button {
  readonly title: string;
  readonly icon: string;
  readonly primary?: true;
}

/** What stands among the actions: what the host does, and what the page itself opens. */
type HeaderAction = Exclude<PipelineAction, 'startDaemon'> | 'openForm' | 'plan';

const ACTIONS: Record<HeaderAction, Button> = {
  run: { title: 'Run', icon: 'play', primary: true },
  openForm: { title: 'Run with parameters…', icon: 'settings' },
  plan: { title: 'Plan', icon: 'list-ordered' },
  stop: { title: 'Stop', icon: 'debug-stop', primary: true },
  forceStop: { title: 'Force stop', icon: 'stop-circle', primary: true },
  openRun: { title: 'Open run', icon: 'graph-line' },
  openFile: { title: 'Open file', icon: 'go-to-file' },
};

/** The pipeline's name, how the chosen execution stands, and what can be done with it. Tells `act`, `plan` and `openForm`. */
export class PipelineHeader extends PageElement {
  static override properties = { snapshot: { attribute: false }, view: { attribute: false } };
  declare snapshot: PipelineSnapshot;
  declare view: PipelineView;

  protected override render() {
    const { snapshot } = this;
    const { execution } = snapshot;
    const facts = execution ? this.#executionFacts() : this.#planFacts();
    return html`
      <header>
        <div class="title-row">
          <h1>${snapshot.title}</h1>
          ${execution ? html`<span class="pill">${toneIcon(...EXECUTION_ICON[execution.status])} ${execution.status}</span>` : html`<span class="pill">${icon('list-ordered')} next execution</span>`}
          <div class="actions">
            ${actionsOf(snapshot).map(action => this.#button(action))}
          </div>
        </div>
        <p class="facts">${facts.map((fact, index) => html`${index > 0 ? html`<span class="dot">·</span>` : nothing}<span>${fact}</span>`)}</p>
        ${execution?.message ? html`<p class="faint">${execution.message}</p>` : nothing}
      </header>
    `;
  }

  #button(action: HeaderAction): TemplateResult {
    const { title, icon: name, primary } = ACTIONS[action];
    const own = action === 'openForm' || action === 'plan';
    const tell = () => (own ? this.tell(action, undefined) : this.tell('act', action));
    return html`
      <modelthat-button appearance=${primary ? 'primary' : 'secondary'} @click=${tell}>
        <span slot="start" class="codicon codicon-${name}"></span>${title}
      </modelthat-button>
    `;
  }

  #executionFacts(): string[] {
    const { execution } = this.snapshot;
    if (!execution) return [];
    const { startTime, endTime, steps, set } = execution;
    const now = Date.now();
    const ended = steps.filter(step => step.endTime !== null || step.status === 'skipped').length;
    const reused = steps.filter(step => step.reused !== null).length;
    const { path, left } = this.view;
    return [
      `started ${formatAge(startTime, now)}`,
      `${endTime === null ? 'for' : 'took'} ${formatDuration((endTime ?? now) - startTime)}`,
      endTime === null ? `${ended} of ${steps.length} steps` : `${steps.length} steps`,
      ...(reused > 0 ? [`${reused} not run again`] : []),
      ...(endTime === null && left !== null ? [`about ${formatDuration(left)} left`] : []),
      ...pathFact(path),
      ...Object.entries(set).map(([name, value]) => `${name}=${value}`),
    ];
  }

  #planFacts(): string[] {
    const { plan, planProblem, steps } = this.snapshot;
    if (!plan) return [planProblem || `${steps.length} steps`];
    const count = (action: string) => plan.steps.filter(step => step.action === action).length;
    const [runs, restored] = [count('run'), count('restore')];
    if (runs + restored === 0) return ['Nothing has to run: everything is as it was'];
    return [
      `${runs} of ${plan.steps.length} steps run`,
      ...(restored > 0 ? [`${restored} restored`] : []),
      ...(plan.estimate === null ? [] : [`takes about ${formatDuration(plan.estimate)}`]),
      ...pathFact(this.view.path),
    ];
  }
}

function pathFact(path: readonly string[]): string[] {
  return path.length > 1 ? [`critical path: ${shortened(path).join(' → ')}`] : [];
}

function shortened(path: readonly string[]): readonly string[] {
  return path.length <= 6 ? path : [...path.slice(0, 3), '…', ...path.slice(-2)];
}

function actionsOf({ execution, executions, trusted }: PipelineSnapshot): HeaderAction[] {
  const ends = execution !== null && execution.endTime === null;
  const stop: HeaderAction = execution?.status === 'cancelling' ? 'forceStop' : 'stop';
  const busy = executions.some(({ status, endTime }) => endTime === null && status !== 'waiting');
  return [
    ...(ends ? [stop] : []),
    ...(!busy && trusted ? (['run'] as const) : []),
    ...(trusted ? (['openForm'] as const) : []),
    ...(trusted && execution ? (['plan'] as const) : []),
    ...(execution ? (['openRun'] as const) : []),
    'openFile',
  ];
}

customElements.define('modelthat-pipeline-header', PipelineHeader);
