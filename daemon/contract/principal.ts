import type { Actor } from './audit.ts';
import type { Access } from './route.ts';

/** Where runs of an execution token belong: the step (or trial) that the token was made for. */
export interface ExecutionScope {
  readonly executionId: string;
  readonly step: string;
  /** Id that the step's own run gets when its code first starts one. */
  readonly runId: string;
  /** The execution's run, parent of the step's run. */
  readonly parentRunId: string;
  readonly experimentId: string;
  /** The execution that this one only runs again: its code changes nothing in the registry. */
  readonly reproduces?: string;
}

/** Who is calling, as far as the token tells. */
export interface Principal {
  readonly access: Access;
  /** The person that the token was made for; absent when it stands for the machine's user. */
  readonly subject?: string;
  /** Only with an execution token. */
  readonly scope?: ExecutionScope;
  /** Only with an upload token: the upload whose parts it opens. */
  readonly uploadId?: string;
}

/** Who moved a version to the stage that it came with from another store: nobody here has released it. */
export const IMPORTER = 'import';

/** The principal in words, for audit records and logs. */
export function describePrincipal(principal: Principal): string {
  return principal.scope
    ? `execution ${principal.scope.executionId}, step ${principal.scope.step}`
    : principal.access;
}

/**
 * The principal as the audit log keeps it.
 *
 * @param via the face of the daemon that was asked
 * @param user who the request, or the machine, says it is; it is kept as a claim
 */
export function actorOf(principal: Principal, via: string, user?: string): Actor {
  const { access, scope, subject } = principal;
  if (subject !== undefined) return { subject, role: access, claimed: false, via };
  if (scope) return { subject: describePrincipal(principal), role: access, claimed: false, via };
  return { subject: user ?? access, role: access, claimed: true, via };
}

/** An actor in words, as the history of stages keeps it. A claim is not taken for the name of a person. */
export function describeActor({ subject, role, claimed }: Actor): string {
  if (claimed) return role;
  return role === 'tracking' ? `tracking (${subject})` : subject;
}

/** Whether a move by this actor, in the words of `describeActor`, releases a version: the tracking token has no code run. */
export function isReleaser(by: string): boolean {
  return by !== IMPORTER && !/^tracking( |$)/.test(by);
}
