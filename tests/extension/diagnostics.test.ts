import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('problems of a pipeline file', () => {
  it('show at their line while it is typed, and go when they are mended', async () => {
    const [file] = await vscode.workspace.findFiles('modelthat.yaml');
    assert.ok(file);
    const document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
    const { lineCount } = document;
    await insert(document, '  broken:\n    runn: echo\n');
    const problems = await problemsOf(file, found => found.length > 0);
    assert.ok(
      problems.some(({ range }) => range.start.line >= lineCount - 1),
      `none of these is in the added lines: ${problems.map(({ message, range }) => `${range.start.line}: ${message}`).join('; ')}`,
    );
    await vscode.commands.executeCommand('undo');
    await problemsOf(file, found => found.length === 0);
  });

  it('show in its file of parameters, once that is saved', async () => {
    const [file] = await vscode.workspace.findFiles('params.yaml');
    assert.ok(file);
    const document = await vscode.workspace.openTextDocument(file);
    const good = document.getText();
    await insert(document, '\nlr: 0.2\n');
    await document.save();
    const [problem] = await problemsOf(file, found => found.length > 0);
    assert.match(problem?.message ?? '', /the key “lr” is there twice/);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(file, new vscode.Range(0, 0, document.lineCount, 0), good);
    await vscode.workspace.applyEdit(edit);
    await document.save();
    await problemsOf(file, found => found.length === 0);
  });
});

async function insert(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.insert(document.uri, document.lineAt(document.lineCount - 1).range.end, text);
  await vscode.workspace.applyEdit(edit);
}

/** The file's diagnostics, once they are as wanted. */
function problemsOf(
  file: vscode.Uri,
  wanted: (found: readonly vscode.Diagnostic[]) => boolean,
): Promise<readonly vscode.Diagnostic[]> {
  return new Promise(resolve => {
    const look = () => {
      const found = vscode.languages.getDiagnostics(file);
      if (!wanted(found)) return;
      listener.dispose();
      resolve(found);
    };
    const listener = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}
