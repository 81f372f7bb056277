/** Versions by the files that register their models: what lenses and the buttons of editors act on. */
import * as vscode from 'vscode';
import { getVersion, type ModelVersion } from '../../daemon/contract/models.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { newestIn } from '../editor/model-lenses.ts';

/** A version of a model, in its store. */
export interface ChosenVersion {
  readonly connection: StoreConnection;
  readonly version: ModelVersion;
}

/**
 * The version of a lens, from the argument of the lens's command; undefined when it is none. It may have moved since the
 * lens was drawn, so that it is looked at anew.
 */
export async function versionOfLens(stores: Stores, argument: unknown): Promise<ChosenVersion | undefined> {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { file, model, version } = argument as Record<string, unknown>;
  if (!(file instanceof vscode.Uri) || typeof model !== 'string' || typeof version !== 'number')
    return undefined;
  const connection = stores.of(file);
  return (
    connection && {
      connection,
      version: await connection.call(getVersion, { params: { name: model, version } }),
    }
  );
}

/** The newest version of the model that a file registers, from the argument of a button in its title; asks which of several. */
export async function versionOfFile(stores: Stores, argument: unknown): Promise<ChosenVersion | undefined> {
  if (!(argument instanceof vscode.Uri)) return undefined;
  const all = await newestIn(stores, await vscode.workspace.openTextDocument(argument));
  if (all.length < 2) return all[0];
  const choices = all.map(each => ({
    label: `${each.version.name} version ${each.version.version}`,
    description: each.version.stage,
    each,
  }));
  return (await vscode.window.showQuickPick(choices, { title: 'Promote Version' }))?.each;
}
