/** `modelthat run | plan | resume`. */
import fs from 'node:fs';
import path from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { DaemonClient } from '../client/client.ts';
import { formatBytes } from '../contract/display.ts';
import {
  type Concurrency,
  EXIT,
  type Execution,
  getStepLog,
  PIPELINE_FILES,
  planExecution,
  resumeExecution,
  startExecution,
} from '../contract/pipelines.ts';
import { Context } from './context.ts';
import { findExecution } from './find-execution.ts';
import { follow } from './follow.ts';
import { formatDuration, formatNumber, print, printJson, printTable, say, style } from './output.ts';
import { sayProblems, tellingProblems } from './problems.ts';

/** What is looked for when no file is named, from the current folder upwards. */
const NAMES = 'modelthat.yaml or dvc.yaml';

/** How much of a failed step's log is shown. */
const SHOWN_LINES = 20;
const SHOWN_BYTES = 64_000;

export function register(program: Command): void {
  const asked = (command: Command) =>
    command
      .option('--set <name=value>', 'a parameter for this run: lr=0.05, model.depth=3', collect, {})
      .option(
        '--only <step>',
        'only this step, or group of steps (can be repeated); what it needs is taken as done',
        append,
        [],
      )
      .option('--from <step>', 'only this step and all that need it (can be repeated)', append, [])
      .option('--force', 'also what nothing has changed for that it depends on')
      .option(
        '--python <path>',
        'the Python whose environment a pipeline runs in that names none; by default of the environment that is active',
      );
  const started = (command: Command) =>
    command
      .option('--queue', 'while the pipeline runs already, wait for that to end instead of failing')
      .option('--detach', 'start it, print its id, and do not wait')
      .addHelpText('after', describeExitCodes());
  started(asked(program.command('run [file]')))
    .description('run a pipeline, by default the nearest modelthat.yaml or dvc.yaml')
    .action(run);
  started(program.command('resume [execution]'))
    .description(
      'run what is left of an execution that did not succeed, with its parameters; by default of the newest',
    )
    .action(resume);
  asked(program.command('plan [file]'))
    .description('show what `run` would do, in order, and the problems in the definition')
    .action(plan);
}

function describeExitCodes(): string {
  const { ok, failed, badDefinition, gateFailed, rejected, cancelled } = EXIT;
  return `
Exit codes: ${ok} succeeded, ${failed} a step failed, ${badDefinition} the definition is bad, ${gateFailed} a gate failed,
${rejected} an approval was rejected, ${cancelled} cancelled. Ctrl-C cancels; a second one ends by force.`;
}

/** Collects `name=value` options. */
function collect(text: string, all: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.');
  return { ...all, [text.slice(0, at)]: text.slice(at + 1) };
}

function append(text: string, all: readonly string[]): string[] {
  return [...all, text];
}

/** What is asked for. */
interface Asked {
  readonly set: Record<string, string>;
  readonly only: string[];
  readonly from: string[];
  readonly force?: boolean;
  readonly python?: string;
}

/** How it is started. */
interface Started {
  readonly queue?: boolean;
  readonly detach?: boolean;
}

function requestOf(file: string, { set, only, from, force = false, python: named }: Asked) {
  const python = named === undefined ? activePython() : path.resolve(named);
  return {
    ...{ file, set, force, python },
    ...(only.length > 0 && { only }),
    ...(from.length > 0 && { from }),
  };
}

/** The Python of the environment that the terminal has activated, as `python` would be. */
function activePython(): string | undefined {
  const root = process.env.VIRTUAL_ENV || process.env.CONDA_PREFIX;
  if (!root) return undefined;
  const programs = process.platform === 'win32' ? ['Scripts/python.exe', 'python.exe'] : ['bin/python'];
  return programs.map(program => path.join(root, program)).find(program => fs.existsSync(program));
}

function concurrencyOf({ queue }: Started): Concurrency {
  return queue ? 'queue' : 'skip';
}

async function run(named: string | undefined, options: Asked & Started, command: Command): Promise<void> {
  const file = findPipelineFile(named, command);
  const context = new Context(command, path.dirname(file));
  await tellingProblems(command, context, async () => {
    const client = await context.client();
    const body = requestOf(file, options);
    const { problems } = await client.call(planExecution, { body });
    if (!context.json) sayProblems(problems);
    const concurrency = concurrencyOf(options);
    await see(context, await client.call(startExecution, { body: { ...body, concurrency } }), options);
  });
}

async function resume(named: string | undefined, options: Started, command: Command): Promise<void> {
  const context = new Context(command);
  await tellingProblems(command, context, async () => {
    const client = await context.client();
    const { id: executionId } = await findExecution(client, named);
    const body = { concurrency: concurrencyOf(options) };
    await see(context, await client.call(resumeExecution, { params: { executionId }, body }), options);
  });
}

/** Shows an execution to its end, unless it is only to be started. */
async function see(context: Context, started: Execution, { detach }: Started): Promise<void> {
  if (detach) {
    if (context.json) printJson(started);
    else print(started.id);
    return;
  }
  const execution = await follow(context, started.id);
  process.exitCode = execution.exitCode ?? EXIT.failed;
  if (context.json) printJson(execution);
  else await printOutcome(await context.client(), execution);
}

async function plan(named: string | undefined, options: Asked, command: Command): Promise<void> {
  const file = findPipelineFile(named, command);
  const context = new Context(command, path.dirname(file));
  await tellingProblems(command, context, async () => {
    const body = requestOf(file, options);
    const planned = await (await context.client()).call(planExecution, { body });
    if (context.json) {
      printJson(planned);
      return;
    }
    sayProblems(planned.problems);
    printTable(planned.steps, [
      { title: 'STEP', value: step => step.name },
      { title: 'DOES', value: step => step.action },
      {
        title: 'TAKES',
        value: ({ action, estimate }) => (action === 'run' ? takes(estimate) : ''),
        align: 'right',
      },
      { title: 'WHY', value: step => step.reason },
      { title: 'AFTER', value: step => step.needs.join(', ') },
      { title: 'COMMAND', value: step => step.command?.replaceAll('\n', '; ') },
    ]);
    if (planned.criticalPath.length > 0)
      say(`takes ${takes(planned.estimate)}: ${planned.criticalPath.join(' → ')}`);
  });
}

/** How long something took when it last ended well. */
function takes(estimate: number | null): string {
  return estimate === null ? 'unknown' : formatDuration(estimate);
}

/** The definition to run; ends the command as misused when there is none. */
export function findPipelineFile(named: string | undefined, command: Command): string {
  const file = named === undefined ? nearestFile() : namedFile(path.resolve(named));
  return file ?? command.error(whyNone(named), { exitCode: EXIT.badDefinition });
}

function nearestFile(): string | undefined {
  for (let folder = process.cwd(); ; folder = path.dirname(folder)) {
    const found = fileIn(folder);
    if (found || folder === path.dirname(folder)) return found;
  }
}

/** The file itself, or the one in the folder of that name. */
function namedFile(named: string): string | undefined {
  const found = fs.statSync(named, { throwIfNoEntry: false });
  return found?.isDirectory() ? fileIn(named) : found && named;
}

function fileIn(folder: string): string | undefined {
  return PIPELINE_FILES.map(name => path.join(folder, name)).find(file => fs.existsSync(file));
}

function whyNone(named: string | undefined): string {
  if (named === undefined)
    return `There is no ${NAMES} here or above. Create one, or name a file: modelthat run path/to/it.yaml`;
  return fs.existsSync(named)
    ? `There is no ${NAMES} in the folder “${named}”. Create one, or name a file.`
    : `There is no file “${named}”. Create it, or name another one.`;
}

/** Prints how an execution ended: a table of its steps, the versions it made, and what went wrong. */
export async function printOutcome(client: DaemonClient, execution: Execution): Promise<void> {
  printTable(execution.steps, [
    { title: 'STEP', value: step => step.name },
    { title: 'STATUS', value: step => step.reused ?? step.status },
    { title: 'TIME', value: step => duration(step), align: 'right' },
    { title: 'CPU', value: ({ usage }) => usage && formatDuration(usage.cpuSeconds * 1000), align: 'right' },
    {
      title: 'MEMORY',
      value: ({ usage }) => (usage?.peakMemory ? formatBytes(usage.peakMemory) : ''),
      align: 'right',
    },
    { title: 'METRIC', value: ({ metric }) => metric && `${metric.key} ${formatNumber(metric.value)}` },
    { title: 'MESSAGE', value: step => step.message.split('\n', 1)[0] },
  ]);
  for (const { name, version, stage } of execution.versions) print(`${name} version ${version}: ${stage}`);
  for (const step of execution.steps) {
    if (step.status === 'failed' && step.exitCode !== 0) await sayEnd(client, execution.id, step.name);
  }
  const took = formatDuration((execution.endTime ?? Date.now()) - execution.startTime);
  const colour = execution.status === 'succeeded' ? 'green' : 'red';
  say(`${style(colour, execution.status)} in ${took}${execution.message && `: ${execution.message}`}`);
}

/** Says the last lines of a step's log. */
async function sayEnd(client: DaemonClient, executionId: string, step: string): Promise<void> {
  const query = { tail: SHOWN_BYTES };
  const { text } = await client.call(getStepLog, { params: { executionId, step }, query });
  const lines = text
    .split('\n')
    .map(asDrawn)
    .slice(-SHOWN_LINES - 1);
  say(`${style('bold', step)} ended with:`);
  for (const line of lines.filter(line => line.trim() !== '')) say(`  ${line}`);
}

/** A line as a terminal shows it: what carriage returns drew over, progress bars for one, is left out. */
function asDrawn(line: string): string {
  return line.split('\r').findLast(part => part !== '') ?? '';
}

function duration({ startTime, endTime }: { startTime: number | null; endTime: number | null }): string {
  return startTime === null || endTime === null ? '' : formatDuration(endTime - startTime);
}
