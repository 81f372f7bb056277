import * as vscode from 'vscode';
import { getSourceResults, type SourceResults } from '../../daemon/contract/sources.ts';
import { RepeatedWork } from '../daemon/repeated-work.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import type { Goals } from '../language/logging/notes.ts';
import { metricGoals } from '../trees/goals.ts';
import { loggingOf } from './logging-documents.ts';

/** A fast logger tells of changes many times a second. */
const PAUSE_MS = 1_000;

/** What a file's runs came to, and what its project calls better. */
export interface SourceFacts {
  readonly results: SourceResults;
  readonly goals: Goals;
}

/**
 * What is known of the files in sight that log metrics. It asks of no other files, never starts a daemon, and what it tells
 * may be a moment old: nobody waits for it.
 */
export class SourceWatch implements vscode.Disposable {
  readonly #stores: Stores;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Something else is known of one of the files. */
  readonly onDidChange = this.#changed.event;
  readonly #known = new Map<string, SourceFacts>();
  readonly #subscriptions: vscode.Disposable[];
  readonly #look: RepeatedWork;

  constructor(stores: Stores, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#log = log;
    this.#look = new RepeatedWork(() => this.#updateAll());
    this.#subscriptions = [
      stores.onDidReceive(({ message }) => {
        if (message.type === 'reset' || ['run', 'model', 'pipeline'].includes(message.event.topic))
          this.#look.ask(PAUSE_MS);
      }),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#look.ask(PAUSE_MS)),
      vscode.workspace.onDidSaveTextDocument(() => this.#look.ask(PAUSE_MS)),
    ];
  }

  /** What is known of a file; undefined when nothing is yet. */
  factsOf(file: vscode.Uri): SourceFacts | undefined {
    return this.#known.get(file.fsPath);
  }

  dispose(): void {
    for (const part of [this.#look, ...this.#subscriptions, this.#changed]) part.dispose();
  }

  async #updateAll(): Promise<void> {
    try {
      for (const file of await this.#files()) await this.#update(file);
    } catch (error) {
      this.#log.warn(`The files in sight could not be read: ${String(error)}`);
    }
  }

  /** The files in sight that log, where a daemon runs. */
  async #files(): Promise<vscode.Uri[]> {
    const documents = vscode.window.visibleTextEditors.map(({ document }) => loggingOf(document));
    const files = (await Promise.all(documents)).flatMap(found => found?.uri ?? []);
    return [...new Map(files.map(uri => [uri.fsPath, uri])).values()];
  }

  async #update(file: vscode.Uri): Promise<void> {
    const connection = this.#stores.of(file);
    if (connection?.state !== 'running') return;
    try {
      const after = await factsOf(connection, file);
      if (JSON.stringify(after) === JSON.stringify(this.#known.get(file.fsPath))) return;
      this.#known.set(file.fsPath, after);
      this.#changed.fire();
    } catch (error) {
      this.#log.warn(`What ${file.fsPath} logged could not be read: ${String(error)}`);
    }
  }
}

/** What the daemon knows of a file. */
export async function factsOf(connection: StoreConnection, file: vscode.Uri): Promise<SourceFacts> {
  const [results, goals] = await Promise.all([
    connection.call(getSourceResults, { query: { file: file.fsPath } }),
    metricGoals(connection),
  ]);
  return { results, goals };
}
