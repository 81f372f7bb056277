/** Which part of a drawing is in sight: a point of it is shown at `x + k · point`. */

export interface View {
  readonly x: number;
  readonly y: number;
  /** Scale. */
  readonly k: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Place {
  readonly x: number;
  readonly y: number;
}

const SCALE = { least: 0.08, most: 2 } as const;
/** A graph that fits only when it is smaller than this begins at a readable scale, with a part of it in sight. */
const READABLE = { least: 0.45, usual: 0.8 } as const;
/** How far from the edge of the window a node that is moved into sight stays. */
const MARGIN = 24;

/** All of the drawing in the middle, never enlarged. */
export function fitting(drawing: Size, window: Size): View {
  const k = Math.max(SCALE.least, Math.min(1, window.width / drawing.width, window.height / drawing.height));
  return { k, x: (window.width - k * drawing.width) / 2, y: (window.height - k * drawing.height) / 2 };
}

/** All of the drawing when that can be read, else the surroundings of a place in it. */
export function begin(drawing: Size, window: Size, place: Place | undefined): View {
  const whole = fitting(drawing, window);
  if (whole.k >= READABLE.least || !place) return whole;
  const k = READABLE.usual;
  const axis = (length: number, seen: number, at: number) =>
    length * k <= seen
      ? (seen - length * k) / 2
      : Math.min(0, Math.max(seen - length * k, seen / 2 - at * k));
  return {
    k,
    x: axis(drawing.width, window.width, place.x),
    y: axis(drawing.height, window.height, place.y),
  };
}

/** Larger or smaller, with what is at this point of the window staying there. */
export function zoom({ x, y, k }: View, factor: number, at: Place): View {
  const next = Math.min(SCALE.most, Math.max(SCALE.least, k * factor));
  const ratio = next / k;
  return { k: next, x: at.x - (at.x - x) * ratio, y: at.y - (at.y - y) * ratio };
}

export function pan({ x, y, k }: View, dx: number, dy: number): View {
  return { k, x: x + dx, y: y + dy };
}

/** The same view, moved no further than it takes to see a box around this place of the drawing. */
export function reveal(view: View, place: Place, box: Size, window: Size): View {
  const shift = (at: number, half: number, length: number, offset: number) => {
    const low = offset + (at - half) * view.k - MARGIN;
    const high = offset + (at + half) * view.k + MARGIN - length;
    return low < 0 ? -low : high > 0 ? -high : 0;
  };
  return pan(
    view,
    shift(place.x, box.width / 2, window.width, view.x),
    shift(place.y, box.height / 2, window.height, view.y),
  );
}
