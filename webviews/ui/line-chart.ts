import {
  Chart,
  type ChartConfiguration,
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
import zoomPlugin from 'chartjs-plugin-zoom';
import { html } from 'lit';
import type { CurveAxis } from '../../daemon/contract/curve-axis.ts';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { Series, StepRange } from '../../daemon/contract/runs.ts';
import { ChartElement } from './chart-element.ts';
import { cursorLine } from './cursor-line.ts';
import { placeOn } from './curve-axis.ts';
import { curveOptions, placeTitle, pointsInOrder } from './curve-options.ts';
import { smooth } from './smoothing.ts';
import { type ChartTheme, chartStyle, withAlpha } from './theme.ts';

Chart.register(
  LineController,
  LineElement,
  PointElement,
  LinearScale,
  LogarithmicScale,
  Filler,
  Tooltip,
  zoomPlugin,
);

/** A drag that is shorter than this, in pixels, is a click. */
const SHORTEST_DRAG = 8;

/** How a curve is drawn. */
export interface CurveLook {
  readonly axis: CurveAxis;
  readonly logScale: boolean;
  /** 0 = as it is, to just under 1. */
  readonly smoothing: number;
}

/**
 * One metric of one run. Sampled curves show the range of each bucket behind their mean. Tells `cursor` (where the pointer
 * is on the x axis; undefined when it is gone) and `zoom` (the steps that were dragged over; undefined for all).
 */
export class LineChart extends ChartElement<'line', Point[]> {
  static override properties = {
    series: { attribute: false },
    look: { attribute: false },
    start: { attribute: false },
    cursor: { attribute: false },
  };
  declare series: Series | undefined;
  declare look: CurveLook;
  /** When the run began, in milliseconds since the epoch. */
  declare start: number;
  declare cursor: number | undefined;

  protected override describe(): string {
    return this.series ? description(this.series) : 'Loading';
  }

  protected override render() {
    return html`<canvas role="img" aria-label=${this.describe()}
      @pointerleave=${() => this.tell('cursor', undefined)} @dblclick=${() => this.tell('zoom', undefined)}></canvas>`;
  }

  protected override configure(theme: ChartTheme): ChartConfiguration<'line', Point[]> | undefined {
    const { series } = this;
    if (!series) return undefined;
    const places = series.points.map(point => placeOn(this.look.axis, point, this.start));
    return {
      type: 'line',
      data: { datasets: datasets(series, places, this.look.smoothing, theme) },
      options: this.#options(theme, series, places),
      plugins: [cursorLine(() => this.cursor)],
    };
  }

  #options(theme: ChartTheme, series: Series, places: readonly number[]): ChartOptions<'line'> {
    const { axis } = this.look;
    const { x, y, ...common } = curveOptions(this.look, theme, place => this.tell('cursor', place));
    return {
      ...common,
      interaction: { mode: 'index', intersect: false },
      scales: {
        x: {
          ...x,
          ...(places.length > 0 && { min: Math.min(...places), max: Math.max(...places) }),
          ticks: { ...x.ticks, ...(axis === 'step' && { precision: 0 }) },
        },
        y,
      },
      plugins: {
        tooltip: {
          ...chartStyle(theme).tooltip,
          filter: item => item.datasetIndex === 0,
          callbacks: {
            title: items => placeTitle(axis, items),
            label: item => formatMetric(Number(item.parsed.y)),
          },
        },
        zoom: {
          zoom: {
            mode: 'x',
            drag: {
              enabled: true,
              threshold: SHORTEST_DRAG,
              backgroundColor: withAlpha(theme.line, 0.2),
              borderColor: theme.line,
              borderWidth: 1,
            },
            onZoomComplete: ({ chart }) => this.#zoomed(series, places, chart.scales.x),
          },
        },
      },
    };
  }

  #zoomed({ points }: Series, places: readonly number[], x: { min: number; max: number } | undefined): void {
    const steps = points
      .filter((_point, index) => x && (places[index] ?? 0) >= x.min && (places[index] ?? 0) <= x.max)
      .map(({ step }) => step);
    const range: StepRange = { fromStep: Math.min(...steps), toStep: Math.max(...steps) };
    // Between two points there is nothing to look at.
    if (range.toStep > range.fromStep) this.tell('zoom', range);
    else this.draw();
  }
}

function datasets(
  series: Series,
  places: readonly number[],
  smoothing: number,
  theme: ChartTheme,
): ChartDataset<'line', Point[]>[] {
  const { points } = series;
  const values = points.map(point => Number(point.value));
  const sampled = series.total > points.length;
  const line = (ys: readonly number[], color: string, width = 1.5): ChartDataset<'line', Point[]> => ({
    data: pointsInOrder(places, ys),
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
  if (!sampled) return main;
  const lowest = points.map(({ min }) => Number(min));
  const highest = points.map(({ max }) => Number(max));
  return [...main, edge(lowest, false), edge(highest, '-1')];
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
