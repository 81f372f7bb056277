import * as vscode from 'vscode';
import {
  type ApprovalEvidence,
  type ApprovalRequest,
  type Decision,
  decideApproval,
  getApproval,
  listApprovals,
} from '../../daemon/contract/approvals.ts';
import { formatChange, formatMetric } from '../../daemon/contract/display.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askRequest, type Of } from './ask.ts';
import { type ChosenVersion, versionOfLens } from './version-of-file.ts';

/** Metrics that a question has room for. */
const SHOWN_METRICS = 8;

/** Commands that answer requests for the approval of versions. */
export function approvalCommands(stores: Stores) {
  const answer = async (argument: unknown, decision: Decision) => {
    const title = decision === 'approve' ? 'Approve Version' : 'Reject Version';
    const version = subjectOf(argument, 'version') ?? (await versionOfLens(stores, argument));
    const request = (version && (await requestOf(version))) ?? (await askRequest(stores, title));
    if (request) await decide(request, decision);
  };
  return {
    'modelthat.models.approve': argument => answer(argument, 'approve'),
    'modelthat.models.reject': argument => answer(argument, 'reject'),
  } satisfies Partial<Handlers>;
}

/** The request of a version that waits for an answer. @throws Error when there is none */
async function requestOf({
  connection,
  version,
  request,
}: ChosenVersion & { readonly request?: ApprovalRequest | undefined }): Promise<Of<ApprovalRequest>> {
  if (request) return { connection, thing: request };
  const query = { state: 'pending', model: version.name } as const;
  const { items } = await connection.call(listApprovals, { query });
  const found = items.find(each => each.version === version.version);
  if (!found) throw new Error(`${version.name} version ${version.version} does not wait for approval.`);
  return { connection, thing: found };
}

/** Shows the evidence in short, asks for a reason, and answers. */
async function decide({ connection, thing }: Of<ApprovalRequest>, decision: Decision): Promise<void> {
  const { id, model, version, stage } = thing;
  const evidence = await connection.call(getApproval, { params: { id } });
  if (decision === 'approve' && !(await confirm(evidence))) return;
  const reason = await vscode.window.showInputBox({
    title: `${decision === 'approve' ? 'Approve' : 'Reject'} ${model} version ${version} for ${stage}`,
    prompt: 'Why? The reason is kept with the request.',
    ignoreFocusOut: true,
    // A rejection without a reason helps nobody.
    validateInput: text =>
      decision === 'reject' && text.trim() === '' ? 'Say what speaks against it.' : undefined,
  });
  if (reason === undefined) return;
  const answered = await connection.call(decideApproval, { params: { id }, body: { decision, reason } });
  void vscode.window.showInformationMessage(outcomeOf(answered, evidence.needed));
}

async function confirm({
  request,
  metrics,
  conditions,
  obstacle,
  changed,
}: ApprovalEvidence): Promise<boolean> {
  const { model, version, stage } = request;
  if (obstacle) throw new Error(`You cannot approve ${model} version ${version}: ${obstacle}.`);
  const detail = [
    ...(changed ? ['Its files are not those that approval was asked for.'] : []),
    ...conditions.map(({ gate, passed }) => `${passed ? '✓' : '✗'} ${gate}`),
    ...metrics
      .filter(({ candidate, champion }) => candidate !== null && champion !== null)
      .slice(0, SHOWN_METRICS)
      .map(({ key, candidate, champion }) => comparison(key, candidate ?? 'NaN', champion ?? 'NaN')),
  ].join('\n');
  return (
    (await vscode.window.showWarningMessage(
      `Approve ${model} version ${version} for ${stage}?`,
      { modal: true, detail },
      'Approve',
    )) !== undefined
  );
}

type Value = Parameters<typeof formatMetric>[0];

function comparison(key: string, candidate: Value, champion: Value): string {
  const change = formatChange(candidate, champion);
  return `${key} ${formatMetric(candidate)}, ${change === '' ? '' : `${change} against `}${formatMetric(champion)} in Production`;
}

/** What came of an answer. */
function outcomeOf({ model, version, stage, state, answers }: ApprovalRequest, needed: number): string {
  const name = `${model} version ${version}`;
  if (state === 'rejected') return `${name} is rejected for ${stage}.`;
  if (state === 'approved') return `${name} is in ${stage}.`;
  const given = answers.filter(({ approved }) => approved).length;
  return `${given} of ${needed} approvals of ${name} for ${stage} are given.`;
}
