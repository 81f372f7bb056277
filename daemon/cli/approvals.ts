/** `modelthat models rules | requests | approve | reject | rollback`. */
import type { Command } from 'commander';
import {
  type ApprovalRequest,
  decideApproval,
  getApproval,
  listApprovals,
  RequestState,
} from '../contract/approvals.ts';
import { invalid } from '../contract/errors.ts';
import { type GateResult, RULED_STAGES } from '../contract/models.ts';
import {
  type ApprovalRule,
  checkRules,
  getRules,
  type RegistryRules,
  rollBack,
  type StageRules,
} from '../contract/rules.ts';
import type { Double } from '../contract/values.ts';
import { Context } from './context.ts';
import { parseRequest, parseStage, parseVersion } from './model-arguments.ts';
import { printDifferences } from './origin-differences.ts';
import { formatNumber, formatTime, print, printFields, printJson, printTable, say, style } from './output.ts';

export function registerApprovals(models: Command): void {
  models
    .command('rules')
    .argument('[name]', 'of a model')
    .argument('[version]', 'one of its versions: say what the rules find of it')
    .description('the rules for stages, or what they say of a version')
    .option('--to <stage>', 'the stage it would move to', 'Production')
    .action(rules);
  models
    .command('requests')
    .argument('[request]', 'its number: show it with the evidence')
    .description('requests for approval, newest first')
    .option('--model <name>', 'of this model only')
    .option('--state <state>', RequestState.options.join(', '))
    .action(requests);
  for (const decision of ['approve', 'reject'] as const) {
    const command = models
      .command(decision)
      .argument('<request>', 'its number')
      .description(`${decision} a request`);
    if (decision === 'approve') command.option('--reason <text>', 'kept with the approval', '');
    else command.requiredOption('--reason <text>', 'kept with the rejection');
    command.action((request: string, { reason }: { reason: string }, self: Command) =>
      decide(request, { decision, reason }, self),
    );
  }
  models
    .command('rollback')
    .argument('<name>', 'of the model')
    .description('bring the version back that was in Production before')
    .option('--to <version>', 'another one that was in Production')
    .option('--reason <text>', 'kept with the transition', '')
    .action(rollback);
}

/** Prints what conditions were found to be. */
export function printConditions(conditions: readonly GateResult[]): void {
  printTable(
    conditions,
    [
      { title: 'GATE', value: each => each.gate },
      { title: 'RESULT', value: each => (each.passed ? 'passed' : 'failed') },
      { title: 'OBSERVED', value: each => numberOrNothing(each.observed) },
      { title: 'EXPECTED', value: each => numberOrNothing(each.expected) },
      { title: 'NOTE', value: each => each.message },
    ],
    'No conditions.',
  );
}

function numberOrNothing(value: Double | null): string {
  return value === null ? '' : formatNumber(value);
}

async function rules(
  name: string | undefined,
  version: string | undefined,
  options: { to: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  if (name !== undefined && version !== undefined) {
    const check = await client.call(checkRules, {
      params: { name, version: parseVersion(version) },
      query: { stage: parseStage(options.to, RULED_STAGES) },
    });
    if (context.json) {
      printJson(check);
      return;
    }
    printConditions(check.conditions);
    const { approval, request } = check;
    if (approval)
      print(
        `approved by ${approval.given.length} of ${approval.needed}: ${approval.given.join(', ') || 'nobody yet'}`,
      );
    if (request) print(`request ${request.id} is ${request.state}`);
    print(`${name} version ${version} ${check.allowed ? 'can' : 'cannot'} come to ${check.stage} now`);
    return;
  }
  const all = await client.call(getRules, {});
  if (context.json) printJson(all);
  else printRules(all, name);
}

function printRules({ file, all, models, problems }: RegistryRules, name: string | undefined): void {
  for (const { file: where, line, message, remedy } of problems)
    say(`${where}:${line}: ${message}${remedy === undefined ? '' : `. ${remedy}`}`);
  const sets = [...Object.entries(models), ...(all ? [['all others', all] as const] : [])];
  const wanted =
    name === undefined ? sets : sets.filter(([model]) => model === (name in models ? name : 'all others'));
  const rows = wanted.flatMap(([model, { enforce, stages }]) =>
    RULED_STAGES.flatMap(stage => wordsOf(stages[stage]).map(rule => ({ model, enforce, stage, rule }))),
  );
  printTable(
    rows,
    [
      { title: 'MODEL', value: row => row.model },
      { title: 'STAGE', value: row => row.stage },
      { title: 'RULE', value: row => row.rule },
      { title: 'FOR MLFLOW CLIENTS', value: row => (row.enforce ? 'enforced' : 'recorded only') },
    ],
    file === null
      ? 'There are no rules: no modelthat.yaml is at the root of the workspace.'
      : `There are no rules${name === undefined ? '' : ` for ${name}`}. Write them in ${file}, below “registry:”.`,
  );
}

/** The rules of a stage, each in words. */
function wordsOf({ gates, checks, signature, maxSize, approval, archive, alias }: StageRules): string[] {
  return [
    ...gates,
    ...(checks ? ['data checks passed'] : []),
    ...(signature ? ['signature compatible with the version in Production'] : []),
    ...(maxSize === null ? [] : [`files of at most ${maxSize} bytes`]),
    ...(approval ? [approvalInWords(approval)] : []),
    ...(archive ? ['the version before is archived'] : []),
    ...(alias === null ? [] : [`alias ${alias}`]),
  ];
}

function approvalInWords({ count, by, except }: ApprovalRule): string {
  const who = by.length > 0 ? ` by ${by.join(', ')}` : '';
  const not = except.length > 0 ? `, not by its ${except.join(' or ')}` : '';
  return `${count === 1 ? 'an approval' : `${count} approvals`}${who}${not}`;
}

async function requests(
  id: string | undefined,
  { model, state }: { model?: string; state?: string },
  command: Command,
): Promise<void> {
  if (id !== undefined) return showRequest(parseRequest(id), command);
  const context = new Context(command);
  const { items } = await (await context.client()).call(listApprovals, {
    query: {
      ...(model === undefined ? {} : { model }),
      ...(state === undefined ? {} : { state: parseState(state) }),
    },
  });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'REQUEST', value: each => each.id, align: 'right' },
      { title: 'MODEL', value: each => each.model },
      { title: 'VERSION', value: each => each.version, align: 'right' },
      { title: 'STAGE', value: each => each.stage },
      { title: 'STATE', value: each => each.state },
      { title: 'ASKED', value: each => formatTime(each.requestedAt) },
      { title: 'BY', value: each => each.requestedBy.subject },
      { title: 'REASON', value: each => each.note || lastReason(each) },
    ],
    'No requests for approval.',
  );
}

async function showRequest(id: number, command: Command): Promise<void> {
  const context = new Context(command);
  const evidence = await (await context.client()).call(getApproval, { params: { id } });
  if (context.json) {
    printJson(evidence);
    return;
  }
  const { request, needed, metrics, slices, differences, champion, conditions, changed, obstacle } = evidence;
  const approved = request.answers.filter(({ approved }) => approved).map(({ by }) => by.subject);
  printFields({
    Request: `${request.id}, ${request.state}${request.note && `: ${request.note}`}`,
    Version: `${request.model} version ${request.version} to ${request.stage}`,
    Asked: `${formatTime(request.requestedAt)} by ${request.requestedBy.subject}${request.requestedBy.claimed ? ' (claimed)' : ''}`,
    Reason: request.reason,
    Content: `${request.digest ?? 'not here to be read'}${changed ? ' (changed since)' : ''}`,
    Approved: `${approved.length} of ${needed}${approved.length === 0 ? '' : `: ${approved.join(', ')}`}`,
  });
  print(
    `\n${style('bold', `Metrics${champion ? `, beside version ${champion.version} in Production` : ''}`)}`,
  );
  printTable(metrics, [
    { title: 'METRIC', value: each => each.key },
    { title: 'THIS', value: each => numberOrNothing(each.candidate), align: 'right' },
    { title: 'PRODUCTION', value: each => numberOrNothing(each.champion), align: 'right' },
  ]);
  if (slices.length > 0) {
    print('');
    printTable(slices, [
      { title: 'SLICE', value: each => `${each.column} = ${each.value}` },
      { title: 'ROWS', value: each => each.rows, align: 'right' },
      { title: 'METRIC', value: each => `${each.metric}@${each.data}` },
      { title: 'THIS', value: each => numberOrNothing(each.candidate), align: 'right' },
      { title: 'PRODUCTION', value: each => numberOrNothing(each.champion), align: 'right' },
    ]);
  }
  if (differences) printDifferences(differences);
  print('');
  printConditions(conditions);
  if (obstacle !== null) say(obstacle);
}

async function decide(
  request: string,
  body: { decision: 'approve' | 'reject'; reason: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const answered = await (await context.client()).call(decideApproval, {
    params: { id: parseRequest(request) },
    body,
  });
  if (context.json) printJson(answered);
  else print(outcomeOf(answered));
}

function outcomeOf({ id, model, version, stage, state, answers }: ApprovalRequest): string {
  const what = `${model} version ${version}`;
  if (state === 'approved') return `${what} is in ${stage}`;
  if (state === 'rejected') return `request ${id} is rejected: ${what} stays out of ${stage}`;
  return `request ${id} has ${answers.length} of the approvals that it needs`;
}

async function rollback(
  name: string,
  { to, reason }: { to?: string; reason: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const back = await (await context.client()).call(rollBack, {
    params: { name },
    body: { reason, ...(to === undefined ? {} : { version: parseVersion(to) }) },
  });
  if (context.json) printJson(back);
  else print(`${back.name} version ${back.version} is in ${back.stage} again`);
}

function parseState(text: string): RequestState {
  const state = RequestState.safeParse(text);
  if (state.success) return state.data;
  throw invalid(`There is no state '${text}': it must be one of ${RequestState.options.join(', ')}`);
}

function lastReason({ answers, reason }: ApprovalRequest): string {
  return answers.findLast(answer => answer.reason !== '')?.reason ?? reason;
}
