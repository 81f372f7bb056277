import fs from 'node:fs';
import * as vscode from 'vscode';
import { announceClient } from '../../daemon/contract/about.ts';
import { setting } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { ownVariable, trackingVariables } from './tracking-variables.ts';

/**
 * Points new terminals at the daemon, so that what a script in them logs is tracked with no change to it.
 *
 * The variables are set once, at activation, from the port and the token that the store keeps: a later change would ask
 * the person to relaunch terminals. A store that is still to be made gets them at its daemon's first start.
 */
export class Terminals implements vscode.Disposable {
  readonly #environment: vscode.GlobalEnvironmentVariableCollection;
  readonly #stores: Stores;
  readonly #python: string;
  readonly #log: vscode.LogOutputChannel;
  readonly #subscriptions: vscode.Disposable[];
  /** Stores whose variables terminals have, and those whose daemon was told so. */
  readonly #given = new Set<string>();
  readonly #announced = new Set<string>();

  /** @param python the folder with the Python package, by which runs tell which lines of code logged them */
  constructor(
    environment: vscode.GlobalEnvironmentVariableCollection,
    stores: Stores,
    python: string,
    log: vscode.LogOutputChannel,
  ) {
    this.#environment = environment;
    this.#stores = stores;
    this.#python = python;
    this.#log = log;
    environment.persistent = false;
    environment.description = 'Tracks training scripts with modelthat';
    this.#giveAll();
    this.#subscriptions = [
      stores.onDidChange(() => this.#giveAll()),
      vscode.window.onDidOpenTerminal(() => this.#startDaemons()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#giveAll()),
      vscode.workspace.onDidChangeConfiguration(change => {
        if (change.affectsConfiguration('modelthat.terminals.track')) this.#reset();
      }),
    ];
    if (vscode.window.terminals.length > 0) this.#startDaemons();
  }

  dispose(): void {
    for (const part of this.#subscriptions) part.dispose();
  }

  #reset(): void {
    for (const folder of vscode.workspace.workspaceFolders ?? [])
      this.#environment.getScoped({ workspaceFolder: folder }).clear();
    this.#given.clear();
    this.#giveAll();
  }

  #giveAll(): void {
    if (!vscode.workspace.isTrusted || !setting('modelthat.terminals.track')) return;
    const own = ownVariable('MLFLOW_TRACKING_URI');
    if (own !== undefined) {
      this.#log.info(`Terminals keep their own MLFLOW_TRACKING_URI (${own}); their runs do not appear here`);
      return;
    }
    for (const folder of vscode.workspace.workspaceFolders ?? []) this.#give(folder);
    for (const connection of this.#stores.all) void this.#announce(connection);
  }

  #give(folder: vscode.WorkspaceFolder): void {
    const connection = this.#stores.of(folder.uri) ?? this.#stores.within(folder.uri);
    if (!connection || this.#given.has(folder.uri.fsPath)) return;
    try {
      const wanted = trackingVariables(connection, this.#python);
      if (!wanted) return;
      const variables = this.#environment.getScoped({ workspaceFolder: folder });
      for (const [name, value] of Object.entries(wanted)) variables.replace(name, value);
      this.#given.add(folder.uri.fsPath);
    } catch (error) {
      this.#log.error(error instanceof Error ? error : String(error));
    }
  }

  /** A script in the terminal will want the daemon. */
  #startDaemons(): void {
    if (this.#given.size === 0 || !vscode.workspace.isTrusted) return;
    for (const connection of this.#stores.all) {
      if (!fs.existsSync(connection.store) || connection.stoppedByHand) continue;
      connection.connect().catch(() => {});
    }
  }

  /** A daemon whose variables terminals have must not stop for idleness. */
  async #announce(connection: StoreConnection): Promise<void> {
    if (connection.state !== 'running') {
      this.#announced.delete(connection.store);
      return;
    }
    if (this.#given.size === 0 || this.#announced.has(connection.store)) return;
    this.#announced.add(connection.store);
    const body = { client: vscode.env.sessionId, terminals: true };
    await connection.call(announceClient, { body }).catch(error => this.#log.warn(String(error)));
  }
}
