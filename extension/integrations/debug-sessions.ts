import * as vscode from 'vscode';
import { setting } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import { ownVariable, trackingVariables } from './tracking-variables.ts';

/** Debuggers of Python: the present one, and its name before. */
const DEBUGGERS = ['debugpy', 'python'];

/**
 * Has Python that runs under a debugger tracked, as in terminals. A session in the integrated terminal has the terminal's
 * variables, and what is added here would be written into its command line.
 */
export class DebugSessions implements vscode.DebugConfigurationProvider {
  readonly #stores: Stores;
  readonly #python: string;

  /** @param python the folder with the Python package */
  constructor(stores: Stores, python: string) {
    this.#stores = stores;
    this.#python = python;
  }

  /** Registers it for all debuggers of Python. */
  register(): vscode.Disposable {
    const each = DEBUGGERS.map(type => vscode.debug.registerDebugConfigurationProvider(type, this));
    return vscode.Disposable.from(...each);
  }

  async resolveDebugConfigurationWithSubstitutedVariables(
    folder: vscode.WorkspaceFolder | undefined,
    configuration: vscode.DebugConfiguration,
  ): Promise<vscode.DebugConfiguration> {
    const { request, console: place, env } = configuration;
    const isElsewhere = request !== 'launch' || place !== 'internalConsole';
    const isOwn =
      (env as Record<string, string> | undefined)?.MLFLOW_TRACKING_URI ?? ownVariable('MLFLOW_TRACKING_URI');
    if (isElsewhere || isOwn || !vscode.workspace.isTrusted || !setting('modelthat.terminals.track'))
      return configuration;
    const uri = folder?.uri ?? vscode.workspace.workspaceFolders?.[0]?.uri;
    const connection = uri && (this.#stores.of(uri) ?? this.#stores.within(uri));
    const variables = connection && trackingVariables(connection, this.#python);
    if (!variables) return configuration;
    // What it logs wants a daemon, and a session without one is better than none.
    if (!connection.stoppedByHand) await connection.connect().catch(() => undefined);
    return { ...configuration, env: { ...variables, ...env } };
  }
}
