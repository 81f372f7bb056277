/** `modelthat models ls | show | register | promote | transitions`, and the commands of `approvals.ts`. */
import type { Command } from 'commander';
import {
  getModel,
  listModels,
  listTransitions,
  type ModelVersion,
  promoteVersion,
  type RegisteredModel,
  registerVersion,
  STAGES,
} from '../contract/models.ts';
import { printConditions, registerApprovals } from './approvals.ts';
import { Context } from './context.ts';
import { parseStage, parseVersion } from './model-arguments.ts';
import { registerCard } from './model-card.ts';
import { formatNumber, formatTime, print, printFields, printJson, printTable, say, style } from './output.ts';

export function register(program: Command): void {
  const models = program.command('models').description('registered models, their versions and stages');
  models.command('ls').description('list models with their versions').action(list);
  models
    .command('show')
    .argument('<name>', 'of the model')
    .description('one model: versions, stages, metrics and gates')
    .action(show);
  models
    .command('register')
    .argument('<name>', 'of the registered model; it is created when it is new')
    .argument('<run>', 'id of the run that logged the model')
    .description('make a model that a run logged a new version')
    .option('--model <logged>', 'its name in the run, when the run logged several')
    .option('--description <text>', 'what is special about this version', '')
    .action(registerFromRun);
  models
    .command('promote')
    .argument('<name>', 'of the model')
    .argument('<version>', 'its number')
    .description(
      'move a version to a stage, as far as the rules let it; else say what is missing, or ask for approval',
    )
    .requiredOption('--to <stage>', STAGES.join(', '))
    .option('--reason <text>', 'kept with the transition', '')
    .option('--keep-existing', 'leave other versions in that stage, where the rules leave it open')
    .option('--again', 'ask once more for approval of a version that was rejected')
    .action(promote);
  models
    .command('transitions')
    .argument('<name>', 'of the model')
    .description('who moved which version where, newest first')
    .action(transitions);
  registerCard(models);
  registerApprovals(models);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listModels, {});
  if (context.json) {
    printJson(items);
    return;
  }
  printVersions(items.flatMap(model => model.versions));
}

async function show(name: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const model = await (await context.client()).call(getModel, { params: { name } });
  if (context.json) {
    printJson(model);
    return;
  }
  printModel(model);
}

function printModel(model: RegisteredModel): void {
  printFields({
    Model: model.name,
    Description: model.description,
    Created: formatTime(model.createdAt),
    Updated: formatTime(model.updatedAt),
  });
  print('');
  printVersions(model.versions);
  for (const version of model.versions.filter(each => each.gates.length > 0)) {
    print(`\n${style('bold', `Gates of version ${version.version}`)}`);
    printConditions(version.gates);
  }
}

function printVersions(versions: readonly ModelVersion[]): void {
  printTable(
    versions,
    [
      { title: 'MODEL', value: version => version.name },
      { title: 'VERSION', value: version => version.version, align: 'right' },
      { title: 'STAGE', value: version => version.stage },
      { title: 'ALIASES', value: version => version.aliases.join(' ') },
      { title: 'CREATED', value: version => formatTime(version.createdAt) },
      { title: 'METRICS', value: metricsOf },
    ],
    'No models. Register one that a run logged: modelthat models register <name> <run>',
  );
}

/** Metrics that a table has room for. */
const SHOWN_METRICS = 4;

/** First what gates judged, then what stands outside groups (`lightgbm/rmspe` is in one): that tells versions apart. */
function metricsOf({ metrics, gates }: ModelVersion): string {
  const rank = (key: string) => {
    if (gates.some(({ gate }) => gate.startsWith(`${key} `))) return 0;
    return key.includes('/') ? 2 : 1;
  };
  return Object.entries(metrics)
    .toSorted(([a], [b]) => rank(a) - rank(b))
    .slice(0, SHOWN_METRICS)
    .map(([key, value]) => `${key}=${formatNumber(value)}`)
    .join(' ');
}

async function registerFromRun(
  name: string,
  runId: string,
  { model, description }: { model?: string; description: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const version = await (await context.client()).call(registerVersion, {
    params: { name },
    body: { runId, description, ...(model === undefined ? {} : { model }) },
  });
  if (context.json) printJson(version);
  else print(`${version.name} version ${version.version}`);
}

async function promote(
  name: string,
  version: string,
  options: { to: string; reason: string; keepExisting?: boolean; again?: boolean },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const promoted = await (await context.client()).call(promoteVersion, {
    params: { name, version: parseVersion(version) },
    body: {
      stage: parseStage(options.to, STAGES),
      reason: options.reason,
      archiveExisting: options.keepExisting !== true,
      again: options.again === true,
    },
  });
  const what = `${promoted.name} version ${promoted.version}`;
  if (context.json) printJson(promoted);
  else if (promoted.request === null) print(`${what} is in ${promoted.stage}`);
  else {
    print(
      `${what} waits for approval before it comes to ${parseStage(options.to, STAGES)}: request ${promoted.request}`,
    );
    say(`What is known of it: modelthat models requests ${promoted.request}`);
  }
}

async function transitions(name: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listTransitions, { params: { name } });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'WHEN', value: each => formatTime(each.at) },
      { title: 'VERSION', value: each => each.version, align: 'right' },
      { title: 'FROM', value: each => each.from },
      { title: 'TO', value: each => each.to },
      { title: 'BY', value: each => each.by },
      { title: 'REASON', value: each => each.reason },
    ],
    'No version was moved yet.',
  );
}
