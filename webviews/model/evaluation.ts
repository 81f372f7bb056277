import { html, nothing, type TemplateResult } from 'lit';
import { formatAge, formatMetric } from '../../daemon/contract/display.ts';
import type { Evaluation, EvaluationResult } from '../../daemon/contract/evaluations.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import { confusionTable, scatter } from './evaluation-pictures.ts';

const ICONS: Record<Evaluation['state'], readonly [name: string, style: string]> = {
  running: ['sync', ''],
  finished: ['pass', 'status-finished'],
  failed: ['error', 'status-failed'],
  cancelled: ['circle-slash', ''],
};

const VERDICT_STYLE = { better: 'change-better', worse: 'change-worse', undecided: '' } as const;

/** What data sets found of a version, one of them whole. Tells `evaluate` when a person wants another. */
export class EvaluationSection extends PageElement {
  static override properties = {
    evaluations: { attribute: false },
    version: { attribute: false },
    chosen: { state: true },
  };
  /** Newest first. */
  declare evaluations: readonly Evaluation[];
  declare version: number;
  /** Id of the run of the one that is shown; empty = the newest. */
  declare chosen: string;

  constructor() {
    super();
    this.chosen = '';
  }

  protected override render() {
    const shown = this.evaluations.find(({ runId }) => runId === this.chosen) ?? this.evaluations[0];
    return html`
      <section aria-labelledby="evaluations-title">
        <div class="section-head">
          <h2 id="evaluations-title">Evaluations of version ${this.version}</h2>
          ${this.evaluations.length > 1 ? this.#choice(shown) : nothing}
          <modelthat-button appearance="secondary" @click=${() => this.tell('evaluate', undefined)}>
            <span slot="start" class="codicon codicon-beaker"></span>Evaluate…
          </modelthat-button>
        </div>
        ${shown ? this.#one(shown) : html`<p class="faint">It has not predicted a data set yet.</p>`}
      </section>
    `;
  }

  #choice(shown: Evaluation | undefined): TemplateResult {
    return html`
      <label class="choice">Data set
        <select @change=${(event: Event) => {
          this.chosen = (event.target as HTMLSelectElement).value;
        }}>
          ${this.evaluations.map(
            ({ runId, data, startTime }) =>
              html`<option value=${runId} ?selected=${runId === shown?.runId}>${fileName(data)}, ${formatAge(startTime, Date.now())}</option>`,
          )}
        </select>
      </label>
    `;
  }

  #one(evaluation: Evaluation): TemplateResult {
    const { state, message, data, startTime, result } = evaluation;
    const [name, style] = ICONS[state];
    const rows = result ? `${result.rows.toLocaleString()} rows of ` : '';
    return html`
      <p class="facts" title=${data}>
        ${icon(name, style)} ${state} · ${rows}${fileName(data)} · ${formatAge(startTime, Date.now())}
      </p>
      ${result ? [this.#verdict(evaluation, result), measured(result)] : html`<p class=${style}>${message}</p>`}
    `;
  }

  #verdict({ champion }: Evaluation, { metric, comparison }: EvaluationResult): TemplateResult {
    if (!comparison) return html`<p class="faint">Compared with no version.</p>`;
    const { verdict, difference, interval } = comparison;
    return html`
      <p>
        <strong class=${VERDICT_STYLE[verdict]}>${verdict}</strong>
        beside version ${champion}: its ${metric} is ${formatMetric(comparison.champion)}, the difference ${formatMetric(difference)}
        <span class="faint">${interval ? `(95 % interval ${formatMetric(interval.low)} to ${formatMetric(interval.high)}, ${interval.resamples} resamples)` : '(no interval could be had)'}</span>
      </p>
    `;
  }
}

function measured(result: EvaluationResult): TemplateResult {
  const { metrics, metric, slices, tables } = result;
  return html`
    <div class="evidence">
      <div>
        <table class="grid">
          <thead><tr><th scope="col">Metric</th><th scope="col">Value</th></tr></thead>
          <tbody>
            ${Object.entries(metrics).map(
              ([name, value]) => html`<tr><th scope="row">${name}</th><td>${formatMetric(value)}</td></tr>`,
            )}
          </tbody>
        </table>
      </div>
      <div>
        ${
          slices.length > 0
            ? html`
                <table class="grid">
                  <thead><tr><th scope="col">Slice</th><th scope="col">Rows</th><th scope="col">${metric}</th></tr></thead>
                  <tbody>
                    ${slices.map(
                      slice => html`
                        <tr>
                          <th scope="row">${slice.column} = ${slice.value}</th><td>${slice.rows}</td>
                          <td>${formatMetric(slice.metrics[metric] ?? 'NaN')}</td>
                        </tr>
                      `,
                    )}
                  </tbody>
                </table>
              `
            : nothing
        }
      </div>
    </div>
    <div class="pictures">
      ${Object.entries(tables).map(([name, table]) =>
        name === 'confusion_matrix' ? confusionTable(table) : scatter(name, table),
      )}
    </div>
  `;
}

function fileName(data: string): string {
  return data.split(/[\\/]/).at(-1) || 'a data set';
}

customElements.define('modelthat-evaluations', EvaluationSection);
