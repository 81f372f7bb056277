import {
  Chart,
  type ChartDataset,
  type ChartOptions,
  Filler,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  type Point,
  PointElement,
  Tooltip,
} from 'chart.js';
import { html, type PropertyValues } from 'lit';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { Series } from '../../daemon/contract/runs.ts';
import { PageElement } from './element.ts';
import { smooth } from './smoothing.ts';
import { type ChartTheme, chartStyle, chartTheme, onThemeChange, withAlpha } from './theme.ts';

Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Filler, Tooltip);

/** A metric over its steps. Sampled curves show the range of each bucket behind their mean. */
export class LineChart extends PageElement {
  static override properties = {
    series: { attribute: false },
    logScale: { attribute: false },
    smoothing: { attribute: false },
  };
  declare series: Series | undefined;
  declare logScale: boolean;
  declare smoothing: number;
  #chart: Chart<'line', Point[]> | undefined;
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

  protected override render() {
    return html`<canvas role="img" aria-label=${this.series ? description(this.series) : 'Loading'}></canvas>`;
  }

  protected override updated(_changed: PropertyValues): void {
    this.#draw();
  }

  #draw(): void {
    const canvas = this.querySelector('canvas');
    if (!canvas || !this.series) return;
    const theme = chartTheme();
    const data = { datasets: datasets(this.series, this.smoothing, theme) };
    const options = chartOptions(theme, this.logScale, this.series);
    if (!this.#chart) {
      this.#chart = new Chart(canvas, { type: 'line', data, options });
      return;
    }
    this.#chart.data = data;
    this.#chart.options = options;
    this.#chart.update('none');
  }
}

function datasets(series: Series, smoothing: number, theme: ChartTheme): ChartDataset<'line', Point[]>[] {
  const { points } = series;
  const values = points.map(point => Number(point.value));
  const sampled = series.total > points.length;
  const at = (ys: readonly number[]): Point[] =>
    points.map(({ step }, index) => ({ x: step, y: ys[index] ?? Number.NaN }));
  const line = (ys: readonly number[], color: string, width = 1.5): ChartDataset<'line', Point[]> => ({
    data: at(ys),
    borderColor: color,
    backgroundColor: color,
    borderWidth: width,
    pointRadius: points.length === 1 ? 3 : 0,
    pointHitRadius: 8,
  });
  const edge = (ys: readonly number[], fill: false | '-1') => ({
    ...line(ys, 'transparent', 0),
    backgroundColor: withAlpha(theme.line, 0.18),
    pointHitRadius: 0,
    fill,
  });
  const main =
    smoothing > 0
      ? [line(smooth(values, smoothing), theme.line), line(values, withAlpha(theme.line, 0.3), 1)]
      : [line(values, theme.line)];
  const range = [
    edge(
      points.map(({ min }) => Number(min)),
      false,
    ),
    edge(
      points.map(({ max }) => Number(max)),
      '-1',
    ),
  ];
  return sampled ? [...main, ...range] : main;
}

function chartOptions(theme: ChartTheme, logScale: boolean, { points }: Series): ChartOptions<'line'> {
  const { scale, ticks, tooltip } = chartStyle(theme);
  return {
    animation: false,
    parsing: false,
    normalized: true,
    responsive: true,
    maintainAspectRatio: false,
    interaction: { mode: 'index', intersect: false },
    scales: {
      x: {
        ...scale,
        type: 'linear',
        min: points[0]?.step,
        max: points.at(-1)?.step,
        grid: { display: false },
        ticks: {
          ...ticks,
          maxTicksLimit: 6,
          includeBounds: false,
          maxRotation: 0,
          precision: 0,
        },
      },
      y: {
        ...scale,
        type: logScale ? 'logarithmic' : 'linear',
        ticks: {
          ...ticks,
          maxTicksLimit: 5,
          callback: value => formatMetric(Number(value)),
        },
      },
    },
    plugins: {
      tooltip: {
        ...tooltip,
        filter: item => item.datasetIndex === 0,
        callbacks: {
          title: ([item]) => `Step ${item?.parsed.x ?? ''}`,
          label: item => formatMetric(Number(item.parsed.y)),
        },
      },
    },
  };
}

/** The curve in words. */
function description({ key, points, total }: Series): string {
  const values = points.map(point => Number(point.value)).filter(Number.isFinite);
  if (values.length === 0) return `${key}: no finite values`;
  const extreme = (pick: (a: number, b: number) => number) =>
    formatMetric(values.reduce((a, b) => pick(a, b)));
  return `${key} over ${total} points: last ${formatMetric(values.at(-1) ?? Number.NaN)}, lowest ${extreme(Math.min)}, highest ${extreme(Math.max)}`;
}

customElements.define('modelthat-line-chart', LineChart);
