import * as vscode from 'vscode';
import { setting } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import type { Parameter } from '../language/parameters.ts';
import { PROJECT_DOCUMENTS } from './documents.ts';
import { type ReferenceRun, referenceRuns } from './reference-runs.ts';
import type { WorkspaceFiles } from './workspace-files.ts';

/** A person types, and events come many at a time. */
const TYPING_MS = 400;
const EVENTS_MS = 1_500;
/** What a run used may be a whole list. */
const MAX_LENGTH = 40;

/**
 * Behind each parameter, what the best run and the one in Production used, where that is another value. It asks only for
 * files in sight that are parameters of a pipeline, and never starts a daemon.
 */
export class ParameterNotes implements vscode.Disposable {
  readonly #stores: Stores;
  readonly #files: WorkspaceFiles;
  readonly #log: vscode.LogOutputChannel;
  readonly #decoration = vscode.window.createTextEditorDecorationType({
    rangeBehavior: vscode.DecorationRangeBehavior.ClosedOpen,
    after: { margin: '0 0 0 2em', color: new vscode.ThemeColor('editorCodeLens.foreground') },
  });
  /** By the pipeline's file; forgotten when runs or versions change. */
  readonly #references = new Map<string, Promise<ReferenceRun[]>>();
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  #eventTimer: NodeJS.Timeout | undefined;

  constructor(stores: Stores, files: WorkspaceFiles, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#files = files;
    this.#log = log;
    this.#subscriptions = [
      this.#decoration,
      stores.onDidReceive(({ message }) => {
        if (message.type === 'reset' || ['run', 'model', 'pipeline'].includes(message.event.topic))
          this.#forgetSoon();
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#showSoon()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (vscode.languages.match(PROJECT_DOCUMENTS, document) > 0) this.#showSoon();
      }),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration('modelthat.editor.inlineParameters')) this.#showSoon();
      }),
    ];
  }

  dispose(): void {
    clearTimeout(this.#timer);
    clearTimeout(this.#eventTimer);
    for (const part of this.#subscriptions) part.dispose();
  }

  #forgetSoon(): void {
    this.#eventTimer ??= setTimeout(() => {
      this.#eventTimer = undefined;
      this.#references.clear();
      this.#showSoon();
    }, EVENTS_MS);
  }

  #showSoon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const editor of vscode.window.visibleTextEditors) void this.#show(editor);
    }, TYPING_MS);
  }

  async #show(editor: vscode.TextEditor): Promise<void> {
    const { document } = editor;
    if (vscode.languages.match(PROJECT_DOCUMENTS, document) === 0) return;
    const { version } = document;
    try {
      const notes = setting('modelthat.editor.inlineParameters') ? await this.#notesIn(document) : [];
      if (document.version === version) editor.setDecorations(this.#decoration, notes);
    } catch (error) {
      this.#log.warn(`What runs used of ${document.uri.fsPath} could not be read: ${String(error)}`);
    }
  }

  async #notesIn(document: vscode.TextDocument): Promise<vscode.DecorationOptions[]> {
    const connection = this.#stores.of(document.uri);
    if (connection?.state !== 'running') return [];
    const { Project } = await import('../language/project.ts');
    const { fsPath } = document.uri;
    const project = await Project.read(this.#files);
    for (const pipeline of project.pipelines) {
      const source = pipeline.allSources().find(({ file }) => file === fsPath);
      if (!source) continue;
      const references = await this.#referencesOf(pipeline.file, () =>
        referenceRuns(connection, pipeline.file),
      );
      return [...project.parametersIn(source).values()].flatMap(parameter => {
        const contentText = noteOf(parameter, references);
        const { end } = document.lineAt(document.positionAt(parameter.span.end)).range;
        return contentText === ''
          ? []
          : [{ range: new vscode.Range(end, end), renderOptions: { after: { contentText } } }];
      });
    }
    return [];
  }

  #referencesOf(pipeline: string, load: () => Promise<ReferenceRun[]>): Promise<ReferenceRun[]> {
    const known = this.#references.get(pipeline) ?? load();
    this.#references.set(pipeline, known);
    return known;
  }
}

/** `best 0.05 · Production v3: 0.1`, with those alone that differ from what the file says. */
function noteOf({ name, isGroup, value }: Parameter, references: readonly ReferenceRun[]): string {
  if (isGroup) return '';
  const own = typeof value === 'string' ? value : JSON.stringify(value);
  return references
    .flatMap(({ label, params }) => {
      const used = params[name];
      return used === undefined || isSame(used, own) ? [] : [`${label}: ${short(used)}`];
    })
    .join(' · ');
}

/** TOML and Python write numbers in more than one way. */
function isSame(a: string, b: string): boolean {
  return a === b || (a.trim() !== '' && Number(a) === Number(b));
}

function short(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}
