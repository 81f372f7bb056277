import '../ui/log-view.ts';
import { html, nothing, type TemplateResult } from 'lit';
import { formatBytes, formatDuration, formatMetric } from '../../daemon/contract/display.ts';
import type { LogFound, LogPiece, StepAction } from '../../daemon/contract/pipeline-messages.ts';
import type { StepExecution } from '../../daemon/contract/pipelines.ts';
import { PageElement } from '../ui/element.ts';
import { icon, toneIcon } from '../ui/icons.ts';
import type { LogView } from '../ui/log-view.ts';
import type { StepView } from './step-views.ts';

const ACTIONS: Record<StepAction, { readonly title: string; readonly icon: string }> = {
  approve: { title: 'Approve…', icon: 'check' },
  reject: { title: 'Reject…', icon: 'close' },
  runFrom: { title: 'Run from here', icon: 'run-below' },
  runOnly: { title: 'Run only this', icon: 'play' },
  debug: { title: 'Debug', icon: 'debug-alt' },
  openRun: { title: 'Open run', icon: 'graph-line' },
  openDefinition: { title: 'Open definition', icon: 'go-to-file' },
  openLog: { title: 'Open log in editor', icon: 'output' },
};

/** What is known of the chosen step, what can be done with it, and its log. Tells `actOnStep`, `read`, `seek`, `openPlace` and `close`. */
export class StepDetail extends PageElement {
  static override properties = { step: { attribute: false }, executionId: { attribute: false } };
  declare step: StepView;
  /** Of the execution that is shown; undefined when none is. */
  declare executionId: string | undefined;

  /** Passes a part of the log on to where it is shown. */
  receive(piece: LogPiece): void {
    this.querySelector<LogView>('modelthat-log-view')?.receive(piece);
  }

  /** The same with what was found in it. */
  receiveFound(found: LogFound): void {
    this.querySelector<LogView>('modelthat-log-view')?.receiveFound(found);
  }

  protected override render() {
    const { name, icon: iconName, tone, state, facts, why, actions, definition, execution } = this.step;
    return html`
      <div class="detail-head">
        <h2 class="detail-title">${toneIcon(iconName, tone)} ${name}</h2>
        <span class="faint">${[state, facts, usage(execution)].filter(Boolean).join(' · ')}</span>
        <div class="actions">
          ${actions.map(action => this.#button(action))}
          <button class="tool" title="Close" aria-label="Close" @click=${() => this.tell('close', undefined)}>${icon('close')}</button>
        </div>
      </div>
      ${definition?.command ? html`<code class="detail-command" title=${definition.command}>${definition.command}</code>` : nothing}
      ${why && !facts.includes(why) ? html`<p class="detail-why">${why}</p>` : nothing}
      ${this.#gates()}
      ${this.#log()}
    `;
  }

  #button(action: StepAction): TemplateResult {
    const { title, icon: name } = ACTIONS[action];
    return html`
      <button class="tool" title=${title} aria-label=${title} @click=${() => this.tell('actOnStep', action)}>
        ${icon(name)}<span class="tool-title">${title}</span>
      </button>
    `;
  }

  #gates(): TemplateResult | typeof nothing {
    const gates = this.step.execution?.gates ?? [];
    if (gates.length === 0) return nothing;
    return html`
      <ul class="gates">
        ${gates.map(
          ({ gate, passed, observed }) => html`
            <li>${toneIcon(passed ? 'pass' : 'error', passed ? 'finished' : 'failed')} ${gate}
              <span class="faint">${passed ? 'passed' : 'failed'}${observed === null ? '' : `, observed ${formatMetric(observed)}`}</span>
            </li>
          `,
        )}
      </ul>
    `;
  }

  #log(): TemplateResult | typeof nothing {
    const { name, printed } = this.step;
    if (this.executionId === undefined || !printed) return nothing;
    return html`<modelthat-log-view .executionId=${this.executionId} .step=${name}></modelthat-log-view>`;
  }
}

/** What the step took of the machine; empty where that is not known. */
function usage(execution: StepExecution | null): string {
  const { cpuSeconds, peakMemory } = execution?.usage ?? { cpuSeconds: 0, peakMemory: null };
  return [
    ...(cpuSeconds > 0 ? [`${formatDuration(cpuSeconds * 1_000)} of CPU`] : []),
    ...(peakMemory === null ? [] : [`${formatBytes(peakMemory)} at most`]),
  ].join(' · ');
}

customElements.define('modelthat-step-detail', StepDetail);
