/** `modelthat import`. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { createLogUpdate } from 'log-update';
import type { DaemonClient } from '../client/client.ts';
import { ARCHIVE_LIMITS } from '../contract/archives.ts';
import { formatBytes } from '../contract/display.ts';
import {
  cancelImport,
  getImport,
  type Import,
  SOURCE_NAMES,
  startImport,
  type Tally,
} from '../contract/imports.ts';
import { Context, EXIT_FAILED } from './context.ts';
import { formatDuration, print, printJson, printTable, say, style } from './output.ts';

const LOOK_EVERY_MS = 200;

/** Problems that are printed; `--json` has more. */
const SHOWN_PROBLEMS = 20;

export function register(program: Command): void {
  program
    .command('import')
    .argument(
      '[path]',
      'an mlruns folder, an mlflow.db, a FastTrackML database, an .aim folder, a folder with one, or an archive (modelthat export)',
      '.',
    )
    .description('bring the runs, models and artifacts of another tracker, or of an archive, into this store')
    .option('--dry-run', 'only read and count')
    .option('--experiment-prefix <text>', 'put before the names of experiments', '')
    .option('--model-prefix <text>', 'put before the names of registered models', '')
    .option('--artifacts <folder...>', 'further folders whose artifacts may be copied', [])
    .option('--python <path>', 'a Python that has the package aim, to read an Aim repository')
    .option(
      '--max-bytes <number>',
      'the most that an archive may come to unpacked',
      parseCount,
      ARCHIVE_LIMITS.bytes,
    )
    .option(
      '--max-files <number>',
      'the most files that an archive may have',
      parseCount,
      ARCHIVE_LIMITS.files,
    )
    .action(run);
}

function parseCount(text: string): number {
  if (/^[1-9]\d{0,15}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Write a whole number, such as 5000000000.');
}

interface ImportOptions {
  readonly dryRun?: boolean;
  readonly experimentPrefix: string;
  readonly modelPrefix: string;
  readonly artifacts: readonly string[];
  readonly python?: string;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

async function run(given: string, options: ImportOptions, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const started = await client.call(startImport, {
    body: {
      path: path.resolve(given),
      artifacts: options.artifacts.map(folder => path.resolve(folder)),
      experimentPrefix: options.experimentPrefix,
      modelPrefix: options.modelPrefix,
      dryRun: options.dryRun === true,
      maxBytes: options.maxBytes,
      maxFiles: options.maxFiles,
      ...(options.python === undefined ? {} : { python: programPath(options.python) }),
    },
  });
  const ended = await follow(client, started, context.json);
  if (context.json) printJson(ended);
  else tell(ended);
  if (ended.state !== 'finished' || ended.problemCount > 0) process.exitCode = EXIT_FAILED;
}

/** A name stays one, to be found on the PATH; a path is one of this shell's folder. */
function programPath(given: string): string {
  return path.basename(given) === given ? given : path.resolve(given);
}

/** Watches an import to its end, which Ctrl-C brings about. */
async function follow(client: DaemonClient, started: Import, json: boolean): Promise<Import> {
  const update =
    !json && process.stderr.isTTY && !process.env.CI ? createLogUpdate(process.stderr) : undefined;
  const input = { params: { importId: started.id } };
  const cancel = () => void client.call(cancelImport, { ...input, body: {} }).catch(() => {});
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, cancel);
  try {
    let now = started;
    while (now.state === 'running') {
      update?.(progressLine(now));
      await sleep(LOOK_EVERY_MS);
      now = await client.call(getImport, input);
    }
    return now;
  } finally {
    update?.clear();
    for (const signal of signals) process.off(signal, cancel);
  }
}

function progressLine({ path: source, progress, counts }: Import): string {
  const runs = `${progress.runs} of ${progress.of} runs`;
  return `${style('cyan', '…')} ${source}  ${runs}, ${counts.points} points, ${formatBytes(counts.bytes)} of artifacts`;
}

function tell(ended: Import): void {
  const { counts, problems, problemCount } = ended;
  const rows = (
    [
      ['experiments', counts.experiments],
      ['runs', counts.runs],
      ['logged models', counts.loggedModels],
      ['registered models', counts.models],
      ['versions', counts.versions],
      ['executions', counts.executions],
      ['artifacts', counts.files],
    ] as [string, Tally][]
  ).map(([noun, tally]) => ({ noun, ...tally }));
  printTable(rows, [
    { title: '', value: row => row.noun },
    { title: ended.dryRun ? 'WOULD BE ADDED' : 'ADDED', value: row => row.made, align: 'right' },
    { title: 'CHANGED', value: row => row.changed, align: 'right' },
    { title: 'WERE THERE', value: row => row.same, align: 'right' },
  ]);
  for (const { place, line, message } of problems.slice(0, SHOWN_PROBLEMS))
    say(`${style('yellow', plain(place))}${line === undefined ? '' : `:${line}`}: ${plain(message)}`);
  if (problemCount > SHOWN_PROBLEMS)
    say(`… and ${problemCount - SHOWN_PROBLEMS} more that were left out; --json lists them.`);
  for (const note of ended.notes) say(`Note: ${plain(note)}`);
  print(outcomeLine(ended));
}

function outcomeLine(ended: Import): string {
  const { state, message, counts, problemCount } = ended;
  const what = `${SOURCE_NAMES[ended.kind]} ${ended.path}`;
  const amount = `${counts.points} points, ${formatBytes(counts.bytes)} of artifacts, ${formatDuration((ended.endTime ?? Date.now()) - ended.startTime)}`;
  if (state === 'failed') return `The import of ${what} failed: ${message}`;
  if (state === 'cancelled') return `The import of ${what} was cancelled; what is above was kept.`;
  if (ended.dryRun) return `Nothing was written: a dry run of ${what} (${amount}).`;
  return `Imported ${what} (${amount})${problemCount > 0 ? `; ${problemCount} things were left out` : ''}.`;
}

/** Without what would steer the terminal: names come from a foreign store. */
function plain(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}
