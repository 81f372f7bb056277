/** Checks the whole audit log: the chain in itself, and against its anchor. */
import type { AuditVerification } from '../contract/audit.ts';
import type { Database } from '../database/database.ts';
import type { AuditAnchor } from './anchor.ts';
import type { Link } from './chain.ts';
import type { AuditProblem } from './recompute.ts';

const PAGE = 2000;
/** Problems that are named; one is enough to know that the log was tampered with. */
const MOST_NAMED = 100;

/**
 * Reading is all that it does: it works beside a daemon, and without one.
 *
 * @param noted what notes of git say of entries
 */
export async function verifyAuditLog(
  database: Pick<Database, 'survey'>,
  anchor: AuditAnchor,
  noted: readonly Link[],
): Promise<AuditVerification> {
  const problems = new Map<number, string>();
  const found = ({ number, problem }: AuditProblem) => {
    if (!problems.has(number)) problems.set(number, problem);
  };
  // Read first: what is written meanwhile is in the log and not yet here, and never the other way round.
  const { anchored, newest, unwitnessed } = await readAnchor(anchor);
  const notes = Map.groupBy(noted, ({ number }) => number);
  const compare = ({ number, hash }: Link) => {
    const known = anchored.get(number);
    if (known === undefined) unwitnessed.push(number);
    else if (known !== hash) found({ number, problem: 'it is not the one that was anchored' });
    if (notes.get(number)?.some(note => note.hash !== hash))
      found({ number, problem: 'it is not the one that a note of git has' });
  };
  let entries = 0;
  let head: Link | undefined;
  for await (const page of pages(database)) {
    for (const problem of page.problems) found(problem);
    for (const link of page.links) compare(link);
    entries += page.links.length;
    head = page.links.at(-1);
  }
  const end = head?.number ?? 0;
  const last = Math.max(newest, ...notes.keys());
  if (last > end) found({ number: end + 1, problem: cutOff(end + 1, last) });
  return {
    kind: 'audit',
    entries,
    head: head ?? null,
    anchor: anchor.file,
    anchored: newest,
    problems: [...problems]
      .map(([number, problem]) => ({ number, problem }))
      .toSorted((a, b) => a.number - b.number)
      .slice(0, MOST_NAMED),
    unwitnessed: ranges(unwitnessed),
  };
}

async function readAnchor(anchor: AuditAnchor) {
  const anchored = new Map<number, string>();
  const unwitnessed: number[] = [];
  let newest = 0;
  for await (const { number, hash, witnessed } of anchor.entries()) {
    anchored.set(number, hash);
    newest = Math.max(newest, number);
    if (!witnessed) unwitnessed.push(number);
  }
  return { anchored, newest, unwitnessed };
}

async function* pages(database: Pick<Database, 'survey'>) {
  for (let after: Link | undefined; ; ) {
    const page = await database.survey('audit.check', { after, limit: PAGE });
    after = page.links.at(-1);
    if (!after) return;
    yield page;
  }
}

function cutOff(first: number, last: number): string {
  return first === last ? 'it was cut off' : `entries ${first} to ${last} were cut off`;
}

/** Numbers as ranges of those that follow each other. */
function ranges(numbers: readonly number[]): { from: number; to: number }[] {
  const result: { from: number; to: number }[] = [];
  for (const number of [...new Set(numbers)].toSorted((a, b) => a - b)) {
    const last = result.at(-1);
    if (last?.to === number - 1) last.to = number;
    else result.push({ from: number, to: number });
  }
  return result;
}
