import * as vscode from 'vscode';
import { formatMetric } from '../../daemon/contract/display.ts';
import {
  listModels,
  type ModelVersion,
  promoteVersion,
  STAGES,
  type Stage,
} from '../../daemon/contract/models.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
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
      const chosen = subject ?? (await askVersion(stores));
      if (chosen) await promote(chosen.connection, chosen.version);
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

/** Asks for a stage and a reason and moves the version there; Production is confirmed first. */
export async function promote(connection: StoreConnection, version: ModelVersion): Promise<void> {
  const title = `Promote ${version.name} version ${version.version}`;
  const stages = STAGES.filter(stage => stage !== version.stage).map(stage => ({
    label: stage,
    detail: STAGE_DETAIL[stage],
  }));
  const chosen = await vscode.window.showQuickPick(stages, {
    title: `${title} (1/2)`,
    placeHolder: version.stage === 'None' ? 'New stage' : `From ${version.stage} to …`,
    ignoreFocusOut: true,
  });
  if (!chosen) return;
  const reason = await vscode.window.showInputBox({
    title: `${title} to ${chosen.label} (2/2)`,
    prompt: 'Why? The reason is kept with the version’s history.',
    // Who looks up a number elsewhere for the reason comes back to the question.
    ignoreFocusOut: true,
  });
  if (reason === undefined) return;
  if (chosen.label === 'Production' && !(await confirmProduction(version))) return;
  await connection.call(promoteVersion, {
    params: { name: version.name, version: version.version },
    body: { stage: chosen.label, reason },
  });
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

async function askVersion(stores: Stores) {
  const choices = await Promise.all(
    stores.all.map(async connection =>
      (await connection.call(listModels, {})).items.flatMap(model =>
        model.versions.map(version => ({
          label: `${model.name} version ${version.version}`,
          description: version.stage,
          connection,
          version,
        })),
      ),
    ),
  );
  return vscode.window.showQuickPick(choices.flat(), { title: 'Promote Version', matchOnDescription: true });
}
