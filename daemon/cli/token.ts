/** `modelthat token show | rotate`. */
import type { Command } from 'commander';
import { keptSecrets } from '../client/connection.ts';
import { rotateTokens } from '../contract/about.ts';
import { Context } from './context.ts';
import { print, printJson } from './output.ts';

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
