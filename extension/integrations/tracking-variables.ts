/** Variables that have programs of a project tracked. */
import fs from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { openPlace } from '../../daemon/client/store.ts';
import { mlflowVariables } from '../../daemon/client/variables.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/**
 * What points a program at a store's daemon, from the port and the token that the store keeps; undefined while there is no
 * store.
 *
 * @param python the folder with the Python package, by which runs tell which lines of code logged them
 */
export function trackingVariables(
  connection: StoreConnection,
  python: string,
): Readonly<Record<string, string>> | undefined {
  if (!fs.existsSync(connection.store)) return undefined;
  const { port, tracking } = keptSecrets(openPlace(connection.store).state);
  return {
    ...mlflowVariables(`http://127.0.0.1:${port}`, tracking),
    // Joined here: an empty part, which prepending to nothing leaves, is the current folder to Python.
    PYTHONPATH: [python, ownVariable('PYTHONPATH')].filter(Boolean).join(path.delimiter),
  };
}

/** A variable of the user's own, from the environment or the terminal's settings. */
export function ownVariable(name: string): string | undefined {
  const platform = { win32: 'windows', darwin: 'osx' }[process.platform as string] ?? 'linux';
  const settings = vscode.workspace
    .getConfiguration('terminal.integrated')
    .get<Record<string, string | null>>(`env.${platform}`);
  return settings?.[name] ?? process.env[name];
}
