/** The chain of hashes that ties each entry of the audit log to all before it. */
import { createHash } from 'node:crypto';
import type { AuditEntry } from '../contract/audit.ts';

/** Stands for the hash before the first entry. */
export const GENESIS = '0'.repeat(64);

/** An entry's place in the chain. */
export interface Link {
  readonly number: number;
  readonly hash: string;
}

/** The hash of an entry that follows the one with the hash `before`. */
export function hashAfter(
  before: string,
  { hash: _hash, ...content }: Omit<AuditEntry, 'hash'> & { hash?: string },
): string {
  return createHash('sha256')
    .update(`${before}\n${canonical(content)}`)
    .digest('hex');
}

/** JSON with the keys of every object in order, so that the same content is the same text. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
