/** What curves are drawn over. */
import type { CurveAxis } from '../../daemon/contract/curve-axis.ts';
import { formatDuration } from '../../daemon/contract/display.ts';
import type { SeriesPoint } from '../../daemon/contract/runs.ts';

export const AXIS_NAMES: Readonly<Record<CurveAxis, string>> = {
  step: 'Step',
  time: 'Time since start',
  clock: 'Wall clock',
};

/** Where a point is on the axis. @param start of its run, in milliseconds since the epoch */
export function placeOn(axis: CurveAxis, { step, timestamp }: SeriesPoint, start: number): number {
  if (axis === 'step') return step;
  return axis === 'time' ? Math.max(0, timestamp - start) : timestamp;
}

/** A place on the axis as text. @param span of the axis: a day and more needs dates */
export function formatPlace(axis: CurveAxis, place: number, span: number): string {
  if (axis === 'step') return place.toLocaleString();
  if (axis === 'time') return formatDuration(place);
  const date = new Date(place);
  return span >= 86_400_000
    ? date.toLocaleString('sv-SE').slice(0, 16)
    : date.toLocaleTimeString('sv-SE').slice(0, span < 600_000 ? 8 : 5);
}
