import * as vscode from 'vscode';
import type { Execution, Pipeline } from '../../daemon/contract/pipelines.ts';
import { planOf } from '../daemon/plan.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { staleIn } from '../editor/step-facts.ts';
import { isActive } from './pipeline-rows.ts';

/** Why steps would run again, by their names. */
export type StaleReasons = Readonly<Record<string, string>>;

const NONE: StaleReasons = {};

/** What is shown anew is planned anew after so long at the earliest; nobody is told of files that change. */
const FRESH_MS = 10_000;

/** What took long to plan is planned anew only after so many times as long. */
const PATIENCE = 10;

interface Known {
  readonly reasons: StaleReasons;
  /** From when on it is too old to be shown without asking again. */
  readonly until: number;
}

/**
 * Which steps are stale, by plans that are made behind what is shown: one after the other, and only of pipelines that
 * somebody looks at and that have run.
 */
export class StaleSteps implements vscode.Disposable {
  readonly #known = new Map<string, Known>();
  /** What is to be planned, in this order. */
  readonly #wanted = new Map<string, { connection: StoreConnection; file: string }>();
  readonly #changed = new vscode.EventEmitter<StoreConnection>();
  /** Other steps of a pipeline of this store are stale. */
  readonly onDidChange = this.#changed.event;
  /** When something last happened in a store that may have made steps stale, or not stale any more. */
  readonly #forgotten = new Map<string, number>();
  #planning = false;

  /** What is known of a pipeline's steps, asking behind it when that is too old. */
  of(connection: StoreConnection, { file }: Pipeline, latest: Execution | undefined): StaleReasons {
    if (!latest || isActive(latest) || !vscode.workspace.isTrusted) return NONE;
    const key = keyOf(connection, file);
    const known = this.#known.get(key);
    if (!known || known.until < Date.now()) {
      this.#wanted.set(key, { connection, file });
      void this.#planAll();
    }
    return known?.reasons ?? NONE;
  }

  /** Something happened that may have made steps of a store stale, or not stale any more. */
  forget({ store }: StoreConnection): void {
    this.#forgotten.set(store, Date.now());
    for (const [key, known] of this.#known)
      if (key.startsWith(keyOf({ store }, ''))) this.#known.set(key, { ...known, until: 0 });
  }

  dispose(): void {
    this.#wanted.clear();
    this.#changed.dispose();
  }

  async #planAll(): Promise<void> {
    if (this.#planning) return;
    this.#planning = true;
    for (const [key, { connection, file }] of this.#wanted) {
      this.#wanted.delete(key);
      await this.#plan(key, connection, file);
    }
    this.#planning = false;
  }

  async #plan(key: string, connection: StoreConnection, file: string): Promise<void> {
    const begun = Date.now();
    // Why there is no plan is told where the pipeline is run, or edited.
    const reasons = await planOf(connection, file).then(staleIn, () => NONE);
    const took = Date.now() - begun;
    const before = this.#known.get(key)?.reasons ?? NONE;
    // What happened while it was planned may have come too late for the plan.
    const isOverdue = (this.#forgotten.get(connection.store) ?? 0) >= begun;
    const until = isOverdue ? 0 : Date.now() + Math.max(FRESH_MS, PATIENCE * took);
    this.#known.set(key, { reasons, until });
    if (JSON.stringify(reasons) !== JSON.stringify(before)) this.#changed.fire(connection);
  }
}

function keyOf({ store }: Pick<StoreConnection, 'store'>, file: string): string {
  return `${store}\n${file}`;
}
