import { invalid } from '../contract/errors.ts';

/** One page of a longer list; without token it is the last. */
export interface Page<Item> {
  readonly items: Item[];
  readonly nextPageToken?: string;
}

/** The page out of `limit + 1` rows that were read from `offset` on. */
export function pageOf<Item>(rows: readonly Item[], limit: number, offset: number): Page<Item> {
  const items = rows.slice(0, limit);
  if (rows.length <= limit) return { items };
  return { items, nextPageToken: Buffer.from(JSON.stringify({ offset: offset + limit })).toString('base64') };
}

/** The offset behind a page token; 0 without one. @throws ApiError when it is none of ours */
export function decodePageToken(token: string | undefined): number {
  if (!token) return 0;
  try {
    const { offset } = JSON.parse(Buffer.from(token, 'base64').toString('utf8')) as { offset: unknown };
    if (Number.isSafeInteger(offset) && (offset as number) >= 0) return offset as number;
  } catch {
    // Told below like any other token that is not ours.
  }
  throw invalid('Invalid page token, could not base64-decode');
}
