/** Rows of one height, of which only those in sight are in the page. */

export const ROW_HEIGHT = 26;
/** Rows beyond the edges that are drawn, so that scrolling a little shows no gap. */
const BEYOND = 12;
/** Places at which the drawn rows change: not every pixel of scrolling draws anew. */
const STRIDE = 6;
/** Rows in the page at most, however tall the window is. */
const MOST = 180;

/** Rows from one place up to, and without, another. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The rows to draw. Lengths in pixels. */
export function drawnRows(scrollTop: number, height: number, count: number): Span {
  const first = Math.floor(scrollTop / ROW_HEIGHT / STRIDE) * STRIDE;
  const from = Math.max(0, Math.min(first, count) - BEYOND);
  const seen = Math.ceil(height / ROW_HEIGHT) + STRIDE;
  return { from, to: Math.min(count, first + seen + BEYOND, from + MOST) };
}

/** Where a key takes one from a row; undefined for other keys. @param page rows in sight */
export function rowAfterKey(key: string, row: number, count: number, page: number): number | undefined {
  const places: Readonly<Record<string, number>> = {
    ArrowDown: row + 1,
    ArrowUp: row - 1,
    PageDown: row + page,
    PageUp: Math.max(0, row - page),
    Home: 0,
    End: count - 1,
  };
  const place = places[key];
  // One above the first row is the header.
  return place === undefined ? undefined : Math.max(-1, Math.min(count - 1, place));
}
