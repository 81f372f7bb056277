import * as vscode from 'vscode';
import type { Stores } from '../daemon/stores.ts';
import type { Completion } from '../language/completion/item.ts';
import type { Link, Place } from '../language/navigation.ts';
import type { Edit } from '../language/rename.ts';
import type { OutlineEntry } from '../language/symbols.ts';
import type { Span } from '../language/yaml-text.ts';
import { PIPELINE_DOCUMENTS, PROJECT_DOCUMENTS, RENAMING_DOCUMENTS } from './documents.ts';
import { factsOf } from './facts-of-daemon.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

const TRIGGERS = [' ', '{', '.', '/', '[', ','];

const KINDS: Record<Completion['kind'], vscode.CompletionItemKind> = {
  key: vscode.CompletionItemKind.Property,
  step: vscode.CompletionItemKind.Function,
  parameter: vscode.CompletionItemKind.Variable,
  file: vscode.CompletionItemKind.File,
  folder: vscode.CompletionItemKind.Folder,
  model: vscode.CompletionItemKind.Class,
  metric: vscode.CompletionItemKind.Field,
  value: vscode.CompletionItemKind.Value,
};

/**
 * What the editor can do in pipeline files and in their parameters: all of it works on texts alone, in any workspace, and
 * starts nothing. The modules behind it are loaded when they are first wanted.
 */
export class LanguageFeatures implements vscode.Disposable {
  readonly #stores: Stores;
  readonly #log: vscode.LogOutputChannel;
  readonly #files: WorkspaceFiles;
  readonly #subscriptions: vscode.Disposable[];

  constructor(stores: Stores, files: WorkspaceFiles, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#files = files;
    this.#log = log;
    const { languages } = vscode;
    this.#subscriptions = [
      languages.registerCompletionItemProvider(
        PIPELINE_DOCUMENTS,
        { provideCompletionItems: (document, position) => this.#complete(document, position) },
        ...TRIGGERS,
      ),
      languages.registerHoverProvider(PROJECT_DOCUMENTS, {
        provideHover: (document, position) => this.#hover(document, position),
      }),
      languages.registerDefinitionProvider(PROJECT_DOCUMENTS, {
        provideDefinition: (document, position) => this.#define(document, position),
      }),
      languages.registerReferenceProvider(PROJECT_DOCUMENTS, {
        provideReferences: (document, position, { includeDeclaration }) =>
          this.#refer(document, position, includeDeclaration),
      }),
      languages.registerRenameProvider(RENAMING_DOCUMENTS, {
        prepareRename: (document, position) => this.#prepareRename(document, position),
        provideRenameEdits: (document, position, name) => this.#rename(document, position, name),
      }),
      languages.registerDocumentSymbolProvider(PIPELINE_DOCUMENTS, {
        provideDocumentSymbols: document => this.#outline(document),
      }),
      languages.registerDocumentLinkProvider(PIPELINE_DOCUMENTS, {
        provideDocumentLinks: document => this.#link(document),
      }),
      languages.registerCodeActionsProvider(
        PIPELINE_DOCUMENTS,
        { provideCodeActions: (document, _range, { diagnostics }) => this.#fix(document, diagnostics) },
        { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
      ),
    ];
  }

  dispose(): void {
    for (const part of this.#subscriptions) part.dispose();
  }

  #facts(document: vscode.TextDocument) {
    return () => factsOf(this.#stores, document.uri, this.#log);
  }

  async #complete(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const { completionsAt } = await import('../language/completion/complete.ts');
    const found = await completionsAt(
      this.#files,
      this.#facts(document),
      document.uri.fsPath,
      document.offsetAt(position),
    );
    return found.map((completion, rank) => completionItem(document, completion, rank));
  }

  async #hover(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Hover | undefined> {
    const { hoverAt } = await import('../language/hover.ts');
    const { fsPath } = document.uri;
    const found = await hoverAt(this.#files, this.#facts(document), fsPath, document.offsetAt(position));
    return (
      found && new vscode.Hover(new vscode.MarkdownString(found.markdown), rangeIn(document, found.span))
    );
  }

  async #define(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.LocationLink[] | undefined> {
    const { definitionAt } = await import('../language/navigation.ts');
    const found = await definitionAt(this.#files, document.uri.fsPath, document.offsetAt(position));
    if (!found) return undefined;
    const { uri, range } = await this.#locate(found.to);
    return [{ originSelectionRange: rangeIn(document, found.from), targetUri: uri, targetRange: range }];
  }

  async #refer(
    document: vscode.TextDocument,
    position: vscode.Position,
    declaration: boolean,
  ): Promise<vscode.Location[]> {
    const { referencesAt } = await import('../language/navigation.ts');
    const { fsPath } = document.uri;
    const found = await referencesAt(this.#files, fsPath, document.offsetAt(position), { declaration });
    return Promise.all(found.map(place => this.#locate(place)));
  }

  async #prepareRename(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.Range> {
    const { renameableAt } = await import('../language/rename.ts');
    const span = await renameableAt(this.#files, document.uri.fsPath, document.offsetAt(position));
    return rangeIn(document, span);
  }

  async #rename(
    document: vscode.TextDocument,
    position: vscode.Position,
    name: string,
  ): Promise<vscode.WorkspaceEdit> {
    const { renameAt } = await import('../language/rename.ts');
    return this.#editOf(await renameAt(this.#files, document.uri.fsPath, document.offsetAt(position), name));
  }

  async #outline(document: vscode.TextDocument): Promise<vscode.DocumentSymbol[]> {
    const [{ symbolsOf }, { Project }] = await Promise.all([
      import('../language/symbols.ts'),
      import('../language/project.ts'),
    ]);
    const { fsPath } = document.uri;
    const pipeline = (await Project.read(this.#files, fsPath)).pipeline(fsPath);
    return pipeline ? symbolsOf(pipeline).map(symbol => documentSymbol(document, symbol)) : [];
  }

  async #link(document: vscode.TextDocument): Promise<vscode.DocumentLink[]> {
    const { linksIn } = await import('../language/navigation.ts');
    const links: Link[] = await linksIn(this.#files, document.uri.fsPath);
    return links.map(
      ({ from, to }) => new vscode.DocumentLink(rangeIn(document, from), vscode.Uri.file(to.file)),
    );
  }

  async #fix(
    document: vscode.TextDocument,
    diagnostics: readonly vscode.Diagnostic[],
  ): Promise<vscode.CodeAction[]> {
    const { fixesFor } = await import('../language/fixes.ts');
    const actions = diagnostics.map(async diagnostic => {
      const { range, message } = diagnostic;
      const span = { start: document.offsetAt(range.start), end: document.offsetAt(range.end) };
      const fixes = await fixesFor(this.#files, document.uri.fsPath, { span, message });
      return Promise.all(
        fixes.map(async ({ title, edits, isPreferred }) => {
          const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
          return Object.assign(action, {
            edit: await this.#editOf(edits),
            diagnostics: [diagnostic],
            isPreferred,
          });
        }),
      );
    });
    return (await Promise.all(actions)).flat();
  }

  async #locate({ file, span }: Place): Promise<vscode.Location> {
    const range = span ? await this.#files.rangeOf(file, span) : new vscode.Range(0, 0, 0, 0);
    return new vscode.Location(vscode.Uri.file(file), range);
  }

  async #editOf(edits: readonly Edit[]): Promise<vscode.WorkspaceEdit> {
    const whole = new vscode.WorkspaceEdit();
    for (const { file, span, text } of edits) {
      const uri = vscode.Uri.file(file);
      if (!(await this.#files.stat(file))) whole.createFile(uri, { ignoreIfExists: true });
      whole.replace(uri, await this.#files.rangeOf(file, span), text);
    }
    return whole;
  }
}

function rangeIn(document: vscode.TextDocument, { start, end }: Span): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}

function completionItem(
  document: vscode.TextDocument,
  { label, kind, detail, documentation, insert, isSnippet, span, goesOn }: Completion,
  rank: number,
): vscode.CompletionItem {
  const item = new vscode.CompletionItem({ label, ...(detail && { description: detail }) }, KINDS[kind]);
  item.insertText = isSnippet ? new vscode.SnippetString(insert) : insert;
  item.range = rangeIn(document, span);
  item.sortText = String(rank).padStart(5, '0');
  if (documentation) item.documentation = new vscode.MarkdownString(documentation);
  if (goesOn) item.command = { command: 'editor.action.triggerSuggest', title: 'Suggest' };
  return item;
}

function documentSymbol(document: vscode.TextDocument, symbol: OutlineEntry): vscode.DocumentSymbol {
  const { name, detail, kind, span, nameSpan, children } = symbol;
  const shown = new vscode.DocumentSymbol(
    name,
    detail,
    kind === 'step' ? vscode.SymbolKind.Function : vscode.SymbolKind.Property,
    rangeIn(document, span),
    rangeIn(document, nameSpan),
  );
  shown.children = children.map(child => documentSymbol(document, child));
  return shown;
}
