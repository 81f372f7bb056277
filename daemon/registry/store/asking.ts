/** Requests for approval as they bear on a move: those for the very content that a version has now. */
import type { Database as Connection } from 'better-sqlite3';
import type { Actor } from '../../contract/audit.ts';
import type { Stage } from '../../contract/models.ts';
import type { ApprovalRule } from '../../contract/rules.ts';
import { approvers, type GivenApproval, obstacleTo } from '../approvals.ts';
import type { Facts } from '../rules.ts';
import {
  closeRequest,
  insertAnswer,
  insertRequest,
  type KeptRequest,
  type NewRequest,
  newestRequest,
  record,
  requireRequest,
} from './approvals.ts';
import { partiesOf } from './evidence.ts';
import type { VersionRow } from './rows.ts';

/** The newest request for the same content; one for another becomes void. */
export function findRequest(
  connection: Connection,
  row: VersionRow,
  { stage, facts, actor }: { readonly stage: Stage; readonly facts: Facts; readonly actor: Actor },
): KeptRequest | undefined {
  const newest = newestRequest(connection, row, stage);
  const why = newest && whyChanged(newest, facts);
  if (newest?.state === 'pending' && why !== undefined) voidRequest(connection, newest, actor, why);
  return why === undefined && newest?.state !== 'void' ? newest : undefined;
}

/**
 * Takes approvals that people gave elsewhere for the request, which is made if there is none. Whom the rules do not let
 * approve is passed over, and what a person rejected stays so.
 *
 * @returns the request as it is then
 */
export function takeGiven(
  connection: Connection,
  row: VersionRow,
  request: KeptRequest | undefined,
  { given, rule, asked }: { given: readonly GivenApproval[]; rule: ApprovalRule; asked: NewRequest },
): KeptRequest | undefined {
  const ofContent = given.filter(({ digest }) => digest === asked.digest);
  if (ofContent.length === 0 || (request && request.state !== 'pending')) return request;
  let open = request ?? insertRequest(connection, row, asked);
  for (const { by, reason } of ofContent) {
    const answered = open.answers.some(answer => answer.by.subject === by.subject);
    if (answered || obstacleTo(by, rule, partiesOf(connection, open)) !== undefined) continue;
    insertAnswer(connection, open, { approved: true, by, reason });
    open = requireRequest(connection, open.id);
    const answer = { actor: by, reason };
    if (approversOf(connection, open, rule).length >= rule.count) {
      closeRequest(connection, open, { ...answer, state: 'approved', action: 'approval.approve' });
      return requireRequest(connection, open.id);
    }
    record(connection, open, 'approval.approve', answer, 'pending', 'pending');
  }
  return open;
}

/** Who approved this very content, by the rules of now. */
export function approversOf(
  connection: Connection,
  request: KeptRequest | null | undefined,
  rule: ApprovalRule,
): string[] {
  if (!request || (request.state !== 'pending' && request.state !== 'approved')) return [];
  return approvers(request.answers, rule, partiesOf(connection, request));
}

/** Why a request is not for what the version is now; undefined when it is. */
export function whyChanged({ digest, model, askedName }: KeptRequest, facts: Facts): string | undefined {
  if (model !== askedName) return `the model was called '${askedName}' when it was asked for`;
  if (digest === facts.digest) return undefined;
  return `the files of the version changed since it was asked about: they came to ${short(digest)}, and come to ${short(facts.digest)} now`;
}

/** @returns the request, void */
export function voidRequest(
  connection: Connection,
  request: KeptRequest,
  actor: Actor,
  note: string,
): KeptRequest {
  closeRequest(connection, request, { state: 'void', action: 'approval.void', actor, reason: '', note });
  return requireRequest(connection, request.id);
}

function short(digest: string | null): string {
  return digest === null ? 'nothing that can be read' : digest.slice(0, 12);
}
