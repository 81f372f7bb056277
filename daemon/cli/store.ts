/** `modelthat store du | gc | verify | backup | restore`. */
import path from 'node:path';
import type { Command } from 'commander';
import { runOffline, runStoreTask } from '../client/store-task.ts';
import { formatBytes } from '../contract/display.ts';
import type { StoreUsage, Verification } from '../contract/housekeeping.ts';
import { Context, EXIT_FAILED, offlineProgram } from './context.ts';
import { formatDuration, formatTime, print, printJson, printTable, say, style } from './output.ts';
import { withProgress } from './progress.ts';
import { registerGc } from './store-gc.ts';

export function register(program: Command): void {
  const store = program.command('store').description('size, integrity, clean-up and backups of the store');
  store.command('du').description('what the store takes, by experiment and by part').action(du);
  registerGc(store);
  store
    .command('verify')
    .description('read the whole store, and name what is not as it was written')
    .action(verify);
  store
    .command('backup')
    .argument('[folder]', 'to be made; by default a new one among the backups in the store')
    .description('back up the store while it is in use')
    .action(backup);
  store
    .command('restore')
    .argument('<backup>', 'folder of the backup')
    .option('--to <store>', 'the store to be made, instead of the one of the current folder')
    .option('--force', 'move a store that is there aside')
    .description('make a store from a backup')
    .action(restore);
}

async function du(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const { usage } = await withProgress(context, (progress, signal) =>
    runStoreTask(client, { kind: 'usage' }, progress, signal),
  );
  if (context.json) {
    printJson(usage);
    return;
  }
  printUsage(usage);
}

function printUsage({ store, total, parts, experiments, free, artifacts }: StoreUsage): void {
  const size = (bytes: number) => (bytes === 0 ? '' : formatBytes(bytes));
  printTable(
    experiments.map(each => ({ ...each, total: each.database + each.artifacts + each.models })),
    [
      { title: 'TOTAL', value: each => size(each.total), align: 'right' },
      { title: 'ARTIFACTS', value: each => size(each.artifacts), align: 'right' },
      { title: 'MODELS', value: each => size(each.models), align: 'right' },
      { title: 'DATABASE', value: each => size(each.database), align: 'right' },
      { title: 'RUNS', value: each => each.runs, align: 'right' },
      { title: 'POINTS', value: each => each.points, align: 'right' },
      {
        title: 'EXPERIMENT',
        value: each => `${each.name}${each.lifecycle === 'deleted' ? ' (in the bin)' : ''}`,
      },
    ],
  );
  print('');
  const where = (name: string) => (name === 'artifacts' ? `artifacts (${artifacts})` : name);
  printTable(
    [
      ...parts.map(({ name, bytes, shared }) => ({
        bytes,
        what: shared ? `${name}, of all stores` : where(name),
      })),
      { bytes: total, what: `in all: ${store}` },
    ],
    [
      { title: 'SIZE', value: part => formatBytes(part.bytes), align: 'right' },
      { title: 'PART', value: part => part.what },
    ],
  );
  if (free > 0)
    say(
      `${formatBytes(free)} in the database are free, and used again or given back by \`modelthat store gc\`.`,
    );
}

async function verify(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const running = await context.running();
  const { verification } = await withProgress(context, (progress, signal) =>
    running
      ? runStoreTask(running.client, { kind: 'verify' }, progress, signal)
      : runOffline(offlineProgram(), { kind: 'verify', store: context.store }, progress),
  );
  if (context.json) printJson(verification);
  else printVerification(verification);
  if (verification.database.length + verification.artifacts.length > 0) process.exitCode = EXIT_FAILED;
}

function printVerification({ database, artifacts, files, bytes, unrecorded, skipped }: Verification): void {
  const mark = (bad: number) => (bad === 0 ? style('green', 'ok  ') : style('red', 'FAIL'));
  print(`${mark(database.length)} database`);
  for (const problem of database) print(`     ${problem}`);
  print(`${mark(artifacts.length)} artifacts: ${files} read, ${formatBytes(bytes)}`);
  for (const { path: file, problem } of artifacts) print(`     ${file}: ${problem}`);
  if (unrecorded > 0)
    print(`     ${unrecorded} more came here another way than by an upload: nothing is known of them`);
  for (const what of skipped) print(`${style('yellow', 'warn')} not checked: ${what}`);
}

async function backup(folder: string | undefined, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const task = { kind: 'backup' as const, path: folder === undefined ? undefined : path.resolve(folder) };
  const { backup: made } = await withProgress(context, (progress, signal) =>
    runStoreTask(client, task, progress, signal),
  );
  if (context.json) printJson(made);
  else {
    print(
      `Backed up to ${made.path}: ${made.files} files, ${formatBytes(made.bytes)}, in ${formatDuration(made.milliseconds)}`,
    );
    for (const artifact of made.damaged)
      print(`${style('red', 'FAIL')} ${artifact} is damaged in the store, and is not in this backup`);
  }
  if (made.damaged.length > 0) process.exitCode = EXIT_FAILED;
}

async function restore(
  from: string,
  options: { to?: string; force?: boolean },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const store = options.to === undefined ? context.store : path.resolve(options.to);
  const task = {
    kind: 'restore' as const,
    store,
    backup: path.resolve(from),
    force: options.force === true,
  };
  const { restored } = await withProgress(context, progress => runOffline(offlineProgram(), task, progress));
  if (context.json) {
    printJson(restored);
    return;
  }
  print(
    `Restored ${restored.store} as it was at ${formatTime(restored.madeAt)}: ${restored.files} files, ${formatBytes(restored.bytes)}`,
  );
  if (restored.movedTo !== null) print(`What was there before is now at ${restored.movedTo}`);
}
