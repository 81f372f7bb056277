import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { CurveAxis } from '../../daemon/contract/curve-axis.ts';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { MetricSummary, Series, StepRange } from '../../daemon/contract/runs.ts';
import '../ui/line-chart.ts';
import './enlarged-chart.ts';
import { AXIS_NAMES } from '../ui/curve-axis.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import type { CurveLook } from '../ui/line-chart.ts';
import { curveGroups, groupTitle, type MetricGroup, shortName } from './metric-groups.ts';

/** How the charts are drawn: what a person chose. */
export interface ChartSettings extends CurveLook {
  readonly folded: readonly string[];
}

/** The curves that are wanted: those in sight, or the steps of them that a person looks at. */
export interface Watched {
  readonly keys: readonly string[];
  readonly range?: StepRange | undefined;
}

/**
 * A chart for each metric with a curve; the pointer and the steps that are looked at are the same in all of them. Tells
 * `watch` (what of which curves is wanted) and `settings` (what a person chose).
 */
export class MetricCharts extends PageElement {
  static override properties = {
    heading: { attribute: false },
    metrics: { attribute: false },
    series: { attribute: false },
    settings: { attribute: false },
    start: { attribute: false },
    cursor: { state: true },
    range: { state: true },
    enlarged: { state: true },
  };
  declare heading: string;
  declare metrics: Readonly<Record<string, MetricSummary>>;
  declare series: ReadonlyMap<string, Series>;
  declare settings: ChartSettings;
  /** When the run began, in milliseconds since the epoch. */
  declare start: number;
  declare cursor: number | undefined;
  /** The steps that are looked at; undefined for all. */
  declare range: StepRange | undefined;
  /** The metric whose chart fills the page. */
  declare enlarged: string | undefined;
  readonly #inSight = new Set<string>();
  readonly #observer = new IntersectionObserver(entries => this.#see(entries), { rootMargin: '200px' });
  readonly #observed = new Set<Element>();

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#observer.disconnect();
  }

  protected override render() {
    const groups = curveGroups(this.metrics);
    if (groups.length === 0) return nothing;
    return html`
      <section aria-label=${this.heading}
        @cursor=${(event: CustomEvent<number | undefined>) => {
          this.cursor = event.detail;
        }}
        @zoom=${(event: CustomEvent<StepRange | undefined>) => this.#zoom(event.detail)}>
        <div class="section-head">
          <h2>${this.heading}</h2>
          ${this.#toolbar()}
        </div>
        ${repeat(
          groups,
          group => group.name,
          group => this.#group(group),
        )}
        ${this.#enlargedChart()}
      </section>
    `;
  }

  protected override updated(_changed: PropertyValues): void {
    const cards = new Set(this.querySelectorAll('.chart-card'));
    for (const card of this.#observed) {
      if (cards.has(card)) continue;
      this.#observer.unobserve(card);
      this.#observed.delete(card);
    }
    for (const card of cards) {
      if (this.#observed.has(card)) continue;
      this.#observer.observe(card);
      this.#observed.add(card);
    }
  }

  #toolbar(): TemplateResult {
    const { axis, logScale, smoothing } = this.settings;
    return html`
      <div class="toolbar">
        ${this.range ? html`<modelthat-button appearance="secondary" @click=${() => this.#zoom(undefined)}>Show all steps</modelthat-button>` : nothing}
        <label>Over
          <select @change=${(event: Event) => this.#choose({ axis: CurveAxis.parse((event.target as HTMLSelectElement).value) })}>
            ${CurveAxis.options.map(option => html`<option value=${option} ?selected=${option === axis}>${AXIS_NAMES[option]}</option>`)}
          </select>
        </label>
        <label class="slider">
          Smoothing
          <input type="range" min="0" max="0.98" step="0.02" .value=${String(smoothing)}
            @input=${(event: Event) => this.#choose({ smoothing: Number((event.target as HTMLInputElement).value) })}>
        </label>
        <modelthat-checkbox ?checked=${logScale}
          @change=${(event: Event) => this.#choose({ logScale: (event.target as HTMLInputElement).checked })}>
          Log scale
        </modelthat-checkbox>
      </div>
    `;
  }

  #group({ name, keys }: MetricGroup): TemplateResult {
    const open = !this.settings.folded.includes(name);
    const cards = open
      ? html`<div class="chart-grid">${repeat(
          keys,
          key => key,
          key => this.#card(key, name),
        )}</div>`
      : nothing;
    if (name === '') return html`${cards}`;
    return html`
      <h3>
        <button class="fold" aria-expanded=${open} @click=${() => this.#fold(name, open)}>
          ${icon(open ? 'chevron-down' : 'chevron-right')} ${groupTitle(name)}
          <span class="faint">${keys.length}</span>
        </button>
      </h3>
      ${cards}
    `;
  }

  #card(key: string, group: string): TemplateResult {
    const series = this.series.get(key);
    return html`
      <figure class="chart-card" data-key=${key}>
        <figcaption>
          <span class="chart-name" title=${key}>${shortName(key, group)}</span>
          <span class="chart-value">${formatMetric(this.metrics[key]?.last ?? 'NaN')}</span>
          <button class="tool" title="Enlarge" aria-label="Enlarge the chart of ${key}" @click=${() => {
            this.enlarged = key;
          }}>${icon('screen-full')}</button>
        </figcaption>
        <modelthat-line-chart class="chart-box" .series=${series} .look=${this.settings} .start=${this.start}
          .cursor=${this.cursor}></modelthat-line-chart>
        ${chartNote(series, this.settings)}
      </figure>
    `;
  }

  #enlargedChart(): TemplateResult | typeof nothing {
    const key = this.enlarged;
    if (key === undefined) return nothing;
    return html`
      <modelthat-enlarged-chart .key=${key} .series=${this.series.get(key)} .look=${this.settings} .start=${this.start}
        .range=${this.range} .note=${chartNote(this.series.get(key), this.settings)}
        @leave=${() => {
          this.enlarged = undefined;
        }}></modelthat-enlarged-chart>
    `;
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const key = (target as HTMLElement).dataset.key ?? '';
      if (isIntersecting) this.#inSight.add(key);
      else this.#inSight.delete(key);
    }
    this.#watch();
  }

  #zoom(range: StepRange | undefined): void {
    if (range === this.range) return;
    this.range = range;
    this.#watch();
  }

  #watch(): void {
    this.tell<Watched>('watch', { keys: [...this.#inSight], range: this.range });
  }

  #fold(name: string, fold: boolean): void {
    const others = this.settings.folded.filter(folded => folded !== name);
    this.#choose({ folded: fold ? [...others, name] : others });
  }

  #choose(change: Partial<ChartSettings>): void {
    this.tell('settings', { ...this.settings, ...change });
  }
}

/** What a chart does not show, in words. */
function chartNote(series: Series | undefined, { logScale }: ChartSettings): TemplateResult | typeof nothing {
  if (!series) return nothing;
  const { points, total } = series;
  const notes = [
    total > points.length &&
      `Sampled: ${points.length} of ${total.toLocaleString()} points; the band is their range.`,
    logScale &&
      points.some(({ min }) => Number(min) <= 0) &&
      'A log scale has no place for values of 0 or less.',
  ].filter(Boolean);
  return notes.length > 0 ? html`<p class="chart-note">${notes.join(' ')}</p>` : nothing;
}

customElements.define('modelthat-metric-charts', MetricCharts);
