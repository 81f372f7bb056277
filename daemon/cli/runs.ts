/** `modelthat runs ls | show | export`. */
import path from 'node:path';
import type { Command } from 'commander';
import type { DaemonClient } from '../client/client.ts';
import { exportRuns } from '../client/run-export/export.ts';
import { EXPORT_FORMATS } from '../client/run-export/formats.ts';
import { invalid } from '../contract/errors.ts';
import { getRun, listExperiments, type Run, searchRuns } from '../contract/runs.ts';
import { Context } from './context.ts';
import {
  formatDuration,
  formatNumber,
  formatTime,
  print,
  printFields,
  printJson,
  printTable,
  style,
} from './output.ts';
import { withProgress } from './progress.ts';

export function register(program: Command): void {
  const runs = program.command('runs').description('runs of this store');
  runs
    .command('ls')
    .description('list runs, newest first')
    .option('--experiment <name>', 'only of this experiment')
    .option('--filter <expression>', "MLflow's filter: metrics.rmspe < 0.1 and params.lr = '0.05'")
    .option('--order-by <item...>', "MLflow's order: 'metrics.rmspe ASC'")
    .option('--limit <number>', 'at most so many', '50')
    .action(list);
  runs
    .command('export')
    .description('write runs to a table for other programs, with the columns of mlflow.search_runs')
    .requiredOption(
      '--out <file>',
      `the file to be made: ${EXPORT_FORMATS.map(format => `.${format}`).join(', ')}`,
    )
    .option('--experiment <name>', 'only of this experiment')
    .option('--filter <expression>', "MLflow's filter: metrics.rmspe < 0.1 and params.lr = '0.05'")
    .option('--order-by <item...>', "MLflow's order: 'metrics.rmspe ASC'")
    .action(exportTable);
  runs
    .command('show')
    .argument('<run>', 'its id')
    .description('one run with its params, metrics and tags')
    .action(show);
}

interface SearchOptions {
  readonly experiment?: string;
  readonly filter?: string;
  readonly orderBy?: string[];
}

interface ListOptions extends SearchOptions {
  readonly limit: string;
}

async function list(options: ListOptions, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const { items } = await client.call(searchRuns, {
    body: { ...(await searchOf(client, options)), limit: Number(options.limit) },
  });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'ID', value: run => run.id },
      { title: 'NAME', value: run => run.name },
      { title: 'STATUS', value: run => run.status },
      { title: 'STARTED', value: run => formatTime(run.startTime) },
      { title: 'DURATION', value: run => durationOf(run), align: 'right' },
      { title: 'METRICS', value: run => metricsOf(run) },
    ],
    'No runs.',
  );
}

async function exportTable(options: SearchOptions & { out: string }, command: Command): Promise<void> {
  const file = path.resolve(options.out);
  const format = EXPORT_FORMATS.find(known => path.extname(file).toLowerCase() === `.${known}`);
  if (!format)
    throw invalid(
      `--out ${options.out} does not say what to write: its name must end with one of ${EXPORT_FORMATS.map(known => `.${known}`).join(', ')}`,
    );
  const context = new Context(command);
  const client = await context.client();
  const runs = await searchOf(client, options);
  const written = await withProgress(context, (progress, signal) =>
    exportRuns(client, { runs, format, file }, count => progress(`${count} runs written`), signal),
  );
  if (context.json) printJson({ file, format, runs: written });
  else print(`Exported ${written} runs to ${file}`);
}

async function searchOf(client: DaemonClient, { experiment, filter = '', orderBy = [] }: SearchOptions) {
  const experimentIds = experiment === undefined ? [] : [await experimentId(client, experiment)];
  return { experimentIds, filter, orderBy };
}

async function experimentId(client: DaemonClient, name: string): Promise<string> {
  const { items } = await client.call(listExperiments, { query: { limit: 1000 } });
  const found = items.find(experiment => experiment.name === name || experiment.id === name);
  if (found) return found.id;
  throw invalid(`There is no experiment ${name}; see modelthat experiments ls`);
}

function durationOf(run: Run): string {
  return formatDuration((run.endTime ?? Date.now()) - run.startTime);
}

function metricsOf(run: Run): string {
  return Object.entries(run.metrics)
    .slice(0, 4)
    .map(([key, { last }]) => `${key}=${formatNumber(last)}`)
    .join(' ');
}

async function show(runId: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const run = await (await context.client()).call(getRun, { params: { runId } });
  if (context.json) {
    printJson(run);
    return;
  }
  printFields({
    Run: `${run.name} (${run.id})`,
    Experiment: run.experimentId,
    Status: run.status,
    Started: formatTime(run.startTime),
    Duration: durationOf(run),
    Parent: run.parentId,
    Artifacts: run.artifactUri,
  });
  section(
    'Metrics',
    Object.fromEntries(Object.entries(run.metrics).map(([key, { last }]) => [key, formatNumber(last)])),
  );
  section('Params', run.params);
  section('Tags', run.tags);
}

function section(title: string, fields: Readonly<Record<string, string>>): void {
  if (Object.keys(fields).length === 0) return;
  print(`\n${style('bold', title)}`);
  printFields(fields);
}
