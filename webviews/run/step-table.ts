import { html, nothing, type TemplateResult } from 'lit';
import { formatDuration } from '../../daemon/contract/display.ts';
import type { StepLink } from '../../daemon/contract/messages.ts';
import { stepIcon } from '../ui/icons.ts';
import { TickingElement } from '../ui/ticking-element.ts';

/** The steps of an execution, each with the way to its run. Tells `open` (a run's id). */
export class StepTable extends TickingElement {
  static override properties = { steps: { attribute: false } };
  declare steps: readonly StepLink[];

  protected override render() {
    return html`
      <section aria-labelledby="steps-title">
        <div class="section-head"><h2 id="steps-title">Steps</h2></div>
        <table class="grid steps">
          <thead>
            <tr><th scope="col">Step</th><th scope="col">Status</th><th scope="col">Metric</th><th scope="col">Duration</th></tr>
          </thead>
          <tbody>${this.steps.map(step => this.#row(step))}</tbody>
        </table>
      </section>
    `;
  }

  #row({ name, status, startTime, endTime, metric, note, runId }: StepLink): TemplateResult {
    const title =
      runId === null
        ? name
        : html`<button class="link" @click=${() => this.tell('open', runId)} aria-label="Run of step ${name}">${name}</button>`;
    const duration = startTime === null ? '' : formatDuration((endTime ?? Date.now()) - startTime);
    return html`
      <tr>
        <th scope="row">${stepIcon(status)} ${title}</th>
        <td class="words">${status}${note ? html` <span class="faint" title=${note}>· ${note}</span>` : nothing}</td>
        <td>${metric}</td>
        <td>${duration}</td>
      </tr>
    `;
  }
}

customElements.define('modelthat-step-table', StepTable);
