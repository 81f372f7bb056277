import * as vscode from 'vscode';
import type { ColumnAction } from '../../daemon/contract/run-table-messages.ts';

const LABELS: Readonly<Record<ColumnAction, string>> = {
  ascending: '$(arrow-up) Sort Ascending',
  descending: '$(arrow-down) Sort Descending',
  equal: '$(filter) Only',
  unequal: '$(filter) All but',
  atMost: '$(filter) At Most',
  atLeast: '$(filter) At Least',
  group: '$(list-tree) Group by This Column',
  ungroup: '$(list-flat) No Groups',
  pin: '$(pin) Pin Column',
  unpin: '$(pinned) Unpin Column',
  colour: '$(symbol-color) Colour by Value',
  hide: '$(eye-closed) Hide Column',
};

/** Asks what to do with a column. @param value of the cell, for the actions that filter by it */
export async function askColumnAction(
  title: string,
  actions: readonly ColumnAction[],
  value: string | null,
): Promise<ColumnAction | undefined> {
  const items = actions.map(action => ({
    label: LABELS[action],
    ...(LABELS[action].startsWith('$(filter)') && { description: value ?? '' }),
    action,
  }));
  return (await vscode.window.showQuickPick(items, { title }))?.action;
}
