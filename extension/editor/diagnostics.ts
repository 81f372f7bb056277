import * as vscode from 'vscode';
import { checkPipeline, type Diagnostic } from '../../daemon/contract/pipelines.ts';
import type { Stores } from '../daemon/stores.ts';
import { PIPELINE_DOCUMENTS } from './documents.ts';

const DEBOUNCE_MS = 300;
const SEVERITY = {
  error: vscode.DiagnosticSeverity.Error,
  warning: vscode.DiagnosticSeverity.Warning,
} as const;

/** Shows the problems of a pipeline file as it is typed. Only in a trusted workspace: checking needs the daemon. */
export class PipelineDiagnostics implements vscode.Disposable {
  readonly #stores: Stores;
  readonly #log: vscode.LogOutputChannel;
  readonly #shown = vscode.languages.createDiagnosticCollection('modelthat');
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #subscriptions: vscode.Disposable[];

  constructor(stores: Stores, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#log = log;
    this.#subscriptions = [
      this.#shown,
      vscode.workspace.onDidOpenTextDocument(document => this.#checkSoon(document)),
      vscode.workspace.onDidChangeTextDocument(({ document }) => this.#checkSoon(document)),
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
    const { version } = document;
    const body = { file: document.uri.fsPath, text: document.getText() };
    const { problems } = await connection.call(checkPipeline, { body });
    // What was typed meanwhile has a check of its own on the way.
    if (document.version !== version || document.isClosed) return;
    const own = problems.filter(problem => problem.file === document.uri.fsPath);
    this.#shown.set(
      document.uri,
      own.map(problem => shown(problem, document)),
    );
  }

  #forget(document: vscode.TextDocument): void {
    const key = document.uri.toString();
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#shown.delete(document.uri);
  }
}

function shown(problem: Diagnostic, document: vscode.TextDocument): vscode.Diagnostic {
  const start = new vscode.Position(problem.line - 1, problem.column - 1);
  const known = problem.endLine !== undefined && problem.endColumn !== undefined;
  const end = known
    ? new vscode.Position((problem.endLine ?? 1) - 1, (problem.endColumn ?? 1) - 1)
    : (document.getWordRangeAtPosition(start)?.end ?? document.lineAt(start.line).range.end);
  const message = problem.remedy ? `${problem.message}\n${problem.remedy}` : problem.message;
  const diagnostic = new vscode.Diagnostic(new vscode.Range(start, end), message, SEVERITY[problem.severity]);
  diagnostic.source = 'modelthat';
  return diagnostic;
}
