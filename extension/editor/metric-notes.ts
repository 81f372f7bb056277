import * as vscode from 'vscode';
import { setting } from '../contributes/vscode.ts';
import { type LoggingDocument, loggingOf } from './logging-documents.ts';
import type { SourceFacts, SourceWatch } from './source-watch.ts';

/** A person types; what stands beside the line moves with it meanwhile. */
const PAUSE_MS = 400;

/** A note, and the end of the line that it stands behind. */
interface Note {
  readonly at: vscode.Position;
  readonly text: string;
}

/** Behind each call that logs a metric, what it came to in the last run. */
export class MetricNotes implements vscode.Disposable {
  readonly #watch: SourceWatch;
  readonly #decoration = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
    after: { margin: '0 0 0 2em', color: new vscode.ThemeColor('editorCodeLens.foreground') },
  });
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  constructor(watch: SourceWatch) {
    this.#watch = watch;
    const soon = () => this.#showSoon();
    this.#subscriptions = [
      this.#decoration,
      watch.onDidChange(soon),
      vscode.window.onDidChangeVisibleTextEditors(soon),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.languageId === 'python') soon();
      }),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration('modelthat.editor.inlineMetrics')) soon();
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const part of this.#subscriptions) part.dispose();
  }

  #showSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const editor of vscode.window.visibleTextEditors) void this.#show(editor);
    }, PAUSE_MS);
  }

  async #show(editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    const { version } = document;
    const notes = await notesIn(this.#watch, document);
    // What changed meanwhile is shown after the next pause.
    if (document.version !== version) return;
    editor.setDecorations(
      this.#decoration,
      notes.map(({ at, text }) => ({
        range: new vscode.Range(at, at),
        renderOptions: { after: { contentText: text } },
      })),
    );
  }
}

/** The notes of a document; none where they are switched off. */
async function notesIn(watch: SourceWatch, document: vscode.TextDocument): Promise<Note[]> {
  const found = setting('modelthat.editor.inlineMetrics') ? await loggingOf(document) : undefined;
  const facts = found && watch.factsOf(found.uri);
  if (!facts) return [];
  const { noteOf } = await import('../language/logging/notes.ts');
  return (await loggedIn(document, found, facts)).map(({ logged, range }) => ({
    at: document.lineAt(range.end.line).range.end,
    text: noteOf(logged, facts.goals),
  }));
}

/** The calls of a document that logged something, with their places in it: of a notebook, those of the one cell. */
export async function loggedIn(
  document: vscode.TextDocument,
  { logging, text, offset }: LoggingDocument,
  { results, goals }: SourceFacts,
) {
  const { loggedByCalls } = await import('../language/logging/notes.ts');
  const end = offset + document.getText().length;
  return loggedByCalls(logging, text, results, goals)
    .filter(({ call }) => call.from >= offset && call.to <= end)
    .map(logged => ({
      logged,
      range: new vscode.Range(
        document.positionAt(logged.call.from - offset),
        document.positionAt(logged.call.to - offset),
      ),
    }));
}
