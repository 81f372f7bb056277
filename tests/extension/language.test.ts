// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the texts of pipelines have templates
import assert from 'node:assert/strict';
import * as vscode from 'vscode';

describe('language features of a pipeline file', () => {
  let document: vscode.TextDocument;
  before(async () => {
    const [file] = await vscode.workspace.findFiles('modelthat.yaml');
    assert.ok(file);
    document = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(document);
  });

  /** The place of a text in the document. */
  const at = (text: string) => {
    const offset = document.getText().indexOf(text);
    assert.ok(offset >= 0, text);
    return document.positionAt(offset);
  };
  const ask = <T>(command: string, ...args: unknown[]) =>
    vscode.commands.executeCommand<T>(`vscode.execute${command}`, document.uri, ...args);
  const shown = ({ uri, range }: vscode.Location) =>
    `${vscode.workspace.asRelativePath(uri)}:${range.start.line + 1}`;

  it('complete the names of steps in a text that is not saved', async () => {
    const end = document.lineAt(document.lineCount - 1).range.end;
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, end, '  check:\n    after: [');
    await vscode.workspace.applyEdit(edit);
    const last = document.lineAt(document.lineCount - 1).range.end;
    const { items } = await ask<vscode.CompletionList>('CompletionItemProvider', last);
    await vscode.commands.executeCommand('undo');
    const names = items.filter(({ kind }) => kind === vscode.CompletionItemKind.Function);
    assert.deepEqual(
      names.map(({ label }) => (typeof label === 'string' ? label : label.label)),
      ['prepare', 'train'],
    );
  });

  it('show a parameter’s value and explain a key', async () => {
    const hoverAt = async (text: string) => {
      const hovers = await ask<vscode.Hover[]>('HoverProvider', at(text));
      return hovers.flatMap(({ contents }) =>
        contents.map(each => (typeof each === 'string' ? each : each.value)),
      );
    };
    assert.match((await hoverAt('lr}')).join('\n'), /lr: 0\.1[\s\S]*Set in params\\\.yaml, line 1/);
    assert.match((await hoverAt('after')).join('\n'), /Steps that must have succeeded first/);
  });

  it('go to the definition of a step and of a parameter', async () => {
    const define = async (text: string) => {
      const [found] = await ask<vscode.LocationLink[]>('DefinitionProvider', at(text));
      assert.ok(found);
      return shown(new vscode.Location(found.targetUri, found.targetRange));
    };
    assert.equal(await define('prepare]'), 'modelthat.yaml:5');
    assert.equal(await define('lr}'), 'params.yaml:1');
  });

  it('find the references to a parameter from its own file', async () => {
    const file = vscode.Uri.joinPath(document.uri, '../params.yaml');
    const found = await vscode.commands.executeCommand<vscode.Location[]>(
      'vscode.executeReferenceProvider',
      file,
      new vscode.Position(0, 0),
    );
    assert.deepEqual(found.map(shown).sort(), ['modelthat.yaml:8', 'params.yaml:1']);
  });

  it('rename a parameter in all files, and refuse what is no name', async () => {
    const rename = (name: string) =>
      vscode.commands.executeCommand<vscode.WorkspaceEdit>(
        'vscode.executeDocumentRenameProvider',
        document.uri,
        at('lr}'),
        name,
      );
    const edit = await rename('rate');
    assert.deepEqual(
      edit
        .entries()
        .map(([uri, edits]) => [vscode.workspace.asRelativePath(uri), edits.map(({ newText }) => newText)]),
      [
        ['modelthat.yaml', ['rate']],
        ['params.yaml', ['rate']],
      ],
    );
    await assert.rejects(
      async () => rename('learning rate'),
      /“learning rate” is not a name for a parameter/,
    );
  });

  it('outline the steps', async () => {
    const symbols = await ask<vscode.DocumentSymbol[]>('DocumentSymbolProvider');
    const steps = symbols.find(({ name }) => name === 'steps');
    assert.deepEqual(
      steps?.children.map(({ name, detail }) => [name, detail]),
      [
        ['prepare', 'echo preparing'],
        ['train', 'echo training with ${lr}'],
      ],
    );
  });

  it('link to the file of parameters', async () => {
    const links = await ask<vscode.DocumentLink[]>('LinkProvider');
    assert.deepEqual(
      links.map(({ target }) => target && vscode.workspace.asRelativePath(target)),
      ['params.yaml'],
    );
  });

  it('mend a misspelt key', async () => {
    const edit = new vscode.WorkspaceEdit();
    const start = at('run: echo preparing');
    edit.replace(document.uri, new vscode.Range(start, start.translate(0, 'run'.length)), 'runn');
    await vscode.workspace.applyEdit(edit);
    await problem(document.uri, /unknown key “runn”/);
    const range = new vscode.Range(start, start.translate(0, 'runn'.length));
    const actions = await ask<vscode.CodeAction[]>('CodeActionProvider', range);
    const fix = actions.find(({ title }) => title === 'Change to “run”');
    assert.ok(fix?.edit, actions.map(({ title }) => title).join(', '));
    await vscode.workspace.applyEdit(fix.edit);
    assert.equal(document.lineAt(start.line).text, '    run: echo preparing');
  });

  it('serve a dvc.yaml, too', async () => {
    const file = vscode.Uri.joinPath(document.uri, '../stages/dvc.yaml');
    await vscode.workspace.fs.writeFile(file, Buffer.from('stages:\n  a:\n    cmdd: echo\n'));
    const stages = await vscode.workspace.openTextDocument(file);
    await vscode.window.showTextDocument(stages);
    await problem(file, /unknown key “cmdd”/);
    const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      file,
      new vscode.Position(2, 4),
    );
    assert.ok(items.some(({ label }) => typeof label === 'object' && label.label === 'always_changed'));
  });
});

/** Waits until a file has a problem. */
function problem(file: vscode.Uri, message: RegExp): Promise<void> {
  return new Promise(resolve => {
    const look = () => {
      if (!vscode.languages.getDiagnostics(file).some(found => message.test(found.message))) return;
      listener.dispose();
      resolve();
    };
    const listener = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}
