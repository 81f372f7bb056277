/** `modelthat executions ls | show | versions | logs | cancel`, `modelthat approve`, `modelthat reject`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import type { DaemonClient } from '../client/client.ts';
import {
  type CodeVersion,
  cancelExecution,
  decideStep,
  describeStart,
  ENVIRONMENT_LOG,
  getStepLog,
  getStepVersions,
  listExecutions,
} from '../contract/pipelines.ts';
import { Context } from './context.ts';
import { findExecution } from './find-execution.ts';
import { formatDuration, formatTime, print, printJson, printTable, say, style } from './output.ts';
import { printOutcome } from './run.ts';

const FOLLOW_MS = 250;

export function register(program: Command): void {
  const noun = program.command('executions').description('executions of pipelines');
  noun.command('ls').description('list executions, newest first').action(list);
  noun.command('show [execution]').description('one execution, by default the newest').action(show);
  noun
    .command('versions <execution> <step>')
    .description('which data, code, parameters and environment a step worked with')
    .action(versions);
  noun
    .command('logs [execution] [step]')
    .description('what the steps of an execution printed, by default of the newest')
    .option('-f, --follow', 'go on until the execution has ended')
    .action(logs);
  noun
    .command('cancel <execution>')
    .description('end an execution: its processes are asked to end, and ended by force after a grace period')
    .option('--force', 'end them by force at once')
    .action(cancel);
  for (const decision of ['approve', 'reject'] as const) {
    program
      .command(`${decision} <execution> <step>`)
      .description(`${decision} a step that waits for a person`)
      .option('--reason <text>', 'why; kept with the step', '')
      .action((execution: string, step: string, { reason }: { reason: string }, command: Command) =>
        decide(command, { execution, step, decision, reason }),
      );
  }
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listExecutions, { query: {} });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'EXECUTION', value: execution => execution.id },
      { title: 'PIPELINE', value: execution => execution.pipeline },
      { title: 'STATUS', value: execution => execution.status },
      { title: 'STARTED', value: execution => formatTime(execution.startTime) },
      { title: 'BY', value: ({ startedBy }) => describeStart(startedBy) },
      {
        title: 'TIME',
        value: ({ startTime, endTime }) => formatDuration((endTime ?? Date.now()) - startTime),
        align: 'right',
      },
      { title: 'MESSAGE', value: execution => execution.message.split('\n', 1)[0] },
    ],
    'No executions yet. Start one with: modelthat run',
  );
}

async function show(id: string | undefined, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const execution = await findExecution(client, id);
  if (context.json) {
    printJson(execution);
    return;
  }
  if (execution.code) printCode(execution.code);
  await printOutcome(client, execution);
}

function printCode({ commit, branch, dirty, ref, archive, remarks }: CodeVersion): void {
  const place = [branch, commit?.slice(0, 10)].filter(Boolean).join(' ');
  const changes = dirty ? ' with changes' : '';
  if (ref !== null) print(`code: ${place}${changes} (git diff ${ref})`);
  else if (archive !== null) print(`code: ${archive.slice(0, 10)} in the cache`);
  for (const remark of remarks) print(`code: ${remark}`);
}

async function versions(
  executionId: string,
  step: string,
  _options: unknown,
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const { versions } = await client.call(getStepVersions, { params: { executionId, step } });
  if (context.json) {
    printJson(versions);
    return;
  }
  const { deps = {}, code = {}, params = {}, environment = null } = versions ?? {};
  const rows = [
    ...Object.entries(deps).map(([name, digest]) => ['data', name, digest ?? 'not there']),
    ...Object.entries(code).map(([name, digest]) => ['code', name, digest ?? 'not there']),
    ...Object.entries(params).map(([name, value]) => ['parameter', name, JSON.stringify(value)]),
    ...(environment === null ? [] : [['environment', '', environment]]),
  ];
  printTable(
    rows,
    [
      { title: 'KIND', value: row => row[0] },
      { title: 'NAME', value: row => row[1] },
      { title: 'VERSION', value: row => row[2] },
    ],
    'The step depends on nothing, or its commands did not come to run.',
  );
}

async function logs(
  id: string | undefined,
  step: string | undefined,
  { follow = false }: { follow?: boolean },
  command: Command,
): Promise<void> {
  const client = await new Context(command).client();
  const execution = await findExecution(client, id);
  const steps = step === undefined ? [ENVIRONMENT_LOG, ...execution.steps.map(each => each.name)] : [step];
  for (const name of steps) {
    await printLog(client, { executionId: execution.id, step: name }, { follow, titled: step === undefined });
  }
}

async function printLog(
  client: DaemonClient,
  params: { executionId: string; step: string },
  { follow, titled }: { follow: boolean; titled: boolean },
): Promise<void> {
  let offset = 0;
  for (;;) {
    const part = await client.call(getStepLog, { params, query: { offset } });
    if (titled && offset === 0 && part.text !== '') say(style('bold', `— ${params.step}`));
    process.stdout.write(part.text);
    const moved = part.nextOffset > offset;
    offset = part.nextOffset;
    if (part.complete || (!moved && !follow)) return;
    if (!moved) await sleep(FOLLOW_MS);
  }
}

async function cancel(id: string, { force = false }: { force?: boolean }, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const execution = await client.call(cancelExecution, { params: { executionId: id }, body: { force } });
  if (context.json) printJson(execution);
  else print(`${execution.status}${execution.message && `: ${execution.message}`}`);
}

async function decide(
  command: Command,
  answer: { execution: string; step: string; decision: 'approve' | 'reject'; reason: string },
): Promise<void> {
  const context = new Context(command);
  const { execution: executionId, step, decision, reason } = answer;
  const client = await context.client();
  const execution = await client.call(decideStep, {
    params: { executionId, step },
    body: { decision, reason },
  });
  if (context.json) printJson(execution);
  else print(execution.steps.find(each => each.name === step)?.message ?? '');
}
