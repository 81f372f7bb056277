/** `modelthat experiments ls`. */
import type { Command } from 'commander';
import { listExperiments } from '../contract/runs.ts';
import { Context } from './context.ts';
import { formatTime, printJson, printTable } from './output.ts';

export function register(program: Command): void {
  program
    .command('experiments')
    .description('experiments of this store')
    .command('ls')
    .description('list experiments, newest activity first')
    .action(list);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listExperiments, { query: {} });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'ID', value: experiment => experiment.id },
      { title: 'NAME', value: experiment => experiment.name },
      { title: 'RUNS', value: experiment => experiment.runCount, align: 'right' },
      { title: 'RUNNING', value: experiment => experiment.runningCount, align: 'right' },
      { title: 'LAST RUN', value: experiment => formatTime(experiment.lastRunAt) },
    ],
    'No experiments yet. Run a training script in a terminal with: eval "$(modelthat env)"',
  );
}
