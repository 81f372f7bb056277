import type { Row } from './row.ts';
import type { Subject } from './subject.ts';

/**
 * What nodes say and stand for, as text to compare. An object that many of them stand for a part of, as all steps do for their
 * execution, is in it once.
 */
export function signature(nodes: readonly { readonly row: Row; readonly subject: Subject }[]): string {
  const objects = new Map<unknown, number>();
  const numbered = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return value;
    const number = objects.get(value) ?? objects.size;
    objects.set(value, number);
    return { object: number };
  };
  const parts = nodes.map(({ row, subject: { connection: _connection, ...subject } }) => [
    row,
    Object.entries(subject).map(([name, value]) => [name, numbered(value)]),
  ]);
  return JSON.stringify([parts, [...objects.keys()]]);
}
