/** The audit log's table. */
import type { Database as Connection } from 'better-sqlite3';
import type { AuditEntry, AuditFact } from '../contract/audit.ts';
import { statement } from '../database/statements.ts';
import { GENESIS, hashAfter } from './chain.ts';

/** Adds an entry, in the transaction of the change that it is about. */
export function appendAudit(connection: Connection, fact: AuditFact): AuditEntry {
  const last = statement<{ number: number; hash: string }>(
    connection,
    'SELECT number, hash FROM audit_entry ORDER BY number DESC LIMIT 1',
  ).get();
  const content = { ...fact, number: (last?.number ?? 0) + 1, at: Date.now() };
  const entry = { ...content, hash: hashAfter(last?.hash ?? GENESIS, content) };
  const { number, at, hash } = entry;
  statement(
    connection,
    'INSERT INTO audit_entry (number, at, model, version, fact, hash) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(number, at, fact.model, fact.version, JSON.stringify(fact), hash);
  return entry;
}
