/** `modelthat webhooks ls | create | rm | test`. */
import { text } from 'node:stream/consumers';
import { type Command, Option } from 'commander';
import {
  createWebhook,
  deleteWebhook,
  listWebhooks,
  testWebhook,
  WebhookEvent,
} from '../contract/webhooks.ts';
import { Context, EXIT_FAILED } from './context.ts';
import { print, printJson, printTable } from './output.ts';

export function register(program: Command): void {
  const webhooks = program
    .command('webhooks')
    .description('addresses that are told of changes of the registry');
  webhooks.command('ls').description('list webhooks').action(list);
  webhooks
    .command('create')
    .argument('<name>', 'letters, digits, dots, underscores and hyphens')
    .argument('<url>', 'that is told, by POST')
    .addOption(
      new Option('--event <event...>', 'what it is told of')
        .choices(WebhookEvent.options)
        .makeOptionMandatory(),
    )
    .option('--secret-stdin', 'read the secret that deliveries are signed with from standard input')
    .option('--description <text>', 'what it is for', '')
    .description('have an address told of changes')
    .action(create);
  webhooks
    .command('rm')
    .argument('<id>', 'of the webhook')
    .description('tell it nothing more')
    .action(remove);
  webhooks
    .command('test')
    .argument('<id>', 'of the webhook')
    .description('send it an example, once')
    .action(test);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listWebhooks, {});
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'ID', value: webhook => webhook.id },
      { title: 'NAME', value: webhook => webhook.name },
      { title: 'STATUS', value: webhook => (webhook.active ? 'active' : 'disabled') },
      { title: 'EVENTS', value: webhook => webhook.events.join(' ') },
      { title: 'URL', value: webhook => webhook.url },
    ],
    'No webhooks.',
  );
}

async function create(
  name: string,
  url: string,
  { event, secretStdin, description }: { event: WebhookEvent[]; secretStdin?: boolean; description: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const secret = secretStdin ? (await text(process.stdin)).replace(/\r?\n$/, '') : undefined;
  const body = { name, url, description, events: event, ...(secret ? { secret } : {}) };
  const webhook = await (await context.client()).call(createWebhook, { body });
  if (context.json) printJson(webhook);
  else print(webhook.id);
}

async function remove(id: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  await (await context.client()).call(deleteWebhook, { params: { id } });
  if (context.json) printJson({ id });
  else print(`Removed webhook ${id}.`);
}

async function test(id: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const result = await (await context.client()).call(testWebhook, { params: { id }, body: {} });
  if (context.json) printJson(result);
  else print(result.error ?? `It answered ${result.status}: ${result.body}`);
  if (!result.success) process.exitCode = EXIT_FAILED;
}
