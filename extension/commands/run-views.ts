/** Views of run tables that are kept by name in the workspace, in a file that can be shared. */
import * as vscode from 'vscode';
import * as z from 'zod';
import { RunTableView } from '../../daemon/contract/run-table-messages.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** Below the workspace. */
const VIEWS_FILE = ['.vscode', 'modelthat.views.json'] as const;

const SavedViews = z.object({ runs: z.record(z.string(), RunTableView) });
type SavedViews = z.infer<typeof SavedViews>;

interface Choice extends vscode.QuickPickItem {
  act(): Promise<RunTableView | undefined>;
}

/**
 * Lets a person choose a saved view, or save the present one.
 *
 * @returns the chosen one
 * @throws Error when the file with the views is not understood
 */
export async function chooseView(
  connection: StoreConnection,
  current: RunTableView,
): Promise<RunTableView | undefined> {
  const file = vscode.Uri.joinPath(vscode.Uri.file(connection.workspace), ...VIEWS_FILE);
  const saved = await readViews(file);
  const separator = { label: '', kind: vscode.QuickPickItemKind.Separator, act: async () => undefined };
  const choices: Choice[] = [
    ...Object.entries(saved.runs).map(([name, view]) => ({
      label: name,
      description: view.filter,
      act: async () => view,
    })),
    separator,
    { label: '$(save) Save This View…', act: () => saveView(file, saved, current) },
    ...(Object.keys(saved.runs).length > 0
      ? [{ label: '$(trash) Delete Views…', act: () => deleteViews(file, saved) }]
      : []),
    { label: '$(clear-all) Reset View', act: async () => RunTableView.parse({}) },
  ];
  return (await vscode.window.showQuickPick(choices, { title: 'Views of Run Tables' }))?.act();
}

async function saveView(file: vscode.Uri, saved: SavedViews, view: RunTableView): Promise<undefined> {
  const name = await vscode.window.showInputBox({
    title: 'Save View',
    prompt: `Its name in ${VIEWS_FILE.join('/')}; one of the same name is replaced`,
    validateInput: text => (text.trim() ? undefined : 'A view needs a name.'),
  });
  if (!name) return;
  // What is open at the moment is not part of how one looks at runs.
  await writeViews(file, { runs: { ...saved.runs, [name.trim()]: { ...view, opened: [] } } });
}

async function deleteViews(file: vscode.Uri, saved: SavedViews): Promise<undefined> {
  const names = Object.keys(saved.runs);
  const chosen = await vscode.window.showQuickPick(names, { title: 'Delete Views', canPickMany: true });
  if (!chosen || chosen.length === 0) return;
  const kept = Object.entries(saved.runs).filter(([name]) => !chosen.includes(name));
  await writeViews(file, { runs: Object.fromEntries(kept) });
}

async function readViews(file: vscode.Uri): Promise<SavedViews> {
  const bytes = await vscode.workspace.fs.readFile(file).then(
    found => found,
    () => undefined,
  );
  if (!bytes) return { runs: {} };
  try {
    return SavedViews.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new Error(`${VIEWS_FILE.join('/')} is not understood: ${why}`);
  }
}

async function writeViews(file: vscode.Uri, views: SavedViews): Promise<void> {
  await vscode.workspace.fs.writeFile(file, new TextEncoder().encode(`${JSON.stringify(views, null, 2)}\n`));
}
