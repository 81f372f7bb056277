import * as z from 'zod';

/** Milliseconds since the epoch. */
export const Time = z.number().int();

/** A double on the wire: JSON has no NaN or infinities, so these travel as strings (as on the MLflow wire). */
export const Double = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity'])]);
export type Double = z.infer<typeof Double>;

/** The JSON form of a double. */
export function encodeDouble(value: number): Double {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

/** The double behind its JSON form. */
export function decodeDouble(value: Double): number {
  return Number(value);
}

/** Free key/value pairs: params, tags. */
export const StringMap = z.record(z.string(), z.string());

/** An answer without content. */
export const Empty = z.object({});

/** A page of a longer list: absent token = last page. */
export function page<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextPageToken: z.string().optional() });
}

/** A query-string number. */
export const QueryInt = z.coerce.number().int();

/** A query-string list: `?key=a&key=b` or `?key=a`. */
export const QueryList = z.union([z.string().transform(one => [one]), z.array(z.string())]);
