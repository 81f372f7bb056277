/** `modelthat evaluate`. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { invalid } from '../contract/errors.ts';
import {
  cancelEvaluation,
  type Evaluation,
  type EvaluationComparison,
  getEvaluation,
  startEvaluation,
} from '../contract/evaluations.ts';
import { STAGES } from '../contract/models.ts';
import { Context, EXIT_FAILED } from './context.ts';
import { formatNumber, print, printJson, printTable, style } from './output.ts';
import { withProgress } from './progress.ts';

const LOOK_EVERY_MS = 200;

export function register(program: Command): void {
  program
    .command('evaluate <model>')
    .description('have a registered model predict a data set, and measure it beside the champion')
    .requiredOption('--data <file>', 'a CSV, Parquet or JSON file with the truth in a column')
    .option('--version <number>', 'this version', wholeNumber)
    .option('--stage <stage>', `the version in this stage (${STAGES.join(', ')})`)
    .option('--alias <alias>', 'the version that this alias points at')
    .option('--target <column>', 'the column with the truth; else the only one that the model does not take')
    .option('--metric <name>', 'the metric that is compared, such as rmspe or roc_auc')
    .option('--custom <file.py:function>', 'a further metric: (predictions, targets, frame) -> number')
    .option('--greater-is-better', 'of the custom metric')
    .option('--slice <column...>', 'measure the rows of each value of these columns apart', [])
    .option('--against <version>', 'champion (the version in Production), a version, or none', 'champion')
    .option('--seed <number>', 'of the bootstrap', wholeNumber, 0)
    .option('--resamples <number>', 'of the bootstrap', wholeNumber, 2000)
    .option('--timeout <seconds>', 'end it after so long', wholeNumber, 3600)
    .action(evaluate);
}

interface EvaluateOptions {
  readonly data: string;
  readonly version?: number;
  readonly stage?: string;
  readonly alias?: string;
  readonly target?: string;
  readonly metric?: string;
  readonly custom?: string;
  readonly greaterIsBetter?: boolean;
  readonly slice: readonly string[];
  readonly against: string;
  readonly seed: number;
  readonly resamples: number;
  readonly timeout: number;
}

async function evaluate(model: string, options: EvaluateOptions, command: Command): Promise<void> {
  const context = new Context(command);
  const body = {
    model,
    target: targetOf(options),
    data: path.resolve(options.data),
    column: options.target,
    metric: options.metric,
    custom: options.custom === undefined ? undefined : customOf(options.custom),
    greaterIsBetter: options.greaterIsBetter === true,
    slices: [...options.slice],
    against: againstOf(options.against),
    seed: options.seed,
    resamples: options.resamples,
    timeoutSeconds: options.timeout,
  };
  const client = await context.client();
  const started = await client.call(startEvaluation, { body });
  const input = { params: { runId: started.runId } };
  const ended = await withProgress(context, async (progress, signal) => {
    let now = started;
    while (now.state === 'running') {
      progress(`${style('cyan', '…')} ${model} version ${now.version}: ${now.message}`);
      await sleep(LOOK_EVERY_MS);
      now = signal.aborted
        ? await client.call(cancelEvaluation, { ...input, body: {} })
        : await client.call(getEvaluation, input);
    }
    return now;
  });
  if (context.json) printJson(ended);
  else tell(ended);
  if (ended.state !== 'finished') process.exitCode = EXIT_FAILED;
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

/** @throws ApiError INVALID_PARAMETER_VALUE unless exactly one is given */
function targetOf({ version, stage, alias }: EvaluateOptions) {
  const given = [version, stage, alias].filter(each => each !== undefined);
  if (given.length !== 1) throw invalid('Name the version by one of --version, --stage and --alias.');
  if (version !== undefined) return { version };
  if (alias !== undefined) return { alias };
  const known = STAGES.find(each => each.toLowerCase() === stage?.toLowerCase());
  if (known) return { stage: known };
  throw invalid(`There is no stage '${stage}': it must be one of ${STAGES.join(', ')}`);
}

function againstOf(text: string): 'champion' | 'none' | number {
  if (text === 'champion' || text === 'none') return text;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw invalid(`--against is '${text}': it must be champion, none or the number of a version`);
}

/** With an absolute path. */
function customOf(text: string): string {
  const [, file, name] = /^(.+\.py):(\w+)$/.exec(text) ?? [];
  if (file && name) return `${path.resolve(file)}:${name}`;
  throw invalid(`--custom is '${text}': it must be a file and a function, such as metrics.py:profit`);
}

function tell(ended: Evaluation): void {
  const { result, model, version } = ended;
  if (!result) {
    const why = ended.state === 'cancelled' ? 'was cancelled' : `failed: ${ended.message}`;
    print(`The evaluation of ${model} version ${version} ${why}`);
    return;
  }
  print(style('bold', `${model} version ${version} on ${result.rows} rows of ${ended.data}`));
  printTable(Object.entries(result.metrics), [
    { title: 'METRIC', value: ([name]) => name },
    { title: 'VALUE', value: ([, value]) => formatNumber(value), align: 'right' },
  ]);
  if (result.slices.length > 0) {
    print('');
    printTable(result.slices, [
      { title: 'SLICE', value: slice => `${slice.column} = ${slice.value}` },
      { title: 'ROWS', value: slice => slice.rows, align: 'right' },
      {
        title: result.metric.toUpperCase(),
        value: slice => formatNumber(slice.metrics[result.metric] ?? 'NaN'),
        align: 'right',
      },
    ]);
  }
  print('');
  print(
    result.comparison ? verdictLine(ended, result.metric, result.comparison) : 'Compared with no version.',
  );
  print(`Kept in run ${ended.runId}`);
}

function verdictLine({ champion }: Evaluation, metric: string, found: EvaluationComparison): string {
  const { interval, difference, verdict } = found;
  const range = interval
    ? `95 % interval ${formatNumber(interval.low)} to ${formatNumber(interval.high)}, ${interval.resamples} resamples`
    : 'no interval could be had';
  const against = `${metric} of version ${champion} is ${formatNumber(found.champion)}`;
  return `${style('bold', verdict)}: ${against}, the difference ${formatNumber(difference)} (${range})`;
}
