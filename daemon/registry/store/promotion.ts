/** Asking for a stage and answering: what reads, checks and writes, decided in one transaction. */
import type { Database as Connection } from 'better-sqlite3';
import type { ApprovalRequest } from '../../contract/approvals.ts';
import type { Actor } from '../../contract/audit.ts';
import { ApiError } from '../../contract/errors.ts';
import type { GateResult, ModelVersion, Stage } from '../../contract/models.ts';
import type { ApprovalRule, ModelRules, RuleCheck } from '../../contract/rules.ts';
import { statement } from '../../database/statements.ts';
import { type GivenApproval, obstacleTo } from '../approvals.ts';
import { compares } from '../enforcement.ts';
import type { Version } from '../model.ts';
import { askedFor, describeCondition, type Facts, judgeConditions } from '../rules.ts';
import {
  closeRequest,
  insertAnswer,
  insertRequest,
  type KeptRequest,
  newestRequest,
  record,
  requireRequest,
  told,
} from './approvals.ts';
import { approversOf, findRequest, takeGiven, voidRequest, whyChanged } from './asking.ts';
import { refuse } from './changes.ts';
import { reads as described } from './described.ts';
import { checksBehind, partiesOf } from './evidence.ts';
import { readVersion, requireVersion, type VersionRow } from './rows.ts';
import { applyMove, newestOther, type StageChange } from './stages.ts';
import { reads as versions } from './versions.ts';

/** A move that was asked for, with what is known of the files. */
export interface AskedMove extends Omit<StageChange, 'digest'> {
  readonly facts: Facts;
  /** Whether the rules can keep it, or are recorded only. */
  readonly bound: boolean;
  /** Ask once more for approval of what a person rejected. */
  readonly again: boolean;
  /** What people approved already. */
  readonly given: readonly GivenApproval[];
}

/** What came of it. */
export type MoveOutcome =
  | { readonly outcome: 'moved'; readonly version: Version }
  | { readonly outcome: 'refused'; readonly conditions: GateResult[] }
  | { readonly outcome: 'kept'; readonly why: string }
  | {
      readonly outcome: 'waits' | 'asked' | 'rejected';
      readonly request: ApprovalRequest;
      readonly conditions: GateResult[];
    };

/** A person's answer, with what is known of the files by now. */
export interface Answer {
  readonly id: number;
  readonly approved: boolean;
  readonly actor: Actor;
  readonly reason: string;
  readonly facts: Facts;
  readonly rules: ModelRules | null;
  readonly replaces: number | null;
}

/** What came of it. */
export type AnswerOutcome =
  | { readonly outcome: 'taken' | 'void'; readonly request: ApprovalRequest }
  | { readonly outcome: 'denied'; readonly request: ApprovalRequest; readonly why: string }
  | { readonly outcome: 'refused'; readonly request: ApprovalRequest; readonly conditions: GateResult[] };

export const writes = {
  /**
   * Moves a version if the rules let it, else asks for the approval that they want.
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when it was deleted meanwhile, RESOURCE_CONFLICT when another came first
   */
  'registry.transition': (connection: Connection, asked: AskedMove): MoveOutcome => {
    const row = requireVersion(connection, asked);
    const stays = whyItStays(connection, row, asked);
    if (stays !== undefined) {
      refuseMove(connection, row, asked, stays);
      return { outcome: 'kept', why: stays };
    }
    const change = { ...asked, digest: asked.facts.digest };
    const rule = askedFor(asked.rules, asked.stage);
    const conditions = row.stage === asked.stage ? [] : conditionsOf(connection, row, asked);
    const unmet = conditions.filter(({ passed }) => !passed);
    keepConditions(connection, row, conditions);
    if (unmet.length > 0 && asked.bound) {
      refuseMove(connection, row, asked, unmet.map(describeCondition).join('; '));
      return { outcome: 'refused', conditions };
    }
    const approval = row.stage === asked.stage ? null : rule.approval;
    const request = approval && requestFor(connection, row, asked, approval);
    const enough = !approval || approversOf(connection, request, approval).length >= approval.count;
    if (!enough && asked.bound) {
      if (request?.state === 'pending') return { outcome: 'waits', request: told(request), conditions };
      if (request?.state === 'rejected' && !asked.again) {
        refuseMove(connection, row, asked, `rejected by a person: request ${request.id}`);
        return { outcome: 'rejected', request: told(request), conditions };
      }
      return { outcome: 'asked', request: told(insertRequest(connection, row, change)), conditions };
    }
    const failed = [...unmet.map(describeCondition), ...(enough ? [] : ['approval is missing'])];
    applyMove(connection, row, { ...change, reason: withUnmet(change.reason, failed) }, { unmet: failed });
    return { outcome: 'moved', version: readVersion(connection, asked) };
  },

  /**
   * Takes a person's answer; with the last approval that is needed the version moves. A request for what the version is
   * not any more becomes void in place of it.
   *
   * @throws ApiError RESOURCE_CONFLICT when the request is closed, or answered by them
   */
  'registry.decideApproval': (connection: Connection, answer: Answer): AnswerOutcome => {
    const request = requireRequest(connection, answer.id);
    refuseClosed(request, answer.actor);
    const why = whyChanged(request, answer.facts);
    if (why !== undefined)
      return { outcome: 'void', request: told(voidRequest(connection, request, answer.actor, why)) };
    const row = requireVersion(connection, { name: request.model, version: request.version });
    if (!answer.approved) {
      insertAnswer(connection, request, { approved: false, by: answer.actor, reason: answer.reason });
      closeRequest(connection, request, { ...answer, state: 'rejected', action: 'approval.reject' });
      return taken(connection, request);
    }
    const rule = askedFor(answer.rules, request.stage).approval ?? ANYBODY;
    const obstacle = whyNot(connection, request, answer.actor, rule);
    if (obstacle) {
      refuseApproval(connection, request, answer, obstacle);
      return { outcome: 'denied', request: told(request), why: obstacle };
    }
    return approve(connection, row, request, { ...answer, rule });
  },
};

export const reads = {
  /** The newest other version in a stage; null when there is none. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.newestOther': (
    connection: Connection,
    input: { name: string; version: number; stage: Stage },
  ): number | null => newestOther(connection, requireVersion(connection, input), input.stage),

  /** Why somebody may not approve a request by the rules of now; null when they may. */
  'registry.obstacle': (
    connection: Connection,
    { id, actor, rules }: { id: number; actor: Actor; rules: ModelRules | null },
  ): string | null => {
    const request = requireRequest(connection, id);
    const rule = askedFor(rules, request.stage).approval ?? ANYBODY;
    return whyNot(connection, request, actor, rule) ?? null;
  },

  /** What the rules say of a move now. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.check': (
    connection: Connection,
    asked: { name: string; version: number; stage: Stage; rules: ModelRules | null; facts: Facts },
  ): RuleCheck => {
    const row = requireVersion(connection, asked);
    const { approval } = askedFor(asked.rules, asked.stage);
    const conditions = conditionsOf(connection, row, asked);
    const newest = newestRequest(connection, row, asked.stage);
    const same = newest && whyChanged(newest, asked.facts) === undefined ? newest : undefined;
    const given = approval ? approversOf(connection, same, approval) : [];
    return {
      stage: asked.stage,
      allowed: conditions.every(({ passed }) => passed) && (!approval || given.length >= approval.count),
      conditions,
      approval: approval && { needed: approval.count, given },
      request: newest ? told(newest) : null,
    };
  },
};

/** The request that the approvals for a move stand on, with those that people gave already. */
function requestFor(
  connection: Connection,
  row: VersionRow,
  asked: AskedMove,
  rule: ApprovalRule,
): KeptRequest | undefined {
  const known = findRequest(connection, row, asked);
  if (!asked.bound) return known;
  return takeGiven(connection, row, known, {
    given: asked.given,
    rule,
    asked: { ...asked, digest: asked.facts.digest },
  });
}

/**
 * Why a version stays in Production, where others are compared with it by rules that are enforced: once it is gone, such
 * rules hold of anything. Only the owner takes it away without another in its place.
 */
function whyItStays(
  connection: Connection,
  row: VersionRow,
  { stage, rules, actor }: AskedMove,
): string | undefined {
  if (row.stage !== 'Production' || stage === 'Production' || actor.role === 'owner') return undefined;
  if (!rules?.enforce || !compares(rules) || newestOther(connection, row, 'Production') !== null)
    return undefined;
  const { name, version } = row;
  return (
    `Version ${version} of '${name}' is the only one in Production, and enforced rules compare others with it. Promote ` +
    `another, which takes its place; or, with the owner token: modelthat models promote ${name} ${version} --to ${stage}`
  );
}

function refuseMove(
  connection: Connection,
  { name, version, stage }: VersionRow,
  { actor, stage: wanted }: AskedMove,
  why: string,
): void {
  const before = { stage };
  refuse(connection, {
    action: 'version.refuse',
    name,
    version,
    actor,
    before,
    asked: { stage: wanted },
    why,
  });
}

function refuseApproval(
  connection: Connection,
  { id, model: name, version, state, stage }: KeptRequest,
  { actor }: Answer,
  why: string,
): void {
  const before = { request: id, state };
  const asked = { request: id, state: 'approved', stage };
  refuse(connection, { action: 'approval.refuse', name, version, actor, before, asked, why });
}

/** Holds for a request whose rule was taken back: one person, whoever it is. */
const ANYBODY: ApprovalRule = { count: 1, by: [], except: [] };

function whyNot(
  connection: Connection,
  request: KeptRequest,
  actor: Actor,
  rule: ApprovalRule,
): string | undefined {
  return obstacleTo(actor, rule, partiesOf(connection, request));
}

function approve(
  connection: Connection,
  row: VersionRow,
  request: KeptRequest,
  answer: Answer & { rule: ApprovalRule },
): AnswerOutcome {
  const { actor, reason, facts, rules, rule, replaces } = answer;
  const given = new Set([...approversOf(connection, request, rule), actor.subject]);
  if (given.size < rule.count) {
    insertAnswer(connection, request, { approved: true, by: actor, reason });
    record(connection, request, 'approval.approve', answer, 'pending', 'pending');
    return taken(connection, request);
  }
  const conditions = conditionsOf(connection, row, { stage: request.stage, rules, facts });
  const unmet = conditions.filter(({ passed }) => !passed);
  if (unmet.length > 0) {
    refuseApproval(connection, request, answer, unmet.map(describeCondition).join('; '));
    return { outcome: 'refused', request: told(request), conditions };
  }
  insertAnswer(connection, request, { approved: true, by: actor, reason });
  closeRequest(connection, request, { ...answer, state: 'approved', action: 'approval.approve' });
  applyMove(connection, row, {
    name: request.model,
    version: request.version,
    stage: request.stage,
    archiveExisting: request.archiveExisting,
    actor,
    reason: reason || request.reason,
    digest: facts.digest,
    replaces,
    rules,
  });
  return taken(connection, request);
}

function conditionsOf(
  connection: Connection,
  row: VersionRow,
  { stage, rules, facts }: { stage: Stage; rules: ModelRules | null; facts: Facts },
): GateResult[] {
  const rule = askedFor(rules, stage);
  const champion = championOf(connection, row.name);
  if (rule.signature && (champion?.version ?? null) !== (facts.champion?.version ?? null))
    throw new ApiError(
      'RESOURCE_CONFLICT',
      `Another version of '${row.name}' came to Production, or left it, meanwhile. Ask again.`,
    );
  return judgeConditions(rule, {
    version: described['registry.showVersion'](connection, row),
    champion,
    facts,
    checks: rule.checks ? checksBehind(connection, row.runId) : {},
  });
}

function championOf(connection: Connection, name: string): ModelVersion | null {
  const found = versions['registry.findVersion'](connection, { name, selector: { stage: 'Production' } });
  return found && described['registry.showVersion'](connection, found);
}

function refuseClosed(request: KeptRequest, { subject }: Actor): void {
  const { id, model, version, stage, state, note } = request;
  if (state !== 'pending')
    throw new ApiError(
      'RESOURCE_CONFLICT',
      `Request ${id} (version ${version} of '${model}' to ${stage}) is closed already: ${note || state}.`,
    );
  if (request.answers.some(({ by }) => by.subject === subject))
    throw new ApiError(
      'RESOURCE_CONFLICT',
      `${subject} has approved request ${id} already; it waits for others.`,
    );
}

/** Keeps what was found with the version, where people look for it. */
function keepConditions(connection: Connection, row: VersionRow, conditions: readonly GateResult[]): void {
  if (conditions.length === 0) return;
  statement(
    connection,
    `INSERT INTO version_evaluation (model, version, run_id, at, gates, metrics) VALUES (?, ?, ?, ?, ?, '{}')`,
  ).run(row.model, row.version, row.runId, Date.now(), JSON.stringify(conditions));
}

function withUnmet(reason: string, unmet: readonly string[]): string {
  if (unmet.length === 0) return reason;
  return [reason, `against the rules, which are not enforced: ${unmet.join('; ')}`]
    .filter(Boolean)
    .join('; ');
}

function taken(connection: Connection, { id }: KeptRequest): AnswerOutcome {
  return { outcome: 'taken', request: told(requireRequest(connection, id)) };
}
