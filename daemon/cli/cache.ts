/** `modelthat gc`, `modelthat cache [use <kind>]`: what is kept of steps, and how. */
import { Argument, type Command, InvalidArgumentError } from 'commander';
import {
  CACHED_OUTPUTS,
  type CachedOutputs,
  keepCachedOutputs,
  keptCachedOutputs,
} from '../client/settings.ts';
import { runStoreTask } from '../client/store-task.ts';
import type { CacheGarbage } from '../contract/cache.ts';
import { formatBytes } from '../contract/display.ts';
import { agreed, asksFirst } from './agree.ts';
import { Context } from './context.ts';
import { formatTime, print, printJson, printTable, say } from './output.ts';
import { withProgress } from './progress.ts';

const SHOWN = 50;

export function register(program: Command): void {
  program
    .command('gc')
    .description(
      'clean the cache of steps: outputs that no pipeline’s newest executions need, and no version',
    )
    .option('--dry-run', 'only say what would go')
    .option(
      '--keep <number>',
      'how many of each pipeline’s newest executions keep what they need; by default 10, or as retention.json in the store says',
      count,
    )
    .option('-y, --yes', 'do not ask')
    .action(gc);
  const cache = program
    .command('cache')
    .description('how outputs of steps are kept: as copies, or as one file with the cache’s')
    .action(show);
  cache
    .command('use')
    .description(
      'choose it, from the daemon’s next start on; hardlinks take no room twice, and cannot be written to',
    )
    .addArgument(new Argument('<kind>').choices(CACHED_OUTPUTS))
    .action(use);
}

function count(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}

interface Options {
  readonly dryRun?: boolean;
  readonly keep?: number;
  readonly yes?: boolean;
}

async function gc(options: Options, command: Command): Promise<void> {
  const context = new Context(command);
  const asks = asksFirst(options, context, command);
  const client = await context.client();
  const run = (dryRun: boolean) =>
    withProgress(context, (progress, signal) =>
      runStoreTask(client, { kind: 'cache', dryRun, executions: options.keep }, progress, signal),
    );
  const { garbage } = await run(options.yes !== true);
  if (context.json) printJson(garbage);
  else printGarbage(garbage);
  if (!asks || garbage.results.length + garbage.strays.count === 0) return;
  if (await agreed(`Take ${formatBytes(garbage.bytes)} out of the cache for good?`))
    printRemoved((await run(false)).garbage);
  else say('Nothing was deleted.');
}

function printGarbage(garbage: CacheGarbage): void {
  const { results, strays, kept, executions, removed } = garbage;
  printTable(
    results.toSorted((a, b) => b.bytes - a.bytes).slice(0, SHOWN),
    [
      { title: 'SIZE', value: result => formatBytes(result.bytes), align: 'right' },
      { title: 'STEP', value: result => result.step },
      { title: 'OF', value: result => result.execution },
      { title: 'MADE', value: result => formatTime(result.endTime) },
      { title: 'FILE', value: result => result.file },
    ],
    'Every result in the cache is needed.',
  );
  if (results.length > SHOWN) print(`… and ${results.length - SHOWN} more`);
  if (strays.count > 0) print(`${strays.count} files of interrupted work, ${formatBytes(strays.bytes)}`);
  say(
    `${kept.results} results with ${formatBytes(kept.bytes)} stay: those of the newest ${executions} executions of each pipeline, of those that go on, and of those with a version.`,
  );
  if (removed) printRemoved(garbage);
  else print(`${formatBytes(garbage.bytes)} in all`);
}

function printRemoved({ results, bytes }: CacheGarbage): void {
  print(`Deleted ${results.length} results: ${formatBytes(bytes)}.`);
}

function show(_options: unknown, command: Command): void {
  const context = new Context(command);
  const outputs = keptCachedOutputs(context.place.state);
  if (context.json) printJson({ outputs });
  else print(outputs);
}

async function use(outputs: CachedOutputs, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  keepCachedOutputs(context.place.state, outputs);
  const running = (await context.running()) !== undefined;
  if (context.json) printJson({ outputs, takesEffect: running ? 'after a restart' : 'at the next start' });
  else
    print(
      `Outputs are kept as ${outputs}${running ? ' once the daemon is started again (modelthat stop)' : ''}.`,
    );
}
