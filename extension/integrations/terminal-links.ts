import * as vscode from 'vscode';
import { getRun } from '../../daemon/contract/runs.ts';
import type { OpenRun } from '../commands/runs.ts';
import type { Stores } from '../daemon/stores.ts';
import { type RunMention, runsIn } from './run-mentions.ts';

type RunLink = vscode.TerminalLink & Pick<RunMention, 'runId'>;

/** Makes runs that a terminal's output names open their pages. MLflow prints addresses of pages that a daemon has none of. */
export class TerminalLinks implements vscode.TerminalLinkProvider<RunLink> {
  readonly #stores: Stores;
  readonly #openRun: OpenRun;

  constructor(stores: Stores, openRun: OpenRun) {
    this.#stores = stores;
    this.#openRun = openRun;
  }

  provideTerminalLinks({ line }: vscode.TerminalLinkContext): RunLink[] {
    return runsIn(line).map(({ runId, start, length }) => ({
      runId,
      startIndex: start,
      length,
      tooltip: 'Open Run',
    }));
  }

  async handleTerminalLink({ runId }: RunLink): Promise<void> {
    for (const connection of this.#stores.all.filter(each => each.state === 'running')) {
      const run = await connection.call(getRun, { params: { runId } }).catch(() => undefined);
      if (run) return this.#openRun(connection, run.id);
    }
    void vscode.window.showErrorMessage(
      `No project of this window that is being tracked has the run ${runId}.`,
    );
  }
}
