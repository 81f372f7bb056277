import { stripVTControlCharacters } from 'node:util';
import * as vscode from 'vscode';
import { getStepLog } from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

const SCHEME = 'modelthat-log';
const FOLLOW_MS = 500;
/** More of a log than this, in characters, is not kept in an editor: its end is what is looked at. */
const SHOWN_CHARACTERS = 2_000_000;

interface Log {
  readonly connection: StoreConnection;
  readonly executionId: string;
  readonly step: string;
  text: string;
  nextOffset: number;
  complete: boolean;
}

/** Step logs as read-only documents that grow while the step runs. */
export class StepLogs implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #logs = new Map<string, Log>();
  readonly #subscriptions: vscode.Disposable[];

  constructor() {
    this.#subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(document => this.#logs.delete(document.uri.toString())),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === SCHEME) showEnd(document);
      }),
    ];
  }

  /** Opens a step's log at its end and follows it. */
  async open(connection: StoreConnection, executionId: string, step: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${step}.log`, query: executionId });
    const key = uri.toString();
    if (!this.#logs.has(key)) {
      const log: Log = { connection, executionId, step, text: '', nextOffset: 0, complete: false };
      this.#logs.set(key, log);
      await readOn(log);
      void this.#follow(uri, log);
    }
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, 'log');
    await vscode.window.showTextDocument(document, { preview: true });
    showEnd(document);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return (
      this.#logs.get(uri.toString())?.text ?? 'This log is no longer followed; open it again from the step.'
    );
  }

  dispose(): void {
    this.#logs.clear();
    for (const part of [...this.#subscriptions, this.#changed]) part.dispose();
  }

  async #follow(uri: vscode.Uri, log: Log): Promise<void> {
    while (!log.complete && this.#logs.get(uri.toString()) === log) {
      await new Promise(resolve => setTimeout(resolve, FOLLOW_MS));
      // A daemon that restarts is asked again.
      const grew = await readOn(log).catch(() => false);
      if (grew) this.#changed.fire(uri);
    }
  }
}

/** Reads what the log has more. @returns whether it had */
async function readOn(log: Log): Promise<boolean> {
  const before = log.nextOffset;
  const params = { executionId: log.executionId, step: log.step };
  for (let last = -1; last !== log.nextOffset && !log.complete; ) {
    last = log.nextOffset;
    const part = await log.connection.call(getStepLog, { params, query: { offset: log.nextOffset } });
    const text = log.text + stripVTControlCharacters(part.text).replaceAll(/[^\n]*\r(?!\n)/g, '');
    log.text =
      text.length > SHOWN_CHARACTERS
        ? `… earlier output is left out\n${text.slice(-SHOWN_CHARACTERS)}`
        : text;
    log.nextOffset = part.nextOffset;
    log.complete = part.complete;
  }
  return log.nextOffset > before;
}

/** Keeps the end in sight of whoever looks at the end. */
function showEnd(document: vscode.TextDocument): void {
  const end = document.lineAt(document.lineCount - 1).range.end;
  for (const editor of vscode.window.visibleTextEditors) {
    if (editor.document === document) editor.revealRange(new vscode.Range(end, end));
  }
}
