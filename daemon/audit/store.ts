/** The audit log's table. */
import { isDeepStrictEqual } from 'node:util';
import type { Database as Connection } from 'better-sqlite3';
import type { AuditEntry, AuditFact } from '../contract/audit.ts';
import { statement } from '../database/statements.ts';
import { GENESIS, hashAfter, type Link } from './chain.ts';
import { type ChainPage, type Row, recompute } from './recompute.ts';

/** Records a change that no reason was given for, in its transaction; what changed nothing is no change. */
export function auditChange(connection: Connection, change: Omit<AuditFact, 'reason'>): void {
  if (!isDeepStrictEqual(change.before, change.after)) appendAudit(connection, { ...change, reason: '' });
}

/** Adds an entry, in the transaction of the change that it is about. */
export function appendAudit(connection: Connection, fact: AuditFact): AuditEntry {
  const last = findHead(connection);
  const content = { ...fact, number: (last?.number ?? 0) + 1, at: Date.now() };
  const entry = { ...content, hash: hashAfter(last?.hash ?? GENESIS, content) };
  const { number, at, hash } = entry;
  statement(
    connection,
    'INSERT INTO audit_entry (number, at, model, version, fact, hash) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(number, at, fact.model, fact.version, JSON.stringify(fact), hash);
  return entry;
}

/** Which entries are asked for. */
export interface AuditQuery {
  readonly model?: string | undefined;
  readonly version?: number | undefined;
  readonly order: 'newest' | 'oldest';
  readonly limit: number;
  /** Only those that come after this number, in the order. */
  readonly after?: number | undefined;
}

export const writes = {
  /** The newest entry; null when there is none. Asked of the writer, it starts no reader thread. */
  'audit.head': (connection: Connection, _input: Record<string, never>): Link | null =>
    findHead(connection) ?? null,
};

export const reads = {
  'audit.list': (connection: Connection, query: AuditQuery): AuditEntry[] => {
    const { model = null, version = null, order, limit, after = null } = query;
    const [beyond, direction] = order === 'newest' ? ['<', 'DESC'] : ['>', 'ASC'];
    return statement<Row>(
      connection,
      `SELECT number, at, model, version, fact, hash FROM audit_entry
       WHERE (@model IS NULL OR model = @model) AND (@version IS NULL OR version = @version)
         AND (@after IS NULL OR number ${beyond} @after)
       ORDER BY number ${direction} LIMIT @limit`,
    )
      .all({ model, version, after, limit })
      .map(({ number, at, fact, hash }) => ({ ...(JSON.parse(fact) as AuditFact), number, at, hash }));
  },

  /** Numbers and hashes from a number on, in order. */
  'audit.links': (connection: Connection, input: { from: number; limit: number }): Link[] =>
    statement<Link>(
      connection,
      'SELECT number, hash FROM audit_entry WHERE number >= ? ORDER BY number LIMIT ?',
    ).all(input.from, input.limit),

  /** Recomputes a part of the chain. @param input.after the entry before it; undefined for the first part */
  'audit.check': (
    connection: Connection,
    { after, limit }: { after: Link | undefined; limit: number },
  ): ChainPage => {
    const rows = statement<Row>(
      connection,
      `SELECT number, at, model, version, fact, hash FROM audit_entry
       WHERE @after IS NULL OR number > @after ORDER BY number LIMIT @limit`,
    ).all({ after: after?.number ?? null, limit });
    return recompute(rows, after ?? { number: 0, hash: GENESIS });
  },
};

function findHead(connection: Connection): Link | undefined {
  return statement<Link>(
    connection,
    'SELECT number, hash FROM audit_entry ORDER BY number DESC LIMIT 1',
  ).get();
}
