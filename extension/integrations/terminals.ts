import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { openPlace } from '../../daemon/client/store.ts';
import { mlflowVariables } from '../../daemon/client/variables.ts';
import { announceClient } from '../../daemon/contract/about.ts';
import { setting } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';

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
    if (!connection || !fs.existsSync(connection.store) || this.#given.has(folder.uri.fsPath)) return;
    try {
      const { port, tracking } = keptSecrets(openPlace(connection.store).state);
      const variables = this.#environment.getScoped({ workspaceFolder: folder });
      const wanted = {
        ...mlflowVariables(`http://127.0.0.1:${port}`, tracking),
        // Joined here: an empty part, which prepending to nothing leaves, is the current folder to Python.
        PYTHONPATH: [this.#python, ownVariable('PYTHONPATH')].filter(Boolean).join(path.delimiter),
      };
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

/** A variable of the user's own, from the environment or the terminal's settings. */
function ownVariable(name: string): string | undefined {
  const platform = { win32: 'windows', darwin: 'osx' }[process.platform as string] ?? 'linux';
  const settings = vscode.workspace
    .getConfiguration('terminal.integrated')
    .get<Record<string, string | null>>(`env.${platform}`);
  return settings?.[name] ?? process.env[name];
}
