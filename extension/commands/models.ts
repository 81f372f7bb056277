import * as vscode from 'vscode';
import { getModelCard, type Stage } from '../../daemon/contract/models.ts';
import { rollBack } from '../../daemon/contract/rules.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { modelLink } from '../integrations/links.ts';
import { stageNamed } from '../trees/model-rows.ts';
import { subjectOf } from '../trees/subject.ts';
import { askModel, askVersion } from './ask.ts';
import { type OpenModel, promote } from './promote.ts';
import type { OpenRun } from './runs.ts';
import { type ChosenVersion, versionOfFile, versionOfLens } from './version-of-file.ts';

interface ModelCommandParts {
  readonly openModel: OpenModel;
  readonly openRun: OpenRun;
  /** Whom links are addressed to. */
  readonly extensionId: string;
}

/** Commands on registered models. */
export function modelCommands(stores: Stores, { openModel, openRun, extensionId }: ModelCommandParts) {
  const versionOf = async (argument: unknown, title: string): Promise<ChosenVersion | undefined> => {
    if (argument instanceof vscode.Uri) return versionOfFile(stores, argument);
    return (
      subjectOf(argument, 'version') ?? (await versionOfLens(stores, argument)) ?? askVersion(stores, title)
    );
  };

  return {
    'modelthat.models.open': async argument => {
      const place = placeOf(argument);
      if (place) return openModel(place.connection, place.name, place.version);
      const named = await versionOfLens(stores, argument);
      if (named) return openModel(named.connection, named.version.name, named.version.version);
      const model = await askModel(stores, 'Open Model');
      if (model) openModel(model.connection, model.thing.name, null);
    },
    'modelthat.models.compare': async argument => {
      const chosen = await versionOf(argument, 'Compare with Production');
      if (chosen) openModel(chosen.connection, chosen.version.name, chosen.version.version);
    },
    'modelthat.models.promote': async argument => {
      const chosen = await versionOf(argument, 'Promote Version');
      if (chosen) await promote(chosen, stageIn(argument), openModel);
    },
    'modelthat.models.rollBack': async argument => {
      const place = placeOf(argument);
      const model = place ?? (await usedModel(stores));
      if (model) await rollBackModel(model.connection, model.name);
    },
    'modelthat.models.showCard': async argument => {
      const chosen = await versionOf(argument, 'Show Model Card');
      if (!chosen) return;
      const { name, version } = chosen.version;
      const input = { params: { name, version }, query: { format: 'md' as const } };
      const { text } = await chosen.connection.call(getModelCard, input);
      const document = await vscode.workspace.openTextDocument({ language: 'markdown', content: text });
      await vscode.window.showTextDocument(document);
    },
    'modelthat.models.openRun': argument => {
      const subject = subjectOf(argument, 'version');
      if (subject?.version.runId) openRun(subject.connection, subject.version.runId);
    },
    'modelthat.models.copyUri': async argument => {
      const uri = uriOf(argument);
      if (uri) await vscode.env.clipboard.writeText(uri);
    },
    'modelthat.models.copyLink': async argument => {
      const place = placeOf(argument);
      if (place) await vscode.env.clipboard.writeText(modelLink(extensionId, place.name, place.version));
    },
  } satisfies Partial<Handlers>;
}

/** The model that an item of the tree is, or belongs to, and its version. */
function placeOf(argument: unknown) {
  const subject = subjectOf(argument, 'model', 'stage', 'version');
  if (!subject) return undefined;
  const { connection } = subject;
  switch (subject.type) {
    case 'model':
      return { connection, name: subject.model.name, version: null };
    case 'stage':
      return { connection, name: subject.model, version: null };
    case 'version':
      return { connection, name: subject.version.name, version: subject.version.version };
  }
}

/** The stage that a version was dragged to. */
function stageIn(argument: unknown): Stage | undefined {
  return typeof argument === 'object' && argument !== null && 'stage' in argument
    ? stageNamed(argument.stage)
    : undefined;
}

/** How code names what an item of the tree stands for. */
function uriOf(argument: unknown): string | undefined {
  const subject = subjectOf(argument, 'stage', 'version');
  if (!subject) return undefined;
  return subject.type === 'stage'
    ? `models:/${subject.model}/${subject.stage}`
    : `models:/${subject.version.name}/${subject.version.version}`;
}

async function usedModel(stores: Stores) {
  const model = await askModel(stores, 'Roll Back Production', ({ stages }) =>
    stages.some(({ stage }) => stage === 'Production'),
  );
  return model && { connection: model.connection, name: model.thing.name };
}

async function rollBackModel(connection: StoreConnection, name: string): Promise<void> {
  const reason = await vscode.window.showInputBox({
    title: `Roll Back Production of ${name}`,
    prompt: 'The version that was in Production before comes back. Why? The reason is kept with the history.',
    ignoreFocusOut: true,
  });
  if (reason === undefined) return;
  const back = await connection.call(rollBack, { params: { name }, body: { reason } });
  void vscode.window.showInformationMessage(`${name} version ${back.version} is in Production again.`);
}
