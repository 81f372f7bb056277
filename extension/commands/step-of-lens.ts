import * as vscode from 'vscode';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';

/** A step by its place in a pipeline file. */
export interface LensStep {
  readonly connection: StoreConnection;
  readonly file: string;
  readonly name: string;
  readonly execution: undefined;
  readonly step: undefined;
}

/** The step of a lens above it, from the argument of the lens's command; undefined when it is none. */
export function stepOfLens(stores: Stores, argument: unknown): LensStep | undefined {
  if (typeof argument !== 'object' || argument === null) return undefined;
  const { file, step } = argument as Record<string, unknown>;
  if (!(file instanceof vscode.Uri) || typeof step !== 'string') return undefined;
  const connection = stores.of(file);
  return connection && { connection, file: file.fsPath, name: step, execution: undefined, step: undefined };
}
