import path from 'node:path';
import * as vscode from 'vscode';
import type { DaemonState } from '../contributes/names.ts';
import { setContext, setting } from '../contributes/vscode.ts';
import { PIPELINE_PATTERN } from '../editor/documents.ts';
import { findStores } from './find-stores.ts';
import type { Launcher, StreamMessage } from './launcher.ts';
import { StoreConnection } from './store-connection.ts';

/** A message of one of the stores. */
export interface StoreMessage {
  readonly connection: StoreConnection;
  readonly message: StreamMessage;
}

/** The stores of this window, one connection each. */
export class Stores implements vscode.Disposable {
  readonly #launcher: Launcher;
  readonly #log: vscode.LogOutputChannel;
  readonly #connections = new Map<string, StoreConnection>();
  readonly #inUse = new Set<string>();
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #received = new vscode.EventEmitter<StoreMessage>();
  readonly #subscriptions: vscode.Disposable[];
  /** The set of stores, or the state of one, changed. */
  readonly onDidChange = this.#changed.event;
  readonly onDidReceive = this.#received.event;

  constructor(launcher: Launcher, log: vscode.LogOutputChannel) {
    this.#launcher = launcher;
    this.#log = log;
    const files = vscode.workspace.createFileSystemWatcher(PIPELINE_PATTERN, false, true, false);
    const find = () => this.#find();
    this.#subscriptions = [
      files,
      files.onDidCreate(find),
      files.onDidDelete(find),
      vscode.workspace.onDidChangeWorkspaceFolders(find),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#announce()),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration('modelthat.storePath')) find();
      }),
    ];
    this.#find();
  }

  get all(): readonly StoreConnection[] {
    return [...this.#connections.values()];
  }

  /** Starts or attaches all daemons: whoever runs something wants them, also after they were stopped. */
  async startAll(): Promise<void> {
    await Promise.all(this.all.map(connection => connection.start()));
  }

  /** Whether the store exists or has a pipeline, so that its daemon may be started without being asked for. */
  isInUse(connection: StoreConnection): boolean {
    return this.#inUse.has(connection.store);
  }

  /** The store of a file: the one of the innermost project around it. */
  of(file: vscode.Uri): StoreConnection | undefined {
    return this.all
      .filter(connection => isWithin(file.fsPath, connection.workspace))
      .sort((a, b) => b.workspace.length - a.workspace.length)[0];
  }

  /** The first store below a folder: what a terminal in a folder that only holds projects tracks to. */
  within(folder: vscode.Uri): StoreConnection | undefined {
    return this.all.find(connection => isWithin(connection.workspace, folder.fsPath));
  }

  /** The states of all daemons as one: running if any runs. */
  get state(): DaemonState {
    const states = new Set(this.all.map(connection => connection.state));
    const order: DaemonState[] = ['running', 'starting', 'failed', 'stopped'];
    return order.find(state => states.has(state)) ?? 'stopped';
  }

  dispose(): void {
    for (const part of [...this.#subscriptions, ...this.all, this.#changed, this.#received]) part.dispose();
  }

  #find(): void {
    const found = (vscode.workspace.workspaceFolders ?? [])
      .filter(folder => folder.uri.scheme === 'file')
      .flatMap(folder => findStores(folder.uri.fsPath, setting('modelthat.storePath', folder.uri)));
    this.#inUse.clear();
    for (const { store, inUse } of found) {
      if (inUse) this.#inUse.add(store);
      if (!this.#connections.has(store)) this.#add(store);
    }
    this.#removeAllBut(new Set(found.map(({ store }) => store)));
    this.#announce();
  }

  #add(store: string): void {
    const connection = new StoreConnection(store, this.#launcher, this.#log);
    this.#connections.set(store, connection);
    connection.onDidChangeState(() => {
      if (connection.state === 'running') this.#inUse.add(store);
      this.#announce();
    });
    connection.onDidReceive(message => this.#received.fire({ connection, message }));
  }

  #removeAllBut(kept: ReadonlySet<string>): void {
    for (const [store, connection] of this.#connections) {
      if (kept.has(store)) continue;
      connection.dispose();
      this.#connections.delete(store);
    }
  }

  #announce(): void {
    setContext('modelthat.daemon', this.state);
    setContext('modelthat.hasProject', this.#inUse.size > 0);
    this.#changed.fire();
  }
}

function isWithin(file: string, folder: string): boolean {
  const relative = path.relative(folder, file);
  return relative === '' || !(relative.startsWith('..') || path.isAbsolute(relative));
}
