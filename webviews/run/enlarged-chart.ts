import { html, nothing, type TemplateResult } from 'lit';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { Series, StepRange } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import type { CurveLook } from '../ui/line-chart.ts';

/** One chart over the whole page, with its points as a table. Tells `leave`, and `zoom` as charts do. */
export class EnlargedChart extends PageElement {
  static override properties = {
    key: { attribute: false },
    series: { attribute: false },
    look: { attribute: false },
    start: { attribute: false },
    range: { attribute: false },
    note: { attribute: false },
  };
  declare key: string;
  declare series: Series | undefined;
  declare look: CurveLook;
  declare start: number;
  /** The steps that are looked at; undefined for all. */
  declare range: StepRange | undefined;
  declare note: TemplateResult | typeof nothing;

  protected override render() {
    return html`
      <dialog class="enlarged" aria-labelledby="enlarged-title" @close=${() => this.tell('leave', undefined)}>
        <div class="section-head">
          <h2 id="enlarged-title" class="as-written">${this.key}</h2>
          <div class="toolbar">
            <label>Steps <input name="from" type="number" .value=${String(this.#steps.fromStep)} @change=${this.#show}></label>
            <label>to <input name="to" type="number" .value=${String(this.#steps.toStep)} @change=${this.#show}></label>
            ${this.range ? html`<modelthat-button appearance="secondary" @click=${() => this.tell('zoom', undefined)}>Show all steps</modelthat-button>` : nothing}
            <button class="tool" title="Close" aria-label="Close" @click=${() => this.#dialog?.close()}>${icon('close')}</button>
          </div>
        </div>
        <modelthat-line-chart class="enlarged-box" .series=${this.series} .look=${this.look} .start=${this.start}></modelthat-line-chart>
        ${this.note}
        ${this.#points()}
      </dialog>
    `;
  }

  protected override firstUpdated(): void {
    this.#dialog?.showModal();
  }

  get #dialog(): HTMLDialogElement | null {
    return this.querySelector('dialog');
  }

  get #steps(): StepRange {
    const { points = [] } = this.series ?? {};
    return this.range ?? { fromStep: points[0]?.step ?? 0, toStep: points.at(-1)?.step ?? 0 };
  }

  #points(): TemplateResult {
    const { points = [], total = 0 } = this.series ?? {};
    const sampled = total > points.length;
    return html`
      <details>
        <summary>As a table</summary>
        <div class="scroll" tabindex="0" role="region" aria-label="Points of ${this.key}">
          <table class="grid">
            <thead><tr>
              <th scope="col">Step</th><th scope="col">Time</th><th scope="col">${sampled ? 'Mean' : 'Value'}</th>
              ${sampled ? html`<th scope="col">Min</th><th scope="col">Max</th><th scope="col">Points</th>` : nothing}
            </tr></thead>
            <tbody>${points.map(
              ({ step, timestamp, value, min, max, count }) => html`
                <tr>
                  <td>${step}</td><td>${new Date(timestamp).toLocaleString()}</td><td>${formatMetric(value)}</td>
                  ${sampled ? html`<td>${formatMetric(min)}</td><td>${formatMetric(max)}</td><td>${count}</td>` : nothing}
                </tr>
              `,
            )}</tbody>
          </table>
        </div>
      </details>
    `;
  }

  #show(): void {
    const number = (name: string) =>
      this.querySelector<HTMLInputElement>(`input[name=${name}]`)?.valueAsNumber ?? Number.NaN;
    const [fromStep, toStep] = [number('from'), number('to')];
    if (Number.isInteger(fromStep) && Number.isInteger(toStep) && fromStep < toStep)
      this.tell('zoom', { fromStep, toStep });
  }
}

customElements.define('modelthat-enlarged-chart', EnlargedChart);
