/** Who may approve a version. */
import type { ApprovalAnswer } from '../contract/approvals.ts';
import type { Actor } from '../contract/audit.ts';
import type { ApprovalRule, Party } from '../contract/rules.ts';

/** Who has which part in a version, as far as that is known. */
export type Parties = Readonly<Record<Party, string | null>>;

const PART: Readonly<Record<Party, string>> = {
  trainer: 'trained it',
  registrar: 'registered it',
  requester: 'asked for the approval',
};

/** An approval that a person gave elsewhere, before it was asked for here. */
export interface GivenApproval {
  readonly by: Actor;
  readonly reason: string;
  /** What the version's files came to then: it counts for no other content. */
  readonly digest: string;
}

/** Why somebody may not approve a version, in words; undefined when they may. */
export function obstacleTo(
  { subject }: Pick<Actor, 'subject'>,
  rule: ApprovalRule,
  parties: Parties,
): string | undefined {
  if (rule.by.length > 0 && !rule.by.includes(subject))
    return `${subject} may not approve it: the rules leave that to ${rule.by.join(', ')}`;
  const part = rule.except.find(party => parties[party] === subject);
  return part && `${subject} may not approve it: the rules want somebody else than who ${PART[part]}`;
}

/** The different people whose approvals count by the rules of now. */
export function approvers(
  answers: readonly ApprovalAnswer[],
  rule: ApprovalRule,
  parties: Parties,
): string[] {
  const people = answers
    .filter(({ approved, by }) => approved && obstacleTo(by, rule, parties) === undefined)
    .map(({ by }) => by.subject);
  return [...new Set(people)];
}
