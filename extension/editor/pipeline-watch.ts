import * as vscode from 'vscode';
import { listExecutions, type Plan } from '../../daemon/contract/pipelines.ts';
import { planOf } from '../daemon/plan.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { PIPELINE_DOCUMENTS } from './documents.ts';
import type { PipelineFacts } from './step-facts.ts';

/** Events come many at a time, and a plan reads files. */
const DEBOUNCE_MS = 800;
/** Steps are looked for in so many executions. */
const EXECUTIONS = 10;

/**
 * What is known of the pipelines whose files are in sight. It never starts a daemon, and what it tells may be a moment
 * old: nobody waits for it.
 */
export class PipelineWatch implements vscode.Disposable {
  readonly #stores: Stores;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Something else is known of one of the files. */
  readonly onDidChange = this.#changed.event;
  readonly #known = new Map<string, PipelineFacts>();
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;
  /** Whether plans are to be made anew. */
  #planAgain = true;

  constructor(stores: Stores, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#log = log;
    this.#subscriptions = [
      stores.onDidReceive(({ message }) => {
        if (message.type === 'reset') return this.#lookSoon(true);
        const { topic } = message.event;
        if (topic === 'step') this.#lookSoon(false);
        else if (topic === 'execution' || topic === 'pipeline') this.#lookSoon(true);
      }),
      vscode.workspace.onDidSaveTextDocument(() => this.#lookSoon(true)),
      vscode.window.onDidChangeVisibleTextEditors(() => this.#lookSoon(true)),
    ];
  }

  /** What is known of a file; undefined when nothing is yet. */
  factsOf(file: vscode.Uri): PipelineFacts | undefined {
    return this.#known.get(file.fsPath);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const part of [...this.#subscriptions, this.#changed]) part.dispose();
  }

  #lookSoon(plan: boolean): void {
    this.#planAgain ||= plan;
    if (this.#files().length === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), DEBOUNCE_MS);
  }

  #files(): { file: string; connection: StoreConnection }[] {
    return vscode.window.visibleTextEditors
      .map(({ document }) => document)
      .filter(document => vscode.languages.match(PIPELINE_DOCUMENTS, document) > 0)
      .flatMap(({ uri }) => {
        const connection = this.#stores.of(uri);
        return connection?.state === 'running' ? [{ file: uri.fsPath, connection }] : [];
      });
  }

  async #look(): Promise<void> {
    const plan = this.#planAgain;
    this.#planAgain = false;
    for (const { file, connection } of this.#files()) {
      const before = this.#known.get(file);
      const after = await this.#load(connection, file, plan || !before ? undefined : before.plan).catch(
        error => {
          this.#log.warn(`What is known of ${file} could not be read: ${String(error)}`);
          return before;
        },
      );
      if (!after || JSON.stringify(after) === JSON.stringify(before)) continue;
      this.#known.set(file, after);
      this.#changed.fire();
    }
  }

  /** @param plan the one that still holds; undefined when another is to be made */
  async #load(
    connection: StoreConnection,
    file: string,
    plan: Plan | null | undefined,
  ): Promise<PipelineFacts> {
    const { items } = await connection.call(listExecutions, { query: { file, limit: EXECUTIONS } });
    if (plan !== undefined) return { executions: items, plan };
    // A definition with problems has no plan: they are shown where they are.
    const made = await planOf(connection, file).catch(() => null);
    return { executions: items, plan: made };
  }
}
