/** `modelthat store gc`. */
import { type Command, InvalidArgumentError } from 'commander';
import { runStoreTask } from '../client/store-task.ts';
import { formatBytes } from '../contract/display.ts';
import type { Garbage, GarbageKind } from '../contract/housekeeping.ts';
import { readAge } from './age.ts';
import { agreed, asksFirst } from './agree.ts';
import { Context } from './context.ts';
import { formatTime, print, printJson, printTable, say } from './output.ts';
import { withProgress } from './progress.ts';

const SHOWN = 50;

const NOUNS: Readonly<Record<GarbageKind, string>> = {
  run: 'run',
  model: 'logged model',
  experiment: 'experiment',
  files: 'files of nothing',
  leftover: 'leftover',
  backup: 'old backup',
};

export function registerGc(store: Command): void {
  store
    .command('gc')
    .description('delete for good what was moved to the bin long ago, and what nothing refers to')
    .option('--dry-run', 'only say what would go')
    .option(
      '--older-than <age>',
      'what is in the bin for longer: 7d, 12h; by default 30d, or as retention.json in the store says',
      age,
    )
    .option('--runs <id...>', 'only these runs of the bin, however long they are there')
    .option('-y, --yes', 'do not ask')
    .action(gc);
}

/** @returns milliseconds */
function age(text: string): number {
  const read = readAge(text);
  if (read !== undefined) return read;
  throw new InvalidArgumentError('Give a number with m, h, d or w: 12h, 7d.');
}

interface Options {
  readonly dryRun?: boolean;
  readonly olderThan?: number;
  readonly runs?: string[];
  readonly yes?: boolean;
}

async function gc(options: Options, command: Command): Promise<void> {
  const context = new Context(command);
  const asks = asksFirst(options, context, command);
  const client = await context.client();
  const before = options.olderThan === undefined ? undefined : Date.now() - options.olderThan;
  const run = (dryRun: boolean, until = before) =>
    withProgress(context, (progress, signal) =>
      runStoreTask(client, { kind: 'gc', dryRun, before: until, runs: options.runs }, progress, signal),
    );
  const { garbage } = await run(options.yes !== true);
  if (context.json) printJson(garbage);
  else printGarbage(garbage);
  if (!asks || garbage.items.length === 0) return;
  const { length } = garbage.items;
  if (!(await agreed(`Delete ${length === 1 ? 'this' : `these ${length}`} for good?`))) {
    say('Nothing was deleted.');
    return;
  }
  printRemoved((await run(false, garbage.before)).garbage);
}

function printGarbage(garbage: Garbage): void {
  const { items, kept, removed } = garbage;
  const largest = items.toSorted((a, b) => b.bytes - a.bytes);
  printTable(
    largest.slice(0, SHOWN),
    [
      { title: 'SIZE', value: item => formatBytes(item.bytes), align: 'right' },
      { title: 'KIND', value: item => NOUNS[item.kind] },
      { title: 'IN THE BIN SINCE', value: item => formatTime(item.deletedAt) },
      { title: 'ID', value: item => item.id },
      { title: 'NAME', value: item => item.name },
    ],
    `Nothing was moved to the bin before ${formatTime(garbage.before)}, and nothing else is left over.`,
  );
  if (items.length > SHOWN) print(`… and ${items.length - SHOWN} more`);
  for (const { kind, id, name, because } of kept)
    say(`The ${NOUNS[kind]} ${name} (${id}) stays: ${because}.`);
  if (removed) printRemoved(garbage);
  else if (items.length > 0) print(`${items.length} in all, with ${formatBytes(garbage.bytes)} of files`);
}

function printRemoved({ items, bytes, compacted }: Garbage): void {
  print(
    `Deleted ${items.length}: ${formatBytes(bytes)} of files, ${formatBytes(compacted)} of the database.`,
  );
}
