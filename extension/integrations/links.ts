import * as vscode from 'vscode';
import { listModelSummaries } from '../../daemon/contract/models.ts';
import type { OpenModel } from '../commands/promote.ts';
import type { Stores } from '../daemon/stores.ts';

const MODEL_PATH = '/model';

/** The address that opens a model's page in an editor that has its project open. @param version null = none of them */
export function modelLink(extensionId: string, name: string, version: number | null): string {
  const query = new URLSearchParams({ name, ...(version !== null && { version: String(version) }) });
  return `${vscode.env.uriScheme}://${extensionId}${MODEL_PATH}?${query}`;
}

/** Opens what links lead to, in the project of this window that has it. A link only shows: it changes nothing. */
export class Links implements vscode.UriHandler {
  readonly #stores: Stores;
  readonly #openModel: OpenModel;

  constructor(stores: Stores, openModel: OpenModel) {
    this.#stores = stores;
    this.#openModel = openModel;
  }

  async handleUri({ path, query }: vscode.Uri): Promise<void> {
    const values = new URLSearchParams(query);
    const name = values.get('name');
    if (path !== MODEL_PATH || !name) {
      void vscode.window.showErrorMessage(
        'The link leads nowhere: it must name a model, as “/model?name=sales”.',
      );
      return;
    }
    const version = Number(values.get('version'));
    for (const connection of this.#stores.all.filter(each => this.#stores.isInUse(each))) {
      const found = await connection.call(listModelSummaries, { query: { name } }).catch(() => undefined);
      if (found?.items[0])
        return this.#openModel(connection, name, Number.isInteger(version) && version > 0 ? version : null);
    }
    void vscode.window.showErrorMessage(`No project of this window has a model “${name}”.`);
  }
}
