import { html, type PropertyValues, svg } from 'lit';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import { PageElement } from '../ui/element.ts';
import { choice, nothingToDraw } from './choice.ts';
import type { Compared, ViewChange } from './comparison.ts';
import { chosenOf, type Dimension, dimensionsOf, targetOf } from './dimensions.ts';
import { type Influence, influenceOf, LEAST_RUNS } from './influence.ts';

/** Which parameters matter for a metric. Tells `view`. */
export class InfluencePart extends PageElement {
  static override properties = {
    compared: { attribute: false },
    view: { attribute: false },
    found: { state: true },
    left: { state: true },
  };
  declare compared: Compared;
  declare view: CompareView;
  declare found: readonly Influence[];
  /** Parameters that are still to be computed. */
  declare left: number;
  /** What the newest computation is about: an older one ends. */
  #about = '';

  constructor() {
    super();
    this.found = [];
    this.left = 0;
  }

  protected override render() {
    const { metric, metrics, params } = this.#chosen();
    if (!metric || params.length === 0)
      return nothingToDraw('These runs do not differ both in a parameter and in a metric.');
    const rest = params.length - this.found.length - this.left;
    return html`
      <div class="toolbar">${choice('Metric', metrics, metric, id => this.tell('view', { metric: id } satisfies ViewChange))}</div>
      <p class="faint">
        The share of the ranking of ${metric.name} that each parameter explains by itself: Spearman’s rank correlation of numbers,
        the correlation ratio of ranks of other values (Kruskal and Wallis), both adjusted for chance, with 95 % intervals of a
        bootstrap over the runs. It finds what rises or falls
        with a number throughout, not a best value in the middle; it is no proof of a cause, and parameters that were changed together cannot be told apart.
      </p>
      <p class="faint" role="status">
        ${this.left > 0 ? `Computing ${this.left} of ${params.length} parameters…` : ''}
        ${rest > 0 ? `${rest} of ${params.length} parameters left out: fewer than ${LEAST_RUNS} runs have both, or each run has a value of its own.` : ''}
      </p>
      ${this.found.length > 0 ? table(this.found) : ''}
    `;
  }

  protected override updated(_changed: PropertyValues): void {
    const { metric, params } = this.#chosen();
    const about = JSON.stringify([metric?.id, metric?.values, params.map(({ values }) => values)]);
    if (about === this.#about || !metric) return;
    this.#about = about;
    void this.#compute(about, metric, params);
  }

  #chosen() {
    const dimensions = dimensionsOf(this.compared);
    const metrics = dimensions.filter(({ kind }) => kind === 'metric');
    return {
      metrics,
      metric: chosenOf(metrics, this.view.metric, targetOf(dimensions, this.compared)),
      params: dimensions.filter(({ kind }) => kind === 'param'),
    };
  }

  /** One parameter at a time, so that the page goes on meanwhile. */
  async #compute(about: string, metric: Dimension, params: readonly Dimension[]): Promise<void> {
    this.found = [];
    for (const [place, param] of params.entries()) {
      this.left = params.length - place;
      await new Promise(resolve => setTimeout(resolve));
      if (this.#about !== about) return;
      const influence = influenceOf(param, metric);
      if (influence) this.found = [...this.found, influence].sort((a, b) => b.share - a.share);
    }
    this.left = 0;
  }
}

function table(found: readonly Influence[]) {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="Which parameters matter">
      <table class="grid influences">
        <thead><tr><th scope="col">Parameter</th><th scope="col">Explains</th><th scope="col"></th><th scope="col">95 % interval</th><th scope="col">Direction</th><th scope="col">Runs</th></tr></thead>
        <tbody>
          ${found.map(
            ({ name, share, low, high, correlation, runs }) => html`
              <tr>
                <th scope="row" title=${name}>${name}</th>
                <td>${percent(share)}</td>
                <td>
                  <svg class="influence" viewBox="0 0 100 12" preserveAspectRatio="none" aria-hidden="true">
                    ${svg`<rect class="influence-share" x="0" y="2" height="8" width=${share * 100} /><line class="influence-interval" x1=${low * 100} x2=${high * 100} y1="6" y2="6" />`}
                  </svg>
                </td>
                <td>${percent(low)} to ${percent(high)}</td>
                <td>${correlation === undefined ? 'categories' : `${correlation < 0 ? 'falls' : 'rises'} with it (ρ ${correlation.toFixed(2).replace('-', '−')})`}</td>
                <td>${runs}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </div>
  `;
}

customElements.define('modelthat-influence-part', InfluencePart);
