import { Chart, type ChartConfiguration, type ChartType, type DefaultDataPoint } from 'chart.js';
import { html, type PropertyValues } from 'lit';
import { type ChartTheme, chartTheme } from './theme.ts';
import { ThemedElement } from './themed-element.ts';

/** What all charts have in common: they are drawn at once, and as large as their place. */
export const CHART_OPTIONS = { animation: false, responsive: true, maintainAspectRatio: false } as const;

/** A chart on a canvas that is drawn anew with each change of what it shows, and of the theme. */
export abstract class ChartElement<
  Type extends ChartType,
  Data = DefaultDataPoint<Type>,
> extends ThemedElement {
  #chart: Chart<Type, Data> | undefined;

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  protected override themeChanged(): void {
    this.draw();
  }

  /** What the chart shows, in words. */
  protected abstract describe(): string;

  /** What to draw; undefined while there is nothing. */
  protected abstract configure(theme: ChartTheme): ChartConfiguration<Type, Data> | undefined;

  protected override render() {
    return html`<canvas role="img" aria-label=${this.describe()}></canvas>`;
  }

  protected override updated(changed: PropertyValues): void {
    // A cursor is drawn over the chart, of which nothing has changed.
    if (changed.size === 1 && changed.has('cursor')) this.#chart?.render();
    else this.draw();
  }

  protected draw(): void {
    const canvas = this.querySelector('canvas');
    const configuration = canvas && this.configure(chartTheme());
    if (!configuration) return;
    if (!this.#chart) {
      this.#chart = new Chart(canvas, configuration);
      return;
    }
    this.#chart.data = configuration.data;
    if (configuration.options) this.#chart.options = configuration.options;
    this.#chart.update('none');
  }
}
