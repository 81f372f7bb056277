import { Chart, type ChartConfiguration, type ChartType, type DefaultDataPoint } from 'chart.js';
import { html, type PropertyValues } from 'lit';
import { PageElement } from './element.ts';
import { type ChartTheme, chartTheme, onThemeChange } from './theme.ts';

/** A chart on a canvas that is drawn anew with each change of what it shows, and of the theme. */
export abstract class ChartElement<
  Type extends ChartType,
  Data = DefaultDataPoint<Type>,
> extends PageElement {
  #chart: Chart<Type, Data> | undefined;
  #stopWatching: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#stopWatching = onThemeChange(() => this.#draw());
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#stopWatching?.();
    this.#chart?.destroy();
    this.#chart = undefined;
  }

  /** What the chart shows, in words. */
  protected abstract describe(): string;

  protected abstract configure(theme: ChartTheme): ChartConfiguration<Type, Data>;

  protected override render() {
    return html`<canvas role="img" aria-label=${this.describe()}></canvas>`;
  }

  protected override updated(_changed: PropertyValues): void {
    this.#draw();
  }

  #draw(): void {
    const canvas = this.querySelector('canvas');
    if (!canvas) return;
    const configuration = this.configure(chartTheme());
    if (!this.#chart) {
      this.#chart = new Chart(canvas, configuration);
      return;
    }
    this.#chart.data = configuration.data;
    if (configuration.options) this.#chart.options = configuration.options;
    this.#chart.update('none');
  }
}
