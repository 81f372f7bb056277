import path from 'node:path';
import * as vscode from 'vscode';
import { checkPipeline, type Diagnostic } from '../../daemon/contract/pipelines.ts';
import type { Stores } from '../daemon/stores.ts';
import { PIPELINE_DOCUMENTS } from './documents.ts';

const DEBOUNCE_MS = 300;
const SEVERITY = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
} as const;

/**
 * Shows the problems of open pipeline files as they are typed, also those in their files of parameters. Only in a trusted
 * workspace: checking needs the daemon.
 */
export class PipelineDiagnostics implements vscode.Disposable {
  readonly #stores: Stores;
  readonly #log: vscode.LogOutputChannel;
  readonly #shown = vscode.languages.createDiagnosticCollection('modelthat');
  /** What was found, by the pipeline's document. */
  readonly #found = new Map<string, readonly Diagnostic[]>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(stores: Stores, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#log = log;
    this.#subscriptions = [
      this.#shown,
      vscode.workspace.onDidOpenTextDocument(document => this.#checkSoon(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#checkSoon(document)),
      // What a pipeline refers to may be there now.
      vscode.workspace.onDidSaveTextDocument(() => this.#checkAll()),
      stores.onDidChange(() => this.#checkAll()),
      vscode.workspace.onDidCloseTextDocument(document => this.#forget(document)),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#checkAll()),
    ];
    this.#checkAll();
  }

  dispose(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const part of this.#subscriptions) part.dispose();
  }

  #checkAll(): void {
    for (const document of vscode.workspace.textDocuments) this.#checkSoon(document);
  }

  #checkSoon(document: vscode.TextDocument): void {
    if (!vscode.workspace.isTrusted || vscode.languages.match(PIPELINE_DOCUMENTS, document) === 0) return;
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.set(
      key,
      setTimeout(() => {
        this.#check(document).catch(error => this.#log.warn(String(error)));
      }, DEBOUNCE_MS),
    );
  }

  async #check(document: vscode.TextDocument): Promise<void> {
    const connection = this.#stores.of(document.uri);
    if (!connection || connection.stoppedByHand) return;
    // Who looks at the pipeline of another tool has not asked for a store.
    if (!isOurs(document) && connection.state !== 'running') return;
    const { version } = document;
    const body = { file: document.uri.fsPath, text: document.getText() };
    const { problems } = await connection.call(checkPipeline, { body });
    // What was typed meanwhile has a check of its own on the way.
    if (document.version !== version || document.isClosed) return;
    this.#found.set(document.uri.toString(), problems);
    this.#show();
  }

  #forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    if (this.#found.delete(key)) this.#show();
  }

  #show(): void {
    const byFile = Map.groupBy([...this.#found.values()].flat(), problem => problem.file);
    for (const [uri] of this.#shown) if (!byFile.has(uri.fsPath)) this.#shown.delete(uri);
    for (const [file, problems] of byFile) {
      // Several pipelines may read the same parameters.
      const different = new Map(problems.map(problem => [JSON.stringify(problem), problem]));
      this.#shown.set(vscode.Uri.file(file), [...different.values()].map(shown));
    }
  }
}

function isOurs(document: vscode.TextDocument): boolean {
  return path.basename(document.uri.fsPath).startsWith('modelthat.');
}

function shown(problem: Diagnostic): vscode.Diagnostic {
  const { line, column, endLine = line, endColumn = column, severity, message, remedy } = problem;
  const range = new vscode.Range(line - 1, column - 1, endLine - 1, endColumn - 1);
  const diagnostic = new vscode.Diagnostic(
    range,
    remedy ? `${message}\n${remedy}` : message,
    SEVERITY[severity],
  );
  diagnostic.source = 'modelthat';
  return diagnostic;
}
