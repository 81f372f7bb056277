import { invalid } from '../contract/errors.ts';
import { Double, decodeDouble } from '../contract/values.ts';
import type { Key } from './blocks/columns.ts';

/** One page of a longer list; without token it is the last. */
export interface Page<Item> {
  readonly items: Item[];
  readonly nextPageToken?: string;
}

/** The page out of `limit + 1` rows that were read from `offset` on. */
export function pageOf<Item>(rows: readonly Item[], limit: number, offset: number): Page<Item> {
  const items = rows.slice(0, limit);
  if (rows.length <= limit) return { items };
  return { items, nextPageToken: encodeToken({ offset: offset + limit }) };
}

/** What a page token says, opaque to clients. */
export function encodeToken(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString('base64');
}

/** What a page token of ours says, still to be checked; undefined without one. @throws ApiError when it is none of ours */
function decodeToken(token: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (!token) return undefined;
  try {
    const content: unknown = JSON.parse(Buffer.from(token, 'base64').toString('utf8'));
    if (typeof content === 'object' && content !== null) return content as Record<string, unknown>;
  } catch {
    // Told below like any other token that is not ours.
  }
  throw foreignToken();
}

/** The error for a page token that is none of ours, or of something else. */
export const foreignToken = () => invalid('Invalid page token, could not base64-decode');

/** The offset behind a page token; 0 without one. @throws ApiError when it is none of ours */
export function decodePageToken(token: string | undefined): number {
  const { offset } = decodeToken(token) ?? { offset: 0 };
  if (Number.isSafeInteger(offset) && (offset as number) >= 0) return offset as number;
  throw foreignToken();
}

/** The point that a page of a history ended with; undefined without a token. @throws ApiError when it is none of ours */
export function decodeHistoryToken(token: string | undefined): Key | undefined {
  const content = decodeToken(token);
  if (!content) return undefined;
  const { step, timestamp, value } = (content.after ?? {}) as Record<string, unknown>;
  const known = Double.safeParse(value);
  if (!Number.isSafeInteger(step) || !Number.isSafeInteger(timestamp) || !known.success) throw foreignToken();
  return { step: step as number, timestamp: timestamp as number, value: decodeDouble(known.data) };
}

/**
 * The place in an order that a page of a search ended with, still to be checked; undefined without a token.
 *
 * @param search what the token must have been given out for
 * @throws ApiError when it was not
 */
export function decodePlaceToken(token: string | undefined, search: string): readonly unknown[] | undefined {
  const content = decodeToken(token);
  if (!content) return undefined;
  if (content.search !== search || !Array.isArray(content.after)) throw foreignToken();
  return content.after;
}
