import { html, nothing, type PropertyValues, svg, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { CompareView } from '../../daemon/contract/compare-messages.ts';
import { CurveAxis } from '../../daemon/contract/curve-axis.ts';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { Run, Series } from '../../daemon/contract/runs.ts';
import { AXIS_NAMES } from '../ui/curve-axis.ts';
import '../ui/curves-chart.ts';
import type { Curve } from '../ui/curves-chart.ts';
import { statusIcon } from '../ui/icons.ts';
import { chartTheme, lineStyle } from '../ui/theme.ts';
import { ThemedElement } from '../ui/themed-element.ts';
import { tellApart } from './columns.ts';
import type { Compared, ViewChange } from './comparison.ts';

/** Curves by run and metric. */
export type SeriesOfRuns = ReadonlyMap<string, ReadonlyMap<string, Series>>;

/**
 * The metrics of all runs as curves over each other, a chart for each metric. Tells `watch` (the metrics whose charts are
 * in sight), `view` and `open` (the id of a run).
 */
export class ComparedCurves extends ThemedElement {
  static override properties = {
    compared: { attribute: false },
    view: { attribute: false },
    series: { attribute: false },
    cursor: { state: true },
  };
  declare compared: Compared;
  declare view: CompareView;
  declare series: SeriesOfRuns;
  declare cursor: number | undefined;
  readonly #inSight = new Set<string>();
  readonly #observer = new IntersectionObserver(entries => this.#see(entries), { rootMargin: '200px' });
  readonly #observed = new Set<Element>();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
    this.#observed.clear();
    this.tell('watch', []);
  }

  protected override render() {
    const keys = curveKeys(this.compared.runs);
    if (keys.length === 0)
      return html`<p class="faint">None of these runs has a metric with more than one point: there is no curve to draw. The table has their values.</p>`;
    return html`
      ${this.#toolbar()}
      ${this.#legend()}
      <div class="curve-grid" @cursor=${(event: CustomEvent<number | undefined>) => {
        this.cursor = event.detail;
      }}>
        ${repeat(
          keys,
          key => key,
          key => this.#card(key),
        )}
      </div>
    `;
  }

  protected override updated(_changed: PropertyValues): void {
    for (const card of this.querySelectorAll('.curve-card')) {
      if (this.#observed.has(card)) continue;
      this.#observer.observe(card);
      this.#observed.add(card);
    }
  }

  #toolbar(): TemplateResult {
    const { axis, logScale, smoothing } = this.view;
    return html`
      <div class="toolbar">
        <label>Over
          <select @change=${(event: Event) => this.#choose({ axis: CurveAxis.parse((event.target as HTMLSelectElement).value) })}>
            ${CurveAxis.options.map(option => html`<option value=${option} ?selected=${option === axis}>${AXIS_NAMES[option]}</option>`)}
          </select>
        </label>
        <label class="slider">Smoothing
          <input type="range" min="0" max="0.98" step="0.02" .value=${String(smoothing)}
            @input=${(event: Event) => this.#choose({ smoothing: Number((event.target as HTMLInputElement).value) })}>
        </label>
        <modelthat-checkbox ?checked=${logScale}
          @change=${(event: Event) => this.#choose({ logScale: (event.target as HTMLInputElement).checked })}>Log scale</modelthat-checkbox>
      </div>
    `;
  }

  /** All runs with their lines and with what tells them apart; each can be left out of the charts. */
  #legend(): TemplateResult {
    const { runs } = this.compared;
    const theme = chartTheme();
    const hidden = new Set(this.view.hidden);
    return html`
      <ul class="legend" aria-label="Runs">
        ${runs.map((run, place) => {
          const { color, dash } = lineStyle(theme, place);
          return html`
            <li>
              <button class="legend-run" aria-pressed=${!hidden.has(run.id)} @click=${() => this.#toggle(run.id)}
                title="${hidden.has(run.id) ? 'Show' : 'Hide'} the curves of ${run.name}">
                <svg class="swatch" viewBox="0 0 24 8" aria-hidden="true">${svg`<line x1="0" y1="4" x2="24" y2="4" stroke=${color} stroke-width="2" stroke-dasharray=${dash.join(' ') || nothing} />`}</svg>
                ${run.status === 'FINISHED' ? nothing : statusIcon(run.status)}
                <span class="legend-name">${run.name}</span>
                <span class="faint">${tellApart(run, runs)}</span>
              </button>
            </li>
          `;
        })}
      </ul>
    `;
  }

  #card(key: string): TemplateResult {
    const runs = this.compared.runs.filter(({ metrics }) => metrics[key]);
    const shown = runs.filter(({ id }) => !this.view.hidden.includes(id));
    const curves = this.#curves(key);
    return html`
      <figure class="curve-card" data-key=${key}>
        <figcaption class="chart-name" title=${key}>${key}</figcaption>
        <modelthat-curves-chart class="curve-box" .label=${key} .curves=${curves} .axis=${this.view.axis}
          .logScale=${this.view.logScale} .smoothing=${this.view.smoothing} .cursor=${this.cursor}></modelthat-curves-chart>
        <p class="chart-note">${this.#note(curves, shown.length)}</p>
        ${valuesTable(key, runs)}
      </figure>
    `;
  }

  #curves(key: string): Curve[] {
    return this.compared.runs.flatMap(({ id, name, startTime }, place) => {
      const series = this.series.get(id)?.get(key);
      const shown = series && series.points.length > 0 && !this.view.hidden.includes(id);
      return shown ? [{ name, place, start: startTime, series }] : [];
    });
  }

  /** What the chart leaves out, in words. */
  #note(curves: readonly Curve[], shown: number): string {
    const { runs } = this.compared;
    if (curves.length < shown) return `Loading ${shown - curves.length} of ${shown} curves…`;
    const sampled = curves.filter(({ series }) => series.total > series.points.length).length;
    const infinite = this.view.logScale
      ? curves.filter(({ series }) => series.points.some(({ min }) => Number(min) <= 0)).length
      : 0;
    const without = runs.length - shown;
    return [
      sampled > 0 &&
        `Sampled: ${sampled} ${sampled === 1 ? 'curve shows' : 'curves show'} the means of fewer points than were logged.`,
      without > 0 && `${without} of ${runs.length} runs hidden or without this metric.`,
      infinite > 0 &&
        `A log scale has no place for the values of ${infinite} ${infinite === 1 ? 'run' : 'runs'} that are 0 or less.`,
    ]
      .filter(Boolean)
      .join(' ');
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const key = (target as HTMLElement).dataset.key ?? '';
      if (isIntersecting) this.#inSight.add(key);
      else this.#inSight.delete(key);
    }
    this.tell('watch', [...this.#inSight]);
  }

  #toggle(id: string): void {
    const { hidden } = this.view;
    this.#choose({ hidden: hidden.includes(id) ? hidden.filter(each => each !== id) : [...hidden, id] });
  }

  #choose(change: ViewChange): void {
    this.tell('view', change);
  }
}

/** Metrics that are a curve in one of the runs: one point is a number, not a curve. */
function curveKeys(runs: readonly Run[]): string[] {
  const keys = runs.flatMap(({ metrics }) =>
    Object.keys(metrics).filter(key => (metrics[key]?.count ?? 0) >= 2),
  );
  return [...new Set(keys)].sort((a, b) => a.localeCompare(b));
}

/** What the chart shows, as text. */
function valuesTable(key: string, runs: readonly Run[]): TemplateResult {
  return html`
    <details>
      <summary>As a table</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="Values of ${key}">
        <table class="grid">
          <thead><tr><th scope="col">Run</th><th scope="col">Last</th><th scope="col">Min</th><th scope="col">Max</th><th scope="col">Points</th></tr></thead>
          <tbody>
            ${runs.map(({ name, metrics }) => {
              const metric = metrics[key];
              return metric
                ? html`<tr><th scope="row">${name}</th><td>${formatMetric(metric.last)}</td><td>${formatMetric(metric.min)}</td><td>${formatMetric(metric.max)}</td><td>${metric.count.toLocaleString()}</td></tr>`
                : nothing;
            })}
          </tbody>
        </table>
      </div>
    </details>
  `;
}

customElements.define('modelthat-compared-curves', ComparedCurves);
