/** The tools of the editor's language models: the same as those of the Model Context Protocol. */
import * as vscode from 'vscode';
import { useTool } from '../../daemon/client/tools.ts';
import { acts, questionOf, TOOL_NAMES, TOOLS, type ToolName } from '../../daemon/contract/tools.ts';
import { toolId } from '../contributes/language-model-tools.ts';
import { setting } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';

/** Offers all tools. Those that act have the editor ask each time, and refuse unless the setting allows them. */
export function registerTools(stores: Stores): vscode.Disposable {
  return vscode.Disposable.from(
    ...TOOL_NAMES.map(name => vscode.lm.registerTool(toolId(name), new Tool(stores, name))),
  );
}

class Tool implements vscode.LanguageModelTool<unknown> {
  readonly #stores: Stores;
  readonly #name: ToolName;

  constructor(stores: Stores, name: ToolName) {
    this.#stores = stores;
    this.#name = name;
  }

  prepareInvocation({
    input,
  }: vscode.LanguageModelToolInvocationPrepareOptions<unknown>): vscode.PreparedToolInvocation {
    const { title } = TOOLS[this.#name];
    const { data } = TOOLS[this.#name].input.safeParse(input);
    const question = data && questionOf(this.#name, data);
    return question === undefined
      ? { invocationMessage: title }
      : { invocationMessage: title, confirmationMessages: { title, message: question } };
  }

  async invoke({
    input,
  }: vscode.LanguageModelToolInvocationOptions<unknown>): Promise<vscode.LanguageModelToolResult> {
    if (acts(this.#name)) this.#requirePermission();
    const parsed = TOOLS[this.#name].input.parse(input);
    const found = await useTool(this.#connectionFor(parsed), this.#name, parsed as never);
    return new vscode.LanguageModelToolResult([
      new vscode.LanguageModelTextPart(JSON.stringify(found, null, 1)),
    ]);
  }

  #requirePermission(): void {
    if (!vscode.workspace.isTrusted)
      throw new Error(
        'It would run programs of a folder that is not trusted. The person has to trust it first.',
      );
    if (!setting('modelthat.assistants.allowActions'))
      throw new Error(
        'The person has to allow this first, by the setting “modelthat.assistants.allowActions”.',
      );
  }

  /** The project of the file that is named, else that of the file in front, else the first. */
  #connectionFor(input: unknown): StoreConnection {
    const named = (input as { file?: unknown }).file;
    const file =
      typeof named === 'string' ? vscode.Uri.file(named) : vscode.window.activeTextEditor?.document.uri;
    const inUse = this.#stores.all.filter(connection => this.#stores.isInUse(connection));
    const connection = (file && this.#stores.of(file)) ?? inUse[0];
    if (!connection) throw new Error('No folder of this window is a project of modelthat.');
    return connection;
  }
}
