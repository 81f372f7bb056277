/** `modelthat secrets ls | set | rm`. */
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { invalid } from '../contract/errors.ts';
import { HIDDEN_FROM, listSecrets, removeSecret, setSecret } from '../contract/secrets.ts';
import { Context } from './context.ts';
import { print, printJson, printTable, say } from './output.ts';

export function register(program: Command): void {
  const noun = program
    .command('secrets')
    .description('values that steps get by `secrets: [NAME]` and nobody is shown');
  noun.command('ls').description('list the names of those that were set for this store').action(list);
  noun
    .command('set <name>')
    .description('set one: asks for the value, or reads it from standard input')
    .action(set);
  noun.command('rm <name>').description('forget one').action(remove);
}

async function list(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const { items } = await (await context.client()).call(listSecrets, {});
  if (context.json) printJson(items);
  else
    printTable(
      items,
      [{ title: 'SECRET', value: secret => secret.name }],
      'No secrets were set. Set one with: modelthat secrets set NAME',
    );
}

async function set(name: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const value = process.stdin.isTTY ? await ask(name) : (await text(process.stdin)).replace(/\r?\n$/, '');
  if (value === '') throw invalid('The value is empty; nothing was set.');
  const secret = await client.call(setSecret, { params: { name }, body: { value } });
  if (value.length < HIDDEN_FROM)
    say(`A value of less than ${HIDDEN_FROM} characters is not hidden in logs: choose a longer one.`);
  if (context.json) printJson(secret);
  else print(`Set ${name}. Steps with \`secrets: [${name}]\` get it as a variable.`);
}

async function remove(name: string, _options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const secret = await (await context.client()).call(removeSecret, { params: { name } });
  if (context.json) printJson(secret);
  else print(`Forgot ${name}.`);
}

/** Asks on the terminal, which shows nothing of the answer. */
async function ask(name: string): Promise<string> {
  process.stderr.write(`Value of ${name}: `);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silent, terminal: true });
  terminal.once('SIGINT', () => process.exit(130));
  try {
    return await terminal.question('');
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
