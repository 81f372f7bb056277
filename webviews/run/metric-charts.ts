import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { MetricSummary, Series } from '../../daemon/contract/runs.ts';
import '../ui/line-chart.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import { curveGroups, type MetricGroup, shortName } from './metric-groups.ts';

/** How the charts are drawn: what a person chose. */
export interface ChartSettings {
  readonly logScale: boolean;
  readonly smoothing: number;
  readonly folded: readonly string[];
}

/**
 * A chart for each metric with a curve. Tells `watch` (the keys whose charts are in sight) and `settings` (what a person
 * chose).
 */
export class MetricCharts extends PageElement {
  static override properties = {
    heading: { attribute: false },
    metrics: { attribute: false },
    series: { attribute: false },
    settings: { attribute: false },
  };
  declare heading: string;
  declare metrics: Readonly<Record<string, MetricSummary>>;
  declare series: ReadonlyMap<string, Series>;
  declare settings: ChartSettings;
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
      <section aria-label=${this.heading}>
        <div class="section-head">
          <h2>${this.heading}</h2>
          ${this.#toolbar()}
        </div>
        ${repeat(
          groups,
          group => group.name,
          group => this.#group(group),
        )}
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
    const { logScale, smoothing } = this.settings;
    return html`
      <div class="toolbar">
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
          ${icon(open ? 'chevron-down' : 'chevron-right')} ${name}
          <span class="faint">${keys.length}</span>
        </button>
      </h3>
      ${cards}
    `;
  }

  #card(key: string, group: string): TemplateResult {
    const series = this.series.get(key);
    const sampled = series && series.total > series.points.length;
    return html`
      <figure class="chart-card" data-key=${key}>
        <figcaption>
          <span class="chart-name" title=${key}>${shortName(key, group)}</span>
          <span class="chart-value">${formatMetric(this.metrics[key]?.last ?? 'NaN')}</span>
        </figcaption>
        <modelthat-line-chart class="chart-box" .series=${series} .logScale=${this.settings.logScale}
          .smoothing=${this.settings.smoothing}></modelthat-line-chart>
        ${
          sampled
            ? html`<p class="chart-note">Sampled: ${series.points.length} of ${series.total.toLocaleString()} points; the band is their range</p>`
            : nothing
        }
      </figure>
    `;
  }

  #see(entries: readonly IntersectionObserverEntry[]): void {
    for (const { target, isIntersecting } of entries) {
      const key = (target as HTMLElement).dataset.key ?? '';
      if (isIntersecting) this.#inSight.add(key);
      else this.#inSight.delete(key);
    }
    this.tell('watch', [...this.#inSight]);
  }

  #fold(name: string, fold: boolean): void {
    const others = this.settings.folded.filter(folded => folded !== name);
    this.#choose({ folded: fold ? [...others, name] : others });
  }

  #choose(change: Partial<ChartSettings>): void {
    this.tell('settings', { ...this.settings, ...change });
  }
}

customElements.define('modelthat-metric-charts', MetricCharts);
