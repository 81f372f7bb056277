import type * as vscode from 'vscode';
import type * as z from 'zod';
import type { StreamMessage } from '../daemon/launcher.ts';
import { RepeatedWork } from '../daemon/repeated-work.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';

/** What a page is told when something did not work. */
interface Problem {
  readonly type: 'problem';
  readonly message: string;
}

/** What every page is given. */
export interface PagePanelParts {
  readonly connection: StoreConnection;
  readonly stores: Stores;
  readonly log: vscode.LogOutputChannel;
}

/** The host's side of a page: hears of its store, answers the page, and tells it what did not work. */
export abstract class PagePanel<FromPage, ToPage> {
  protected readonly panel: vscode.WebviewPanel;
  readonly #connection: StoreConnection;
  readonly #log: vscode.LogOutputChannel;
  readonly #messages: z.ZodType<FromPage>;
  readonly #repeated = new Map<string, RepeatedWork>();

  /** @param messages what the page sends; anything else is logged, and not heeded */
  constructor(panel: vscode.WebviewPanel, parts: PagePanelParts, messages: z.ZodType<FromPage>) {
    this.panel = panel;
    this.#connection = parts.connection;
    this.#log = parts.log;
    this.#messages = messages;
    this.untilClosed(
      parts.stores.onDidReceive(({ connection, message }) => {
        if (connection === this.#connection) this.receive(message);
      }),
    );
    this.untilClosed(panel.webview.onDidReceiveMessage((message: unknown) => this.#answer(message)));
    panel.onDidDispose(() => {
      for (const work of this.#repeated.values()) work.dispose();
    });
  }

  /** Something happened in the store of the page. */
  protected abstract receive(message: StreamMessage): void;

  /** The page asked for something. */
  protected abstract answer(message: FromPage): unknown;

  protected send(message: ToPage | Problem): void {
    void this.panel.webview.postMessage(message);
  }

  /** Does what was asked for. What goes wrong is logged, and told to the page. */
  protected async guard(work: () => unknown): Promise<void> {
    try {
      await work();
    } catch (error) {
      const problem = error instanceof Error ? error : new Error(String(error));
      this.#log.error(problem);
      this.send({ type: 'problem', message: problem.message });
    }
  }

  /**
   * Does something this much later, once, however often it is asked for until then, and not before the last time is done.
   *
   * @param name tells one such work from another; its work is the same each time
   */
  protected soon(name: string, milliseconds: number, work: () => unknown): void {
    const repeated = this.#repeated.get(name) ?? new RepeatedWork(() => this.guard(work));
    this.#repeated.set(name, repeated);
    repeated.ask(milliseconds);
  }

  /** Gives something up when the page is closed. */
  protected untilClosed(held: vscode.Disposable): void {
    this.panel.onDidDispose(() => held.dispose());
  }

  async #answer(raw: unknown): Promise<void> {
    const parsed = this.#messages.safeParse(raw);
    if (parsed.success) await this.guard(() => this.answer(parsed.data));
    else
      this.#log.warn(`A page (${this.panel.viewType}) sent what is not understood: ${parsed.error.message}`);
  }
}
