import * as vscode from 'vscode';
import {
  cancelExecution,
  type Execution,
  executionName,
  getExecution,
} from '../../daemon/contract/pipelines.ts';
import {
  type Comparison,
  getReproduction,
  type Reproduction,
  type ReproductionOf,
  startReproduction,
} from '../../daemon/contract/reproductions.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askRun } from './ask.ts';

const LOOK_EVERY_MS = 250;

const SHOW = 'Show Comparison';

/** What is to be reproduced, and in which store. */
interface Wanted {
  readonly connection: StoreConnection;
  readonly of: ReproductionOf;
  readonly name: string;
}

/** Commands on results that are to be made again. */
export function reproductionCommands(stores: Stores) {
  return {
    'modelthat.reproductions.start': async argument => {
      const wanted = wantedBy(argument) ?? (await askWanted(stores));
      if (wanted) void tell(await reproduce(wanted));
    },
  } satisfies Partial<Handlers>;
}

function wantedBy(argument: unknown): Wanted | undefined {
  const subject = subjectOf(argument, 'run', 'execution', 'version');
  if (!subject) return undefined;
  const { connection } = subject;
  if (subject.type === 'run') return { connection, of: { run: subject.run.id }, name: subject.run.name };
  if (subject.type === 'execution') {
    const { execution } = subject;
    return { connection, of: { execution: execution.id }, name: executionName(execution) };
  }
  const { name, version } = subject.version;
  return { connection, of: { model: name, version }, name: `version ${version} of ${name}` };
}

async function askWanted(stores: Stores): Promise<Wanted | undefined> {
  const run = await askRun(stores, 'Reproduce Run', "attributes.status = 'FINISHED'");
  return run && { connection: run.connection, of: { run: run.thing.id }, name: run.thing.name };
}

/** Runs it again, with progress that can be cancelled. @returns what came of it */
function reproduce({ connection, of, name }: Wanted): Thenable<Reproduction> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Reproducing ${name}`,
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    progress.report({ message: 'looking for its code and data' });
    const { id } = await connection.call(startReproduction, { body: { of } });
    const execution = { params: { executionId: id } };
    token.onCancellationRequested(() =>
      connection.call(cancelExecution, { ...execution, body: { force: false } }).catch(() => {}),
    );
    for (;;) {
      const now = await connection.call(getReproduction, { params: { reproductionId: id } });
      if (now.status !== 'running') return now;
      progress.report({ message: stateOf(await connection.call(getExecution, execution)) });
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
    }
  });
}

function stateOf({ status, message, steps }: Execution): string {
  const done = steps.filter(step => step.status === 'succeeded').length;
  const running = steps.filter(step => step.status === 'running').map(step => step.name);
  if (running.length > 0) return `${running.join(', ')} (${done} of ${steps.length} steps done)`;
  if (done === steps.length) return 'comparing';
  return message || status;
}

/** Says how it ended; the comparison is shown when it is asked for. */
async function tell(reproduction: Reproduction): Promise<void> {
  const { name, status, verdict, message } = reproduction;
  const text = `${name}: ${message || status}`;
  const same = verdict === 'identical' || verdict === 'equal';
  const show = same ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
  const answer = reproduction.comparisons.length > 0 ? await show(text, SHOW) : await show(text);
  if (answer !== SHOW) return;
  const content = describeReproduction(reproduction);
  const document = await vscode.workspace.openTextDocument({ language: 'markdown', content });
  await vscode.window.showTextDocument(document);
}

/** The verdict with all that was compared, as Markdown. */
export function describeReproduction(reproduction: Reproduction): string {
  const { name, message, comparisons, causes, tolerance } = reproduction;
  const marks = { identical: '=', equal: '≈', different: '≠' } as const;
  const rows = comparisons.map(
    each =>
      `| ${marks[each.result]} | ${each.step} | ${each.kind} | ${cell(each.name)} | ${cell(noteOf(each))} |`,
  );
  const checks = causes.map(
    ({ kind, same, message: found }) => `- ${same === null ? '?' : same ? '=' : '≠'} **${kind}**: ${found}`,
  );
  return [
    `# ${name}`,
    message,
    ['|  | step | kind | name | note |', '| --- | --- | --- | --- | --- |', ...rows].join('\n'),
    ...(checks.length > 0 ? ['## What could have made the difference', checks.join('\n')] : []),
    `Numbers are equal within ${tolerance} of the larger one.`,
  ].join('\n\n');
}

function noteOf({ message, volatile, differences }: Comparison): string {
  const shown = differences.map(({ field, before, now }) => `${field && `${field}: `}${before} → ${now}`);
  const by = volatile.length > 0 ? [`volatile: ${volatile.join(', ')}`] : [];
  return [message, ...shown, ...by].filter(Boolean).join('; ');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
