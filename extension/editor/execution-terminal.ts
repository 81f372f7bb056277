import * as vscode from 'vscode';
import { formatDuration } from '../../daemon/contract/display.ts';
import {
  ENVIRONMENT_LOG,
  type Execution,
  executionName,
  getExecution,
  getStepLog,
} from '../../daemon/contract/pipelines.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import { isActive } from '../trees/pipeline-rows.ts';
import { StepLines } from './step-output.ts';

const FOLLOW_MS = 500;
/** What of a long log is shown at most, in bytes: a terminal keeps only so many lines anyway. */
const SHOWN_BYTES = 500_000;

/** Shows the logs of all steps of an execution in a terminal, as they come, where its search and its links work. */
export function showInTerminal(connection: StoreConnection, execution: Execution): void {
  const name = executionName(execution);
  const open = vscode.window.terminals.find(terminal => terminal.name === name && !terminal.exitStatus);
  const terminal =
    open ??
    vscode.window.createTerminal({
      name,
      iconPath: new vscode.ThemeIcon('run-all'),
      pty: new ExecutionTerminal(connection, execution),
      isTransient: true,
    });
  terminal.show();
}

/** How far the log of a step has been shown. */
interface Followed {
  readonly lines: StepLines;
  offset: number;
  complete: boolean;
}

class ExecutionTerminal implements vscode.Pseudoterminal {
  readonly #connection: StoreConnection;
  readonly #execution: Execution;
  readonly #write = new vscode.EventEmitter<string>();
  readonly onDidWrite = this.#write.event;
  readonly #steps = new Map<string, Followed>();
  #closed = false;

  constructor(connection: StoreConnection, execution: Execution) {
    this.#connection = connection;
    this.#execution = execution;
  }

  open(): void {
    void this.#follow();
  }

  close(): void {
    this.#closed = true;
    this.#write.dispose();
  }

  async #follow(): Promise<void> {
    while (!this.#closed) {
      try {
        const { id } = this.#execution;
        const execution = await this.#connection.call(getExecution, { params: { executionId: id } });
        await this.#readOn(execution);
        if (!isActive(execution)) return this.#print(ending(execution));
      } catch (error) {
        // A daemon that restarts is asked again.
        if (this.#connection.state === 'stopped')
          return this.#print(`The log is not followed any more: ${String(error)}`);
      }
      await new Promise(resolve => setTimeout(resolve, FOLLOW_MS));
    }
  }

  async #readOn(execution: Execution): Promise<void> {
    const names = execution.steps
      .filter(step => step.startTime !== null && step.reused === null)
      .sort((a, b) => (a.startTime ?? 0) - (b.startTime ?? 0))
      .map(step => step.name);
    for (const name of [ENVIRONMENT_LOG, ...names]) await this.#readStep(name);
  }

  async #readStep(step: string): Promise<void> {
    const label = step === ENVIRONMENT_LOG ? 'environment' : step;
    const followed = this.#steps.get(step) ?? {
      lines: new StepLines(label, this.#steps.size),
      offset: 0,
      complete: false,
    };
    this.#steps.set(step, followed);
    const params = { executionId: this.#execution.id, step };
    while (!followed.complete && !this.#closed) {
      const before = followed.offset;
      const query = before === 0 ? { tail: SHOWN_BYTES } : { offset: before };
      const part = await this.#connection.call(getStepLog, { params, query });
      if (before === 0 && part.offset > 0) this.#print('… earlier output is left out');
      followed.offset = part.nextOffset;
      followed.complete = part.complete;
      this.#print(...followed.lines.add(part.text), ...(part.complete ? followed.lines.end() : []));
      if (part.nextOffset === before) return;
    }
  }

  #print(...lines: readonly string[]): void {
    if (!this.#closed && lines.length > 0) this.#write.fire(`${lines.join('\r\n')}\r\n`);
  }
}

function ending(execution: Execution): string {
  const { status, startTime, endTime, message } = execution;
  const took = formatDuration((endTime ?? Date.now()) - startTime);
  const color = status === 'succeeded' ? 32 : 31;
  return `\x1b[${color}m${executionName(execution)} ${status} after ${took}\x1b[0m${message ? `: ${message}` : ''}`;
}
