import path from 'node:path';
import * as vscode from 'vscode';
import { getCodeFile } from '../../daemon/contract/origins.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';

const SCHEME = 'modelthat-code';

/** A run whose code is looked at. */
interface RunOfCode {
  readonly id: string;
  readonly name: string;
}

/** Files of the code that runs were made from, as read-only documents. */
export class CodeDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #stores: Stores;
  readonly #registration: vscode.Disposable;

  constructor(stores: Stores) {
    this.#stores = stores;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
  }

  async provideTextDocumentContent({ path: file, query }: vscode.Uri): Promise<string> {
    const { store, run } = Object.fromEntries(new URLSearchParams(query));
    const connection = this.#stores.all.find(each => each.store === store);
    if (!connection || !run) throw new Error('The project that this file is of is not open.');
    const { text } = await connection.call(getCodeFile, { query: { run, path: file.slice(1) } });
    return text;
  }

  /** Opens the editor's diff view for a file as it was for two runs. @param file relative to the root of the code */
  async compare(connection: StoreConnection, file: string, from: RunOfCode, to: RunOfCode): Promise<void> {
    const uri = (run: RunOfCode) =>
      vscode.Uri.from({
        scheme: SCHEME,
        path: `/${file}`,
        query: new URLSearchParams({ store: connection.store, run: run.id }).toString(),
      });
    const title = `${path.posix.basename(file)} (${from.name} ↔ ${to.name})`;
    await vscode.commands.executeCommand('vscode.diff', uri(from), uri(to), title, { preview: true });
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
