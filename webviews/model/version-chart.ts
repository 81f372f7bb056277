import {
  type ActiveElement,
  Chart,
  type ChartConfiguration,
  type ChartOptions,
  LinearScale,
  LineController,
  LineElement,
  type Point,
  PointElement,
  Tooltip,
} from 'chart.js';
import { formatMetric } from '../../daemon/contract/display.ts';
import { CHART_OPTIONS, ChartElement } from '../ui/chart-element.ts';
import { type ChartTheme, chartStyle, withAlpha } from '../ui/theme.ts';
import type { TimelinePoint } from './timeline.ts';

Chart.register(LineController, LineElement, PointElement, LinearScale, Tooltip);

/**
 * A metric over the versions of a model: what is in Production and Staging is filled, the version that is shown is larger.
 * Tells `choose` (a version). The table below it says the same as text.
 */
export class VersionChart extends ChartElement<'line', Point[]> {
  static override properties = {
    points: { attribute: false },
    metric: { attribute: false },
    chosen: { attribute: false },
  };
  declare points: readonly TimelinePoint[];
  declare metric: string;
  declare chosen: number | undefined;
  protected override describe(): string {
    return description(this.points, this.metric);
  }

  protected override configure(theme: ChartTheme): ChartConfiguration<'line', Point[]> {
    return { type: 'line', data: { datasets: [this.#dataset(theme)] }, options: this.#options(theme) };
  }

  #dataset(theme: ChartTheme) {
    const color = ({ stage }: TimelinePoint) => (stage === 'Production' ? theme.good : theme.line);
    const isUsed = ({ stage }: TimelinePoint) => stage === 'Production' || stage === 'Staging';
    return {
      data: this.points.map(({ version, value }) => ({ x: version, y: value })),
      borderColor: withAlpha(theme.line, 0.45),
      borderWidth: 1.5,
      pointBorderColor: this.points.map(color),
      pointBackgroundColor: this.points.map(point => (isUsed(point) ? color(point) : theme.surface)),
      pointBorderWidth: 1.5,
      pointRadius: this.points.map(({ version }) => (version === this.chosen ? 7 : 4)),
      pointHoverRadius: 7,
      pointHitRadius: 10,
    };
  }

  #options(theme: ChartTheme): ChartOptions<'line'> {
    const { scale, ticks, tooltip } = chartStyle(theme);
    return {
      ...CHART_OPTIONS,
      parsing: false,
      normalized: true,
      layout: { padding: { top: 8, right: 10 } },
      interaction: { mode: 'nearest', intersect: false },
      onClick: (_event, elements) => this.#click(elements),
      scales: {
        x: {
          ...scale,
          type: 'linear',
          grid: { display: false },
          offset: true,
          ticks: {
            ...ticks,
            maxTicksLimit: 12,
            precision: 0,
            maxRotation: 0,
            callback: value => `v${value}`,
          },
        },
        y: {
          ...scale,
          type: 'linear',
          grace: '10%',
          ticks: { ...ticks, maxTicksLimit: 5, callback: value => formatMetric(Number(value)) },
        },
      },
      plugins: {
        tooltip: {
          ...tooltip,
          callbacks: {
            title: ([item]) => `Version ${item?.parsed.x ?? ''}`,
            label: item => `${this.metric} ${formatMetric(Number(item.parsed.y))}`,
          },
        },
      },
    };
  }

  #click([element]: readonly ActiveElement[]): void {
    const point = element && this.points[element.index];
    if (point) this.tell('choose', point.version);
  }
}

/** The chart in words. */
function description(points: readonly TimelinePoint[], metric: string): string {
  const [first] = points;
  const last = points.at(-1);
  if (!first || !last) return `No version has ${metric}`;
  return `${metric} of ${points.length} versions: version ${first.version} ${formatMetric(first.value)}, version ${last.version} ${formatMetric(last.value)}`;
}

customElements.define('modelthat-version-chart', VersionChart);
