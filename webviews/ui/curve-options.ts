/** What charts of curves have in common: axes, cursor, and how a point is named. */
import type { Chart, ChartEvent, Point, Scale, TooltipItem } from 'chart.js';
import type { CurveAxis } from '../../daemon/contract/curve-axis.ts';
import { formatMetric } from '../../daemon/contract/display.ts';
import { CHART_OPTIONS } from './chart-element.ts';
import { formatPlace } from './curve-axis.ts';
import { type ChartTheme, chartStyle } from './theme.ts';

/** @param tell is told where the pointer is on the x axis, undefined when it is on none */
export function curveOptions(
  { axis, logScale }: { readonly axis: CurveAxis; readonly logScale: boolean },
  theme: ChartTheme,
  tell: (cursor: number | undefined) => void,
) {
  const { scale, ticks } = chartStyle(theme);
  return {
    ...CHART_OPTIONS,
    parsing: false,
    normalized: true,
    onHover: ({ x }: ChartEvent, _elements: unknown, { scales }: Chart) =>
      tell(x === null ? undefined : scales.x?.getValueForPixel(x)),
    x: {
      ...scale,
      type: 'linear',
      grid: { display: false },
      ticks: {
        ...ticks,
        maxTicksLimit: axis === 'step' ? 6 : 4,
        includeBounds: false,
        maxRotation: 0,
        callback(this: Scale, value: number | string) {
          return placeOnScale(axis, Number(value), this);
        },
      },
    },
    y: {
      ...scale,
      type: logScale ? 'logarithmic' : 'linear',
      ticks: {
        ...ticks,
        maxTicksLimit: 5,
        callback: (value: number | string) => formatMetric(Number(value)),
      },
    },
  } as const;
}

/** The place of a tooltip's first point, in words. */
export function placeTitle(axis: CurveAxis, [item]: readonly TooltipItem<'line'>[]): string {
  const scale = item?.chart.scales.x;
  return item && scale
    ? `${axis === 'step' ? 'Step ' : ''}${placeOnScale(axis, item.parsed.x ?? 0, scale)}`
    : '';
}

/** Points of a curve. Clocks go back where a run was resumed; a chart wants its points in order. */
export function pointsInOrder(places: readonly number[], ys: readonly number[]): Point[] {
  return places.map((x, index) => ({ x, y: ys[index] ?? Number.NaN })).sort((a, b) => a.x - b.x);
}

function placeOnScale(axis: CurveAxis, place: number, { min, max }: Scale): string {
  return formatPlace(axis, place, max - min);
}
