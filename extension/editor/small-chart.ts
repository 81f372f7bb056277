/** Small pictures of curves, for hovers. */

/** A curve in a small chart: x and y of its points. */
export interface Curve {
  readonly points: readonly (readonly [number, number])[];
  readonly color: string;
  /** Drawn behind the others, thinner. */
  readonly isBackground?: boolean;
}

const WIDTH = 300;
const HEIGHT = 70;
const MARGIN = 4;

/** A picture of curves in common scales as a data URI; undefined when there is no line to draw. */
export function smallChart(curves: readonly Curve[]): string | undefined {
  const drawn = curves
    .map(curve => ({ ...curve, points: curve.points.filter(point => point.every(Number.isFinite)) }))
    .filter(({ points }) => points.length > 1);
  if (drawn.length === 0) return undefined;
  const all = drawn.flatMap(({ points }) => points);
  const x = scale(
    all.map(point => point[0]),
    MARGIN,
    WIDTH - MARGIN,
  );
  const y = scale(
    all.map(point => point[1]),
    HEIGHT - MARGIN,
    MARGIN,
  );
  const lines = drawn
    .toSorted((a, b) => Number(b.isBackground ?? false) - Number(a.isBackground ?? false))
    .map(({ points, color, isBackground }) => {
      const path = points.map(([at, value]) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
      const look = isBackground ? 'stroke-width="1" stroke-dasharray="3 2"' : 'stroke-width="1.5"';
      return `<polyline points="${path}" fill="none" stroke="${color}" ${look}/>`;
    });
  const size = `width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}"`;
  const picture = `<svg xmlns="http://www.w3.org/2000/svg" ${size}>${lines.join('')}</svg>`;
  return `data:image/svg+xml;base64,${Buffer.from(picture).toString('base64')}`;
}

/** Maps values onto a span of the picture; equal values onto its middle. */
function scale(values: readonly number[], from: number, to: number): (value: number) => number {
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  if (least === most) return () => (from + to) / 2;
  return value => from + ((value - least) / (most - least)) * (to - from);
}
