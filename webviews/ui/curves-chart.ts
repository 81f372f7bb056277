import {
  Chart,
  type ChartConfiguration,
  type ChartDataset,
  type ChartOptions,
  Interaction,
  type InteractionModeFunction,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  type Point,
  PointElement,
  Tooltip,
} from 'chart.js';
import { html } from 'lit';
import type { CurveAxis } from '../../daemon/contract/curve-axis.ts';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { Series } from '../../daemon/contract/runs.ts';
import { ChartElement } from './chart-element.ts';
import { cursorLine } from './cursor-line.ts';
import { placeOn } from './curve-axis.ts';
import { curveOptions, placeTitle, pointsInOrder } from './curve-options.ts';
import { smooth } from './smoothing.ts';
import { type ChartTheme, chartStyle, lineStyle, withAlpha } from './theme.ts';

/** Curves that a tooltip names: those next to the pointer. */
const NAMED_CURVES = 10;

/** Finds on each curve the point that is next to the pointer along the x axis, and of these the ones next to it. */
const alongCurves: InteractionModeFunction = (chart, event, _options, final) => {
  const scale = chart.scales.x;
  if (!scale || event.x === null || event.y === null) return [];
  const { x, y: pointer } = event as { x: number; y: number };
  const wanted = scale.getValueForPixel(x) ?? 0;
  const items = chart.data.datasets.flatMap((dataset, datasetIndex) => {
    const meta = chart.getDatasetMeta(datasetIndex);
    if (meta.hidden || !dataset.label) return [];
    const index = nearest(dataset.data as Point[], wanted);
    const element = meta.data[index];
    return element && Number.isFinite(element.getProps(['y'], final ?? false).y)
      ? [{ element, datasetIndex, index }]
      : [];
  });
  const distance = ({ element }: (typeof items)[number]) => Math.abs(element.y - pointer);
  return items.toSorted((a, b) => distance(a) - distance(b)).slice(0, NAMED_CURVES);
};

declare module 'chart.js' {
  interface InteractionModeMap {
    alongCurves: InteractionModeFunction;
  }
}

Interaction.modes.alongCurves = alongCurves;
Chart.register(LineController, LineElement, PointElement, LinearScale, LogarithmicScale, Tooltip);

/** A curve of one of many runs. */
export interface Curve {
  readonly name: string;
  /** Decides its colour: the same place in all charts. */
  readonly place: number;
  /** When its run began, in milliseconds since the epoch. */
  readonly start: number;
  readonly series: Series;
}

/**
 * One metric of many runs, over each other. Tells `cursor` (where the pointer is on the x axis, undefined when it is
 * gone), and shows a cursor that another chart has told of.
 */
export class CurvesChart extends ChartElement<'line', Point[]> {
  static override properties = {
    curves: { attribute: false },
    axis: { attribute: false },
    logScale: { attribute: false },
    smoothing: { attribute: false },
    cursor: { attribute: false },
    label: { attribute: false },
  };
  declare curves: readonly Curve[];
  declare axis: CurveAxis;
  declare logScale: boolean;
  declare smoothing: number;
  declare cursor: number | undefined;
  declare label: string;

  protected override describe(): string {
    return description(this.label, this.curves);
  }

  protected override render() {
    return html`<canvas role="img" aria-label=${this.describe()}
      @pointerleave=${() => this.tell('cursor', undefined)}></canvas>`;
  }

  protected override configure(theme: ChartTheme): ChartConfiguration<'line', Point[]> {
    return {
      type: 'line',
      data: { datasets: this.curves.flatMap(curve => this.#datasets(curve, theme)) },
      options: this.#options(theme),
      plugins: [cursorLine(() => this.cursor)],
    };
  }

  /** The curve, and behind a smoothed one the curve as it is. */
  #datasets({ name, place, start, series }: Curve, theme: ChartTheme): ChartDataset<'line', Point[]>[] {
    const { color, dash } = lineStyle(theme, place);
    const places = series.points.map(point => placeOn(this.axis, point, start));
    const values = series.points.map(point => Number(point.value));
    const line = (ys: readonly number[], stroke: string, width: number) => ({
      data: pointsInOrder(places, ys),
      borderColor: stroke,
      backgroundColor: stroke,
      borderWidth: width,
      borderDash: [...dash],
      pointRadius: values.length === 1 ? 3 : 0,
      pointHoverRadius: 3,
    });
    const main = { ...line(smooth(values, this.smoothing), color, 1.5), label: name };
    return this.smoothing > 0 ? [main, line(values, withAlpha(color, 0.25), 1)] : [main];
  }

  #options(theme: ChartTheme): ChartOptions<'line'> {
    const { x, y, ...common } = curveOptions(this, theme, place => this.tell('cursor', place));
    return {
      ...common,
      interaction: { mode: 'alongCurves', intersect: false },
      scales: { x, y },
      plugins: {
        tooltip: {
          ...chartStyle(theme).tooltip,
          displayColors: true,
          boxHeight: 2,
          boxPadding: 4,
          callbacks: {
            title: items => placeTitle(this.axis, items),
            label: item => `${item.dataset.label}  ${formatMetric(Number(item.parsed.y))}`,
            footer: items => {
              const more = this.curves.length - items.length;
              return more > 0 ? `and ${more} more` : '';
            },
          },
        },
      },
    };
  }
}

/** Place of the point that is next to `wanted`; the points ascend. */
function nearest(points: readonly Point[], wanted: number): number {
  let [low, high] = [0, points.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.x ?? 0) < wanted) low = middle;
    else high = middle;
  }
  const far = (index: number) => Math.abs((points[index]?.x ?? 0) - wanted);
  return far(low) <= far(high) ? low : high;
}

/** The chart in words; the table below it has all values. */
function description(label: string, curves: readonly Curve[]): string {
  const last = ({ series }: Curve) => formatMetric(series.points.at(-1)?.value ?? 'NaN');
  const named = curves.slice(0, NAMED_CURVES).map(curve => `${curve.name} ${last(curve)}`);
  const more = curves.length - named.length;
  return `${label} of ${curves.length} runs, last values: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

customElements.define('modelthat-curves-chart', CurvesChart);
