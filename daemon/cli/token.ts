/** `modelthat token show | rotate | create | ls | revoke`. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { keptSecrets } from '../client/connection.ts';
import { rotateTokens } from '../contract/about.ts';
import { createToken, listTokens, PERSON_ROLES, type PersonRole, revokeToken } from '../contract/tokens.ts';
import { readAge } from './age.ts';
import { Context, PERSON_TOKEN } from './context.ts';
import { formatTime, print, printJson, printTable, say } from './output.ts';

export function register(program: Command): void {
  const token = program.command('token').description('the tokens that open this store’s daemon');
  token
    .command('show')
    .description('print the tracking token')
    .option('--owner', 'the owner token instead, which may do everything')
    .action(show);
  token
    .command('rotate')
    .description('replace both tokens; terminals that hold the old one must be opened again')
    .action(rotate);
  token
    .command('create')
    .argument('<name>', 'of the person, as records are to say it')
    .addOption(
      new Option('--role <role>', 'tracking: log, read, register; approver: read, approve and reject')
        .choices(PERSON_ROLES)
        .makeOptionMandatory(),
    )
    .option('--expires <when>', 'after a time (12h, 30d) or at a date (2027-01-31); by default never', expiry)
    .description('make a token for one person, and print it: it is not shown again')
    .action(create);
  token.command('ls').description('list the tokens of people').action(list);
  token
    .command('revoke')
    .argument('<name>', 'of the person')
    .description('revoke the token of a person at once')
    .action(revoke);
}

/** @returns milliseconds since the epoch */
function expiry(text: string): number {
  const age = readAge(text);
  if (age !== undefined) return Date.now() + age;
  const date = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(date)) return date;
  throw new InvalidArgumentError('Give a time with m, h, d or w (12h, 30d), or a date (2027-01-31).');
}

async function create(
  name: string,
  { role, expires }: { role: PersonRole; expires?: number },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const made = await client.call(createToken, { body: { name, role, expiresAt: expires ?? null } });
  if (context.json) {
    printJson(made);
    return;
  }
  print(made.token);
  say(`The token of ${name}, which is not shown again. In the command line: ${PERSON_TOKEN}=… modelthat …`);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listTokens, {});
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'NAME', value: token => token.name },
      { title: 'ROLE', value: token => token.role },
      { title: 'CREATED', value: token => formatTime(token.createdAt) },
      { title: 'EXPIRES', value: token => formatTime(token.expiresAt) || 'never' },
    ],
    'Nobody has a token. Make one with: modelthat token create NAME --role approver',
  );
}

async function revoke(name: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const revoked = await (await context.client()).call(revokeToken, { params: { name } });
  if (context.json) printJson(revoked);
  else print(`Revoked the token of ${revoked.name}.`);
}

function show({ owner }: { owner?: boolean }, command: Command): void {
  const context = new Context(command);
  const secrets = keptSecrets(context.place.state);
  const token = owner ? secrets.owner : secrets.tracking;
  if (context.json) printJson({ token });
  else print(token);
}

async function rotate(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  await (await context.client()).call(rotateTokens, { body: {} });
  if (context.json) printJson({ rotated: true });
  else print('Replaced both tokens. Terminals and notebooks need the new one: eval "$(modelthat env)"');
}
