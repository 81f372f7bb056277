/** Whether entries as they are kept are those that were written: what the chain alone tells. */
import { AuditFact } from '../contract/audit.ts';
import { hashAfter, type Link } from './chain.ts';

/** An entry as it is kept. */
export interface Row extends Link {
  readonly at: number;
  readonly model: string;
  readonly version: number | null;
  /** JSON of AuditFact. */
  readonly fact: string;
}

/** What is wrong with an entry, or with several from it on. */
export interface AuditProblem {
  readonly number: number;
  readonly problem: string;
}

/** A part of the chain, recomputed. */
export interface ChainPage {
  readonly links: readonly Link[];
  readonly problems: readonly AuditProblem[];
}

/** @param before the link that the first of the rows follows */
export function recompute(rows: readonly Row[], before: Link): ChainPage {
  const problems: AuditProblem[] = [];
  let last = before;
  for (const row of rows) {
    const { number, hash } = row;
    if (number > last.number + 1) problems.push(gap(last.number + 1, number));
    else if (number <= last.number)
      problems.push({ number, problem: 'there is no such number in the chain' });
    else if (!follows(row, last.hash))
      problems.push({ number, problem: 'its content is not what its hash was made of' });
    last = { number, hash };
  }
  return { links: rows.map(({ number, hash }) => ({ number, hash })), problems };
}

/** @param next the entry after those that are missing; without their hash, its own cannot be recomputed */
function gap(first: number, next: number): AuditProblem {
  const missing = next - 1 === first ? 'it is missing' : `entries ${first} to ${next - 1} are missing`;
  return { number: first, problem: `${missing}, so that what entry ${next} says cannot be checked` };
}

function follows({ hash, fact, model, version, number, at }: Row, before: string): boolean {
  const read = readFact(fact);
  if (read === undefined || read.model !== model || read.version !== version) return false;
  return hashAfter(before, { ...read, number, at }) === hash;
}

/** With every field that is kept: one that was added counts, too. */
function readFact(text: string): AuditFact | undefined {
  try {
    return AuditFact.loose().parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
