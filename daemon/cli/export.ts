/** `modelthat export`. */
import path from 'node:path';
import type { Command } from 'commander';
import { runStoreTask } from '../client/store-task.ts';
import type { ExportOf } from '../contract/archives.ts';
import { formatBytes } from '../contract/display.ts';
import { Context, EXIT_FAILED } from './context.ts';
import { formatDuration, print, printJson, style } from './output.ts';
import { withProgress } from './progress.ts';

export function register(program: Command): void {
  const noun = program
    .command('export')
    .description('put a run, a model or the store into one file, for modelthat import elsewhere');
  const out = (command: Command) => command.requiredOption('--out <file>', 'the archive to be made, a .zip');
  out(noun.command('run').argument('<run>', 'its id'))
    .description('a run with those below it, their artifacts and models')
    .action((run: string, options: Options, command: Command) => pack({ run }, options, command));
  out(noun.command('model').argument('<name>', 'of the registered model'))
    .description('a registered model with its versions, and the runs and executions that led to them')
    .action((model: string, options: Options, command: Command) => pack({ model }, options, command));
  out(noun.command('store'))
    .description('all experiments, runs, models and executions')
    .action((options: Options, command: Command) => pack({ store: true }, options, command));
}

interface Options {
  readonly out: string;
}

async function pack(of: ExportOf, { out }: Options, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const task = { kind: 'export' as const, of, path: path.resolve(out) };
  const { archive } = await withProgress(context, (progress, signal) =>
    runStoreTask(client, task, progress, signal),
  );
  if (context.json) printJson(archive);
  else {
    const { runs, models, files, bytes, milliseconds } = archive;
    print(
      `Exported to ${archive.path}: ${runs} runs, ${models} registered models, ${files} artifacts, ` +
        `${formatBytes(bytes)}, in ${formatDuration(milliseconds)}`,
    );
    for (const artifact of archive.damaged)
      print(`${style('red', 'FAIL')} ${artifact} is damaged in the store, and is not in this archive`);
  }
  if (archive.damaged.length > 0) process.exitCode = EXIT_FAILED;
}
