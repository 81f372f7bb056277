import * as vscode from 'vscode';
import { getApproval } from '../../daemon/contract/approvals.ts';
import { formatDuration } from '../../daemon/contract/display.ts';
import {
  type Execution,
  executionName,
  getExecution,
  type StepExecution,
} from '../../daemon/contract/pipelines.ts';
import type { CommandId } from '../contributes/commands.ts';
import { setting } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { isActive } from '../trees/pipeline-rows.ts';
import type { Subject } from '../trees/subject.ts';

/** One thing to do about it. */
interface Offer {
  readonly title: string;
  readonly command: CommandId;
  readonly subject: Subject;
}

/** Tells when a long execution ends, or something waits for a person, with what can be done about it. */
export class Notifications implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #subscription: vscode.Disposable;
  /** States of the executions that this window saw going on: what ended before is no news. */
  readonly #seen = new Map<string, Execution['status']>();

  constructor(stores: Stores, log: vscode.LogOutputChannel) {
    this.#log = log;
    this.#subscription = stores.onDidReceive(({ connection, message }) => {
      if (message.type === 'reset') return;
      const { topic, id, kind } = message.event;
      const warn = (error: unknown) => this.#log.warn(String(error));
      if (topic === 'execution') this.#look(connection, id).catch(warn);
      if (topic === 'approval' && kind === 'created') tellRequest(connection, Number(id)).catch(warn);
    });
  }

  dispose(): void {
    this.#subscription.dispose();
  }

  async #look(connection: StoreConnection, executionId: string): Promise<void> {
    const execution = await connection.call(getExecution, { params: { executionId } });
    const before = this.#seen.get(executionId);
    if (isActive(execution)) this.#seen.set(executionId, execution.status);
    else this.#seen.delete(executionId);
    // Several events may have come before the first was looked after.
    if (before === undefined || before === execution.status) return;
    if (isActive(execution) && execution.status !== 'waiting') return;
    const after = setting('modelthat.notifications.after');
    const took = (execution.endTime ?? Date.now()) - execution.startTime;
    if (after < 0 || took < after * 1_000 || execution.status === 'cancelled') return;
    await tell(connection, execution, took);
  }
}

async function tell(connection: StoreConnection, execution: Execution, took: number): Promise<void> {
  const { status, steps } = execution;
  const telling = steps.find(step => step.status === (status === 'waiting' ? 'waiting' : 'failed'));
  const reason = telling ? `: ${[telling.name, firstLine(telling.message)].filter(Boolean).join(', ')}` : '';
  const verb = status === 'waiting' ? 'waits for you' : `${status} after ${formatDuration(took)}`;
  const text = `${executionName(execution)} ${verb}${reason}`;
  const offers = offersOf(connection, execution, telling);
  await offer(text, offers, status === 'failed' || status === 'rejected' ? 'error' : 'information');
}

/** Tells that a version waits for a person. */
async function tellRequest(connection: StoreConnection, id: number): Promise<void> {
  const { request, version } = await connection.call(getApproval, { params: { id } });
  if (request.state !== 'pending' || !version) return;
  const subject: Subject = { type: 'version', connection, version, request };
  const { model, stage, requestedBy, reason } = request;
  const why = reason ? `: ${firstLine(reason)}` : '.';
  await offer(
    `${requestedBy.subject} asks for approval of ${model} version ${request.version} for ${stage}${why}`,
    [
      { title: 'Approve…', command: 'modelthat.models.approve', subject },
      { title: 'Open', command: 'modelthat.models.open', subject },
    ],
  );
}

async function offer(
  text: string,
  offers: readonly Offer[],
  kind: 'error' | 'information' = 'information',
): Promise<void> {
  const titles = offers.map(({ title }) => title);
  const chosen = await (kind === 'error'
    ? vscode.window.showErrorMessage(text, ...titles)
    : vscode.window.showInformationMessage(text, ...titles));
  const taken = offers.find(({ title }) => title === chosen);
  if (taken) await vscode.commands.executeCommand(taken.command, { subject: taken.subject });
}

function offersOf(
  connection: StoreConnection,
  execution: Execution,
  step: StepExecution | undefined,
): Offer[] {
  const whole: Subject = { type: 'execution', connection, execution };
  const open: Offer = { title: 'Open', command: 'modelthat.pipelines.open', subject: whole };
  if (!step) return [open];
  const { file } = execution;
  const part: Subject = { type: 'step', connection, file, name: step.name, line: undefined, execution, step };
  if (step.status === 'waiting')
    return [
      { title: 'Approve…', command: 'modelthat.steps.approve', subject: part },
      { ...open, subject: part },
    ];
  return [
    { title: 'Show Log', command: 'modelthat.pipelines.open', subject: part },
    ...(vscode.workspace.isTrusted
      ? [{ title: 'Debug', command: 'modelthat.steps.debug', subject: part } as const]
      : []),
  ];
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}
