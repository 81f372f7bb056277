/** Putting the code that an execution ran into a folder of its own, away from the user's work tree. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ApiError } from '../../contract/errors.ts';
import { executionName } from '../../contract/pipelines.ts';
import type { WorkspaceFiles } from '../inputs/files.ts';
import type { ExecutionRecord } from '../model.ts';
import { GitTree } from './git.ts';

/** What a checkout works with. */
export interface CheckoutParts {
  /** The cache, where there is no git. */
  readonly files: Pick<WorkspaceFiles, 'has' | 'restore'>;
  /** Real path of the workspace. */
  readonly workspace: string;
}

/**
 * Puts the recorded code into a folder, which is made: a repository of its own, at the recorded commit and with what the
 * work tree had beyond it, or the archive of the sources.
 *
 * @returns the folder that it is a copy of: the root of the user's work tree, or the workspace
 * @throws ApiError DATA_LOSS when it was not recorded, or is gone
 */
export async function checkOut(
  execution: ExecutionRecord,
  folder: string,
  { files, workspace }: CheckoutParts,
): Promise<string> {
  const { code } = execution;
  const name = executionName(execution);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (code?.archive) {
    const content = { kind: 'folder', digest: code.archive, size: 0, executable: false } as const;
    if (!(await files.has([content])))
      throw gone(`The code of ${name} (${code.archive.slice(0, 10)}) is not in the cache any more.`);
    await files.restore([{ place: folder, content }]);
    return workspace;
  }
  if (!code?.ref)
    throw gone(`The code of ${name} was not recorded. ${code?.remarks.join('; ') ?? ''}`.trim());
  const tree = await GitTree.of(execution.definition.folder);
  const recorded = await tree
    ?.text(['rev-parse', '--verify', '--quiet', `${code.ref}^{commit}`])
    .catch(() => undefined);
  if (!tree || recorded === undefined)
    throw gone(`The code of ${name} is not in the repository any more: there is no ${code.ref}.`);
  await copyTree(tree, { recorded, head: code.commit }, folder);
  return tree.root;
}

/**
 * A repository that borrows the objects of another: nothing is written to that one.
 *
 * @param commits.recorded the commit whose files it is to have
 * @param commits.head the commit that is to be checked out; null before the first
 */
async function copyTree(
  tree: GitTree,
  { recorded, head }: { recorded: string; head: string | null },
  folder: string,
): Promise<void> {
  const objects = path.resolve(tree.root, await tree.text(['rev-parse', '--git-path', 'objects']));
  const format = await tree.text(['rev-parse', '--show-object-format']);
  await tree.text(['init', '--quiet', '--template=', `--object-format=${format}`, folder]);
  const info = path.join(folder, '.git', 'objects', 'info');
  mkdirSync(info, { recursive: true });
  writeFileSync(path.join(info, 'alternates'), `${objects}\n`);
  const copy = await GitTree.of(folder);
  if (!copy) throw new Error(`git does not find the repository that it made in ${folder}`);
  await copy.text(['read-tree', recorded]);
  await copy.text(['checkout-index', '--all', '--force', '--quiet']);
  if (head === null) await copy.text(['read-tree', '--empty']);
  else {
    await copy.text(['update-ref', '--no-deref', 'HEAD', head]);
    await copy.text(['read-tree', head]);
  }
}

function gone(message: string): ApiError {
  return new ApiError('DATA_LOSS', message);
}
