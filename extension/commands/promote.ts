/** Moving a version to a stage, as far as the rules allow, with the questions before it and what is said after it. */
import * as vscode from 'vscode';
import { formatMetric } from '../../daemon/contract/display.ts';
import { ApiError } from '../../daemon/contract/errors.ts';
import { type ModelVersion, promoteVersion, STAGES, type Stage } from '../../daemon/contract/models.ts';
import { checkRules, Refusal, type RuleCheck } from '../../daemon/contract/rules.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** Shows a model's page. @param version the one to show; null = the one that matters most now */
export type OpenModel = (connection: StoreConnection, name: string, version: number | null) => void;

const STAGE_DETAIL: Record<Stage, string> = {
  None: 'In no stage.',
  Staging: 'On trial. Any version now in Staging is archived.',
  Production: 'What users get. The version now in Production is archived.',
  Archived: 'No longer used; it is kept.',
};
/** Metrics that a question has room for. */
const SHOWN_METRICS = 8;

interface Candidate {
  readonly connection: StoreConnection;
  readonly version: ModelVersion;
}

/**
 * Asks for a stage and a reason and moves the version there; Production is confirmed first. Where a person has to approve
 * it, that is asked for.
 *
 * @param to the stage, when it is known
 */
export async function promote(
  candidate: Candidate,
  to: Stage | undefined,
  openModel: OpenModel,
): Promise<void> {
  const { version } = candidate;
  const title = `Promote ${version.name} version ${version.version}`;
  const stage = to ?? (await askStage(version, title));
  if (!stage) return;
  const reason = await vscode.window.showInputBox({
    title: `${title} to ${stage}${to ? '' : ' (2/2)'}`,
    prompt: 'Why? The reason is kept with the version’s history.',
    // Who looks up a number elsewhere for the reason comes back to the question.
    ignoreFocusOut: true,
  });
  if (reason === undefined) return;
  if (stage === 'Production' && !(await confirmProduction(candidate))) return;
  await move(candidate, { stage, reason, again: false }, openModel);
}

async function askStage(version: ModelVersion, title: string): Promise<Stage | undefined> {
  const stages = STAGES.filter(stage => stage !== version.stage).map(stage => ({
    label: stage,
    detail: STAGE_DETAIL[stage],
  }));
  const chosen = await vscode.window.showQuickPick(stages, {
    title: `${title} (1/2)`,
    placeHolder: version.stage === 'None' ? 'New stage' : `From ${version.stage} to …`,
    ignoreFocusOut: true,
  });
  return chosen?.label;
}

async function confirmProduction({ connection, version }: Candidate): Promise<boolean> {
  const { name, version: number } = version;
  const check = await connection.call(checkRules, {
    params: { name, version: number },
    query: { stage: 'Production' },
  });
  const metrics = Object.entries(version.metrics).map(([key, value]) => `${key} ${formatMetric(value)}`);
  const detail = [...conditionsOf(version, check), ...metrics.slice(0, SHOWN_METRICS)].join('\n');
  const answer = await vscode.window.showWarningMessage(
    `Put ${name} version ${number} into Production?`,
    { modal: true, detail },
    check.allowed || !check.approval ? 'Promote' : 'Ask for Approval',
  );
  return answer !== undefined;
}

/** What speaks against it, and whose approval it needs. */
function conditionsOf(version: ModelVersion, { conditions, approval }: RuleCheck): string[] {
  const failed = [...version.gates, ...conditions]
    .filter(({ passed }) => !passed)
    .map(({ gate }) => `✗ ${gate}`);
  const people = approval && approval.needed - approval.given.length;
  const wait = people
    ? [`It needs the approval of ${people === 1 ? 'one person' : `${people} people`}.`]
    : [];
  return [...new Set(failed), ...wait];
}

async function move(
  candidate: Candidate,
  to: { readonly stage: Stage; readonly reason: string; readonly again: boolean },
  openModel: OpenModel,
): Promise<void> {
  const { connection, version } = candidate;
  const { name, version: number } = version;
  const open = () => openModel(connection, name, number);
  try {
    const { request } = await connection.call(promoteVersion, {
      params: { name, version: number },
      body: to,
    });
    if (request === null) return;
    const text = `${name} version ${number} waits for approval before it comes to ${to.stage}.`;
    if (await vscode.window.showInformationMessage(text, 'Open')) open();
  } catch (error) {
    const refused = error instanceof ApiError ? Refusal.safeParse(error.details).data?.refused : undefined;
    if (!refused) throw error;
    const offers = refused === 'rejected' ? ['Ask Again', 'Open'] : ['Open'];
    const chosen = await vscode.window.showErrorMessage((error as ApiError).message, ...offers);
    if (chosen === 'Open') open();
    if (chosen === 'Ask Again') await move(candidate, { ...to, again: true }, openModel);
  }
}
