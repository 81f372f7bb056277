/** `modelthat schedules ls | on | off`. */
import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import {
  type Automation,
  type AutomationKind,
  listAutomations,
  switchAutomation,
} from '../contract/automations.ts';
import { missing } from '../contract/errors.ts';
import { Context } from './context.ts';
import { formatTime, print, printJson, printTable } from './output.ts';
import { findPipelineFile } from './run.ts';

export function register(program: Command): void {
  const noun = program
    .command('schedules')
    .description('schedules and triggers, which start pipelines once they are on, as long as a daemon runs');
  noun.command('ls').description('list what pipelines declare, and what is on').action(list);
  for (const word of ['on', 'off'] as const) {
    noun
      .command(`${word} [file]`)
      .description(`turn the schedule and the triggers of a pipeline ${word}, by default of the nearest one`)
      .option('--schedule', 'only its schedule')
      .option('--triggers', 'only its triggers')
      .action((file: string | undefined, options: SwitchOptions, command: Command) =>
        turn(command, file, options, word === 'on'),
      );
  }
}

interface SwitchOptions {
  readonly schedule?: boolean;
  readonly triggers?: boolean;
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listAutomations, {});
  if (context.json) printJson(items);
  else show(items);
}

async function turn(
  command: Command,
  named: string | undefined,
  options: SwitchOptions,
  on: boolean,
): Promise<void> {
  // One whose file is gone can still be turned off.
  const isGone = !on && named !== undefined && !fs.existsSync(named);
  const file = realPath(isGone ? path.resolve(named) : findPipelineFile(named, command));
  const context = new Context(command, path.dirname(file));
  const client = await context.client();
  const declared = (await client.call(listAutomations, {})).items.filter(each => each.file === file);
  const kinds = asked(options) ?? declared.map(({ kind }) => kind);
  if (kinds.length === 0) throw missing(`“${file}” declares no schedule and no triggers.`);
  const items: Automation[] = [];
  for (const kind of kinds) items.push(await client.call(switchAutomation, { body: { file, kind, on } }));
  if (context.json) printJson(items);
  else show(items);
}

/** As the daemon has it; one that is gone as it is named. */
function realPath(file: string): string {
  return fs.existsSync(file) ? fs.realpathSync(file) : file;
}

/** The kinds that options name; undefined when they name none. */
function asked({ schedule, triggers }: SwitchOptions): AutomationKind[] | undefined {
  const kinds: AutomationKind[] = [
    ...(schedule ? ['schedule' as const] : []),
    ...(triggers ? ['triggers' as const] : []),
  ];
  return kinds.length > 0 ? kinds : undefined;
}

function show(items: readonly Automation[]): void {
  printTable(
    items,
    [
      { title: 'PIPELINE', value: ({ pipeline }) => pipeline },
      { title: 'KIND', value: ({ kind }) => kind },
      { title: 'WHEN', value: ({ description }) => description },
      { title: 'ON', value: ({ on }) => (on ? 'on' : 'off') },
      { title: 'NEXT', value: ({ next }) => formatTime(next) },
      { title: 'LAST', value: ({ last }) => last && `${formatTime(last.time)} ${last.because}` },
      { title: 'FILE', value: ({ file }) => path.relative(process.cwd(), file) },
    ],
    'No pipeline of this workspace declares a schedule or triggers.',
  );
  for (const { pipeline, kind, last, problem } of items) {
    if (problem) print(`${pipeline} ${kind}: ${problem}`);
    if (last?.message) print(`${pipeline} ${kind}: not started at ${formatTime(last.time)}: ${last.message}`);
  }
}
