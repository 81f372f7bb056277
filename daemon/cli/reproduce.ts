/** `modelthat reproduce | reproductions`. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import type { DaemonClient } from '../client/client.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import {
  type Comparison,
  DEFAULT_TOLERANCE,
  getReproduction,
  listReproductions,
  REPRODUCE_EXIT,
  type Reproduction,
  type ReproductionOf,
  startReproduction,
  VOLATILE_NAMES,
} from '../contract/reproductions.ts';
import { Context } from './context.ts';
import { follow } from './follow.ts';
import { formatTime, print, printJson, printTable, say, style } from './output.ts';

const LOOK_EVERY_MS = 100;

/** Differences of one thing that are printed; `--json` has more. */
const SHOWN_DIFFERENCES = 3;

const WHAT = 'a run or an execution by its id, or a version of a model as name/version';

export function register(program: Command): void {
  program
    .command('reproduce')
    .argument('<what>', WHAT)
    .description(
      'run again what led to a result, in a clean copy of its code with its data, parameters and packages, and say ' +
        'whether it comes to the same',
    )
    .option(
      '--tolerance <number>',
      `how far numbers may differ, relative to the larger one; ${DEFAULT_TOLERANCE} unless it is given`,
      parseTolerance,
      DEFAULT_TOLERANCE,
    )
    .option(
      '--volatile <name>',
      'a field or metric that is another each time by its nature, * for any characters (can be repeated)',
      append,
      [],
    )
    .option('--detach', 'start it, print its id, and do not wait')
    .addHelpText('after', describe())
    .action(reproduce);
  program
    .command('reproductions')
    .argument('[what]', `only those of ${WHAT}`)
    .description('what was run again, and the verdicts, newest first')
    .action(list);
}

function describe(): string {
  const { same, different, impossible, cancelled } = REPRODUCE_EXIT;
  return `
Exit codes: ${same} identical or equal within the tolerance, ${different} different, ${impossible} it cannot be reproduced, ${cancelled} cancelled.
Volatile unless more are named: ${VOLATILE_NAMES.join(', ')}; and what MLmodel says of when and where it was logged.`;
}

function parseTolerance(text: string): number {
  const tolerance = Number(text);
  if (text.trim() !== '' && tolerance >= 0 && tolerance <= 1) return tolerance;
  throw new InvalidArgumentError('Write a number from 0 to 1, such as 1e-6.');
}

function append(text: string, all: readonly string[]): string[] {
  return [...all, text];
}

interface Options {
  readonly tolerance: number;
  readonly volatile: string[];
  readonly detach?: boolean;
}

/** What a person means. @throws ApiError INVALID_PARAMETER_VALUE when it is none of these */
function parseWhat(text: string): ReproductionOf {
  const [, model, version] = /^(.+)\/([1-9]\d*)$/.exec(text) ?? [];
  if (model && version) return { model, version: Number(version) };
  if (/^[0-9a-f]{32}$/.test(text)) return { run: text };
  if (/^[0-9a-f]{12}$/.test(text)) return { execution: text };
  throw invalid(`“${text}” is none of these: ${WHAT} (such as sales/3).`);
}

/** Whatever keeps it from being run again has an exit code of its own: 1 is a verdict. */
async function reproduce(what: string, options: Options, command: Command): Promise<void> {
  const context = new Context(command);
  try {
    await runAgain(context, parseWhat(what), options);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    say(context.json ? JSON.stringify(error.toBody()) : `modelthat: ${error.message}`);
    process.exitCode = REPRODUCE_EXIT.impossible;
  }
}

async function runAgain(context: Context, of: ReproductionOf, options: Options): Promise<void> {
  const { tolerance, volatile, detach = false } = options;
  const client = await context.client();
  const started = await client.call(startReproduction, { body: { of, tolerance, volatile } });
  if (detach) {
    if (context.json) printJson(started);
    else print(started.id);
    return;
  }
  if (!context.json) say(`running ${started.name} again, apart from your files`);
  await follow(context, started.id);
  const ended = await judged(client, started.id);
  process.exitCode = exitCodeOf(ended);
  if (context.json) printJson(ended);
  else tell(ended);
}

/** The verdict is there a moment after the execution has ended. */
async function judged(client: DaemonClient, reproductionId: string): Promise<Reproduction> {
  for (;;) {
    const found = await client.call(getReproduction, { params: { reproductionId } });
    if (found.status !== 'running') return found;
    await sleep(LOOK_EVERY_MS);
  }
}

function exitCodeOf({ status, verdict }: Reproduction): number {
  if (status === 'cancelled') return REPRODUCE_EXIT.cancelled;
  if (verdict === null) return REPRODUCE_EXIT.impossible;
  return verdict === 'different' ? REPRODUCE_EXIT.different : REPRODUCE_EXIT.same;
}

const COLOURS = { identical: 'green', equal: 'green', different: 'red' } as const;

function tell({ comparisons, causes, verdict, status, message, tolerance }: Reproduction): void {
  printTable(comparisons, [
    { title: 'STEP', value: each => each.step },
    { title: 'KIND', value: each => each.kind },
    { title: 'NAME', value: each => each.name },
    { title: 'IS', value: each => each.result },
    { title: 'NOTE', value: noteOf },
  ]);
  if (causes.length > 0) print(`\n${style('bold', 'What could have made the difference')}`);
  for (const { kind, same, message: found } of causes)
    print(`  ${same === null ? '?' : same ? '=' : '≠'} ${kind}: ${found}`);
  const word = verdict ?? status;
  if (verdict === 'equal') say(`The tolerance is ${tolerance}, relative to the larger number.`);
  print(`\n${verdict ? style(COLOURS[verdict], message) : `${word}: ${message}`}`);
}

function noteOf({ message, volatile, differences }: Comparison): string {
  const shown = differences
    .slice(0, SHOWN_DIFFERENCES)
    .map(({ field, before, now }) => `${field && `${field}: `}${before} → ${now}`);
  const more = differences.length > SHOWN_DIFFERENCES ? ['…'] : [];
  const by = volatile.length > 0 ? [`volatile: ${volatile.join(', ')}`] : [];
  return [message, ...shown, ...more, ...by].filter(Boolean).join('; ');
}

async function list(what: string | undefined, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const query = what === undefined ? {} : parseWhat(what);
  const { items } = await client.call(listReproductions, { query });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'REPRODUCTION', value: each => each.id },
      { title: 'OF', value: each => each.name },
      { title: 'STARTED', value: each => formatTime(each.startTime) },
      { title: 'VERDICT', value: each => each.verdict ?? each.status },
      { title: 'MESSAGE', value: each => each.message },
    ],
    'Nothing was reproduced yet. Begin with: modelthat reproduce <run>',
  );
}
