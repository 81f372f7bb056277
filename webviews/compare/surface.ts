/** A surface through values at scattered places. */
import { contours } from 'd3-contour';

/** A value at a place of the unit square. */
export interface Sample {
  readonly x: number;
  readonly y: number;
  readonly value: number;
}

/** Cells of the grid along each side. */
const GRID = 48;
/** Areas of values that are drawn apart. */
const LEVELS = 9;

/**
 * The value at a place by inverse distance weighting (Shepard 1968, “A two-dimensional interpolation function for
 * irregularly-spaced data”), with the square of the distance: it goes through all samples, and never beyond them.
 *
 * @param samples at least one
 */
export function interpolate(samples: readonly Sample[], x: number, y: number): number {
  let [weights, sum] = [0, 0];
  for (const sample of samples) {
    const squared = (sample.x - x) ** 2 + (sample.y - y) ** 2;
    if (squared < 1e-12) return sample.value;
    weights += 1 / squared;
    sum += sample.value / squared;
  }
  return sum / weights;
}

/** A part of the surface above a value. */
export interface Level {
  readonly value: number;
  /** From 0 for the lowest to 1. */
  readonly height: number;
  /** Path of SVG in the unit square, y upwards. */
  readonly path: string;
}

/** The surface as areas, each drawn over the one before. */
export function levelsOf(samples: readonly Sample[]): Level[] {
  const values = samples.map(({ value }) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const cells = Array.from({ length: GRID * GRID }, (_, cell) =>
    interpolate(samples, ((cell % GRID) + 0.5) / GRID, (Math.floor(cell / GRID) + 0.5) / GRID),
  );
  const thresholds = Array.from({ length: LEVELS }, (_, level) => least + (level / LEVELS) * (most - least));
  return contours()
    .size([GRID, GRID])
    .thresholds(thresholds)(cells)
    .map(({ value, coordinates }, level) => ({
      value,
      height: level / (LEVELS - 1),
      path: coordinates.flat().map(ringPath).join(''),
    }));
}

function ringPath(ring: readonly (readonly number[])[]): string {
  const points = ring.map(([x = 0, y = 0]) => `${(x / GRID).toFixed(4)},${(1 - y / GRID).toFixed(4)}`);
  return `M${points.join('L')}Z`;
}
