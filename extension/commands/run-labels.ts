/** What people write on runs: tags, stars, notes, names. */
import * as vscode from 'vscode';
import { type RunColumn, tagRuns } from '../../daemon/contract/run-lists.ts';
import { getRun, NOTE_TAG, STAR_TAG, updateRun } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { countOf, inBatches } from './selected-runs.ts';

/** Adds a tag to runs: its key is one that runs have already, or new. */
export async function addTag(
  connection: StoreConnection,
  runIds: readonly string[],
  known: readonly RunColumn[],
): Promise<void> {
  const title = `Add Tag to ${countOf(runIds)}`;
  const key = await askTagKey(title, known);
  if (!key) return;
  const value = await vscode.window.showInputBox({ title, prompt: `Value of ${key}` });
  if (value !== undefined) await tagAll(connection, runIds, { [key]: value });
}

/** Takes tags off runs. */
export async function removeTags(
  connection: StoreConnection,
  runIds: readonly string[],
  known: readonly RunColumn[],
): Promise<void> {
  const title = `Remove Tags from ${countOf(runIds)}`;
  const items = ownTags(known).map(({ key }) => ({ label: key }));
  if (items.length === 0) {
    void vscode.window.showInformationMessage('These runs have no tags of their own.');
    return;
  }
  const chosen = await vscode.window.showQuickPick(items, { title, canPickMany: true });
  if (!chosen || chosen.length === 0) return;
  await tagAll(connection, runIds, Object.fromEntries(chosen.map(({ label }) => [label, null])));
}

/** Stars runs, or takes the stars away. */
export function starRuns(
  connection: StoreConnection,
  runIds: readonly string[],
  starred: boolean,
): Promise<void> {
  return tagAll(connection, runIds, { [STAR_TAG]: starred ? 'true' : null });
}

/** Gives a run another name. */
export async function renameRun(connection: StoreConnection, runId: string): Promise<void> {
  const run = await connection.call(getRun, { params: { runId } });
  const validateInput = (name: string) => (name.trim() ? undefined : 'A run needs a name.');
  const name = await vscode.window.showInputBox({ title: 'Rename Run', value: run.name, validateInput });
  if (name && name !== run.name) await connection.call(updateRun, { params: { runId }, body: { name } });
}

/** Notes something of a run; an empty note removes it. */
export async function noteRun(connection: StoreConnection, runId: string): Promise<void> {
  const { name, tags } = await connection.call(getRun, { params: { runId } });
  const note = await vscode.window.showInputBox({
    title: `Note on ${name}`,
    prompt: 'Markdown; MLflow shows it as the description',
    value: tags[NOTE_TAG] ?? '',
  });
  if (note !== undefined) await tagAll(connection, [runId], { [NOTE_TAG]: note === '' ? null : note });
}

function tagAll(
  connection: StoreConnection,
  runIds: readonly string[],
  tags: Readonly<Record<string, string | null>>,
): Promise<void> {
  return inBatches(`Tagging ${countOf(runIds)}`, runIds, batch =>
    connection.call(tagRuns, { body: { runIds: batch, tags } }),
  );
}

async function askTagKey(title: string, known: readonly RunColumn[]): Promise<string | undefined> {
  const other = '$(add) New tag…';
  const keys = ownTags(known).map(({ key, runs }) => ({ label: key, description: `on ${runs} runs` }));
  const chosen =
    keys.length > 0
      ? await vscode.window.showQuickPick([...keys, { label: other }], { title })
      : { label: other };
  if (chosen?.label !== other) return chosen?.label;
  return vscode.window.showInputBox({ title, prompt: 'Key of the new tag' });
}

/** Those that are no tool's own. */
function ownTags(known: readonly RunColumn[]): readonly RunColumn[] {
  return known.filter(({ key }) => !/^(mlflow|modelthat)\./.test(key));
}
