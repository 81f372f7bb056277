import * as vscode from 'vscode';
import type { CommandId } from '../contributes/commands.ts';
import type { Subject, SubjectOf } from './subject.ts';
import type { TreeNode } from './tree.ts';

/** The editor's own type for what is dragged within the view. */
const TYPE = 'application/vnd.code.tree.modelthat.models';
const PROMOTE: CommandId = 'modelthat.models.promote';

/** A version that is dragged to a stage of its model is promoted there, with the same questions. */
export class VersionDrag implements vscode.TreeDragAndDropController<TreeNode> {
  readonly dragMimeTypes = [];
  readonly dropMimeTypes = [TYPE];

  handleDrag(nodes: readonly TreeNode[], data: vscode.DataTransfer): void {
    const version = nodes.find(({ subject }) => subject.type === 'version');
    if (version) data.set(TYPE, new vscode.DataTransferItem(version));
  }

  async handleDrop(target: TreeNode | undefined, data: vscode.DataTransfer): Promise<void> {
    const dragged = data.get(TYPE)?.value as TreeNode | undefined;
    if (dragged?.subject.type !== 'version' || !target) return;
    const stage = stageAt(target.subject, dragged.subject);
    if (stage) await vscode.commands.executeCommand(PROMOTE, { subject: dragged.subject, stage });
  }
}

/** The stage that a place in the tree belongs to; undefined where a version cannot go, or already is. */
function stageAt(target: Subject, { connection, version }: SubjectOf<'version'>) {
  if (target.connection !== connection) return undefined;
  const place =
    target.type === 'stage'
      ? { model: target.model, stage: target.stage }
      : target.type === 'version'
        ? { model: target.version.name, stage: target.version.stage }
        : undefined;
  return place?.model === version.name && place.stage !== version.stage ? place.stage : undefined;
}
