import * as vscode from 'vscode';
import type { ModelVersion } from '../../daemon/contract/models.ts';
import { commandOf, setContext, setting } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import type { Registration } from '../language/registrations.ts';
import { goalsOf } from '../trees/goals.ts';
import { REGISTERING_DOCUMENTS } from './documents.ts';
import { loadModelFacts, type ModelFacts, modelFacts } from './model-facts.ts';

/** Events come many at a time, and a person types. */
const DEBOUNCE_MS = 500;

/**
 * Above each place that registers a model, the model's newest version beside the one in Production, and what can be done
 * with it. It never starts a daemon.
 */
export class ModelLenses implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #stores: Stores;
  readonly #log: vscode.LogOutputChannel;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscriptions: vscode.Disposable[];
  #timer: NodeJS.Timeout | undefined;

  constructor(stores: Stores, log: vscode.LogOutputChannel) {
    this.#stores = stores;
    this.#log = log;
    const soon = () => {
      this.#timer ??= setTimeout(() => this.#tell(), DEBOUNCE_MS);
    };
    this.#subscriptions = [
      stores.onDidReceive(({ message }) => {
        if (message.type === 'reset' || ['model', 'approval'].includes(message.event.topic)) soon();
      }),
      vscode.window.onDidChangeActiveTextEditor(() => void this.#mark()),
      vscode.workspace.onDidSaveTextDocument(() => void this.#mark()),
    ];
    void this.#mark();
  }

  dispose(): void {
    clearTimeout(this.#timer);
    for (const part of [...this.#subscriptions, this.#changed]) part.dispose();
  }

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!setting('modelthat.editor.codeLens')) return [];
    const connection = this.#running(document.uri);
    if (!connection) return [];
    const found = await registrationsOf(document);
    if (found.length === 0) return [];
    try {
      const goals = await goalsOf(connection);
      const known = await factsByModel(connection, found);
      return found.flatMap(({ model, line }) => {
        const facts = known.get(model);
        return facts ? lensesOf(document.uri, line, facts, goals) : [];
      });
    } catch (error) {
      this.#log.warn(
        `What is known of the models of ${document.uri.fsPath} could not be read: ${String(error)}`,
      );
      return [];
    }
  }

  #running(file: vscode.Uri): StoreConnection | undefined {
    const connection = this.#stores.of(file);
    return connection?.state === 'running' ? connection : undefined;
  }

  #tell(): void {
    this.#timer = undefined;
    this.#changed.fire();
    void this.#mark();
  }

  /** Notes whether the file in front registers a model that has versions, for the button in its title. */
  async #mark(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    const newest = document ? await newestIn(this.#stores, document).catch(() => []) : [];
    if (document === vscode.window.activeTextEditor?.document)
      setContext('modelthat.registersModel', newest.length > 0);
  }
}

/** A version that a file's registrations lead to. */
export interface NewestVersion {
  readonly connection: StoreConnection;
  readonly version: ModelVersion;
}

/** The newest version of each model that a file registers, where its daemon runs. */
export async function newestIn(stores: Stores, document: vscode.TextDocument): Promise<NewestVersion[]> {
  const connection = stores.of(document.uri);
  if (connection?.state !== 'running' || vscode.languages.match(REGISTERING_DOCUMENTS, document) === 0)
    return [];
  const known = await factsByModel(connection, await registrationsOf(document));
  return [...known.values()].map(({ newest }) => ({ connection, version: newest }));
}

async function registrationsOf(document: vscode.TextDocument): Promise<Registration[]> {
  // The parser is loaded with the first file that needs it.
  const { registrationsInPipeline, registrationsInPython } = await import('../language/registrations.ts');
  return document.languageId === 'python'
    ? registrationsInPython(document.getText())
    : registrationsInPipeline(document.uri.fsPath, document.getText());
}

async function factsByModel(
  connection: StoreConnection,
  found: readonly Registration[],
): Promise<Map<string, ModelFacts>> {
  const names = [...new Set(found.map(({ model }) => model))];
  const facts = await Promise.all(names.map(name => loadModelFacts(connection, name)));
  return new Map(names.flatMap((name, index) => (facts[index] ? [[name, facts[index]] as const] : [])));
}

function lensesOf(
  file: vscode.Uri,
  line: number,
  facts: ModelFacts,
  goals: readonly string[],
): vscode.CodeLens[] {
  const { name: model, version, stage } = facts.newest;
  const argument = { file, model, version };
  const commands = [
    commandOf('modelthat.models.open', modelFacts(facts, goals), argument),
    ...(facts.request ? [commandOf('modelthat.models.approve', 'Approve…', argument)] : []),
    ...(stage === 'Production' ? [] : [commandOf('modelthat.models.promote', 'Promote', argument)]),
  ];
  const range = new vscode.Range(line, 0, line, 0);
  return commands.map(command => new vscode.CodeLens(range, command));
}
