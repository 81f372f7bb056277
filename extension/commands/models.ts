import * as vscode from 'vscode';
import { formatMetric } from '../../daemon/contract/display.ts';
import { type ModelVersion, promoteVersion, STAGES, type Stage } from '../../daemon/contract/models.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { stageNamed } from '../trees/model-rows.ts';
import { subjectOf } from '../trees/subject.ts';
import { askVersion } from './ask.ts';
import type { OpenRun } from './runs.ts';

const STAGE_DETAIL: Record<Stage, string> = {
  None: 'In no stage.',
  Staging: 'On trial. Any version now in Staging is archived.',
  Production: 'What users get. The version now in Production is archived.',
  Archived: 'No longer used; it is kept.',
};

/** Commands on registered models. */
export function modelCommands(stores: Stores, openRun: OpenRun) {
  return {
    'modelthat.models.promote': async argument => {
      const subject = subjectOf(argument, 'version');
      const chosen = subject ?? (await askVersion(stores, 'Promote Version'));
      if (chosen) await promote(chosen.connection, chosen.version, stageIn(argument));
    },
    'modelthat.models.openRun': argument => {
      const subject = subjectOf(argument, 'version');
      if (subject?.version.runId) openRun(subject.connection, subject.version.runId);
    },
    'modelthat.models.copyUri': async argument => {
      const subject = subjectOf(argument, 'version');
      if (subject)
        await vscode.env.clipboard.writeText(`models:/${subject.version.name}/${subject.version.version}`);
    },
  } satisfies Partial<Handlers>;
}

/**
 * Asks for a stage and a reason and moves the version there; Production is confirmed first.
 *
 * @param to the stage, when it is known
 */
async function promote(
  connection: StoreConnection,
  version: ModelVersion,
  to: Stage | undefined,
): Promise<void> {
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
  if (stage === 'Production' && !(await confirmProduction(version))) return;
  const { request } = await connection.call(promoteVersion, {
    params: { name: version.name, version: version.version },
    body: { stage, reason },
  });
  if (request === null) return;
  const waits = `${version.name} version ${version.version} waits for approval before it comes to ${stage}`;
  void vscode.window.showInformationMessage(`${waits}: request ${request}.`);
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

async function confirmProduction(version: ModelVersion): Promise<boolean> {
  const failed = version.gates.filter(gate => !gate.passed).map(gate => `✗ ${gate.gate}`);
  const metrics = Object.entries(version.metrics).map(([key, value]) => `${key} ${formatMetric(value)}`);
  const detail = [...failed, ...metrics.slice(0, 8)].join('\n');
  const answer = await vscode.window.showWarningMessage(
    `Put ${version.name} version ${version.version} into Production?`,
    { modal: true, detail },
    'Promote',
  );
  return answer !== undefined;
}

/** The stage that a version was dragged to. */
function stageIn(argument: unknown): Stage | undefined {
  return typeof argument === 'object' && argument !== null && 'stage' in argument
    ? stageNamed(argument.stage)
    : undefined;
}
