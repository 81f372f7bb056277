import * as vscode from 'vscode';
import { formatMetric } from '../../daemon/contract/display.ts';
import {
  cancelEvaluation,
  type Evaluation,
  getEvaluation,
  listEvaluations,
  startEvaluation,
} from '../../daemon/contract/evaluations.ts';
import type { Handlers } from '../contributes/vscode.ts';
import type { Stores } from '../daemon/stores.ts';
import { subjectOf } from '../trees/subject.ts';
import { askVersion } from './ask.ts';
import type { OpenModel } from './promote.ts';
import type { ChosenVersion } from './version-of-file.ts';

const LOOK_EVERY_MS = 250;

/** Files that evaluations read. */
const DATA = { 'Data sets': ['csv', 'parquet', 'json'] };

/** Commands that have versions predict data sets. */
export function evaluationCommands(stores: Stores, openModel: OpenModel) {
  return {
    'modelthat.models.evaluate': async argument => {
      const chosen = subjectOf(argument, 'version') ?? (await askVersion(stores, 'Evaluate'));
      if (!chosen) return;
      const wanted = await askWanted(chosen);
      if (wanted) await tell(chosen, await evaluate(chosen, wanted), openModel);
    },
  } satisfies Partial<Handlers>;
}

interface Wanted {
  readonly data: string;
  readonly metric: string | undefined;
  readonly slices: readonly string[];
}

/** @returns undefined when a person gave up */
async function askWanted(chosen: ChosenVersion): Promise<Wanted | undefined> {
  const { name, version } = chosen.version;
  const title = `Evaluate ${name} version ${version}`;
  const data = await askData(chosen, title);
  if (data === undefined) return undefined;
  const metric = await vscode.window.showInputBox({
    title,
    prompt:
      'The metric to compare with Production by, such as rmspe or roc_auc. Empty: the first of the task.',
    ignoreFocusOut: true,
  });
  if (metric === undefined) return undefined;
  const slices = await vscode.window.showInputBox({
    title,
    prompt: 'Columns whose values are measured apart, with commas between. Empty: none.',
    ignoreFocusOut: true,
  });
  if (slices === undefined) return undefined;
  const columns = slices.split(',').map(column => column.trim());
  return { data, metric: metric.trim() || undefined, slices: columns.filter(column => column !== '') };
}

/** The data sets of earlier evaluations are offered, for versions are compared on the same. */
async function askData({ connection, version }: ChosenVersion, title: string): Promise<string | undefined> {
  const { items } = await connection.call(listEvaluations, { params: { name: version.name } });
  const known = [...new Set(items.map(({ data }) => data))].filter(data => data !== '');
  const other = { label: '$(folder-opened) Choose a file…', data: undefined };
  const offered = known.map(data => ({ label: vscode.workspace.asRelativePath(data), data }));
  const answer =
    offered.length === 0
      ? other
      : await vscode.window.showQuickPick([...offered, other], { title, placeHolder: 'On which data set?' });
  if (answer !== other) return answer?.data;
  const [uri] = (await vscode.window.showOpenDialog({ title, openLabel: 'Evaluate', filters: DATA })) ?? [];
  return uri?.fsPath;
}

/** Evaluates, with progress that can be cancelled. @returns how it ended */
function evaluate(
  { connection, version: { name, version } }: ChosenVersion,
  { data, metric, slices }: Wanted,
): Thenable<Evaluation> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: `Evaluating ${name} version ${version}`,
    cancellable: true,
  };
  return vscode.window.withProgress(options, async (progress, token) => {
    const body = { model: name, target: { version }, data, metric, slices: [...slices] };
    let now = await connection.call(startEvaluation, { body });
    const input = { params: { runId: now.runId } };
    token.onCancellationRequested(() =>
      connection.call(cancelEvaluation, { ...input, body: {} }).catch(() => {}),
    );
    while (now.state === 'running') {
      progress.report({ message: now.message });
      await new Promise(resolve => setTimeout(resolve, LOOK_EVERY_MS));
      now = await connection.call(getEvaluation, input);
    }
    return now;
  });
}

/** Shows what was found on the page of the model; why nothing was is an error. */
async function tell(
  { connection, version: { name, version } }: ChosenVersion,
  { state, message, champion, result }: Evaluation,
  openModel: OpenModel,
): Promise<void> {
  if (state === 'cancelled') return;
  if (!result) throw new Error(`The evaluation of ${name} version ${version} failed: ${message}`);
  openModel(connection, name, version);
  const value = result.metrics[result.metric];
  const measured = `${name} version ${version}: ${result.metric} ${value === undefined ? '' : formatMetric(value)}`;
  const { comparison } = result;
  const beside = comparison ? `, ${comparison.verdict} beside version ${champion}` : '';
  void vscode.window.showInformationMessage(`${measured}${beside}.`);
}
