/** `modelthat models card`. */
import fs from 'node:fs';
import type { Command } from 'commander';
import { invalid } from '../contract/errors.ts';
import { CARD_FORMATS, getModelCard, writeModelCard } from '../contract/models.ts';
import { Context } from './context.ts';
import { print, printJson } from './output.ts';

/** @param models the noun that it belongs to */
export function registerCard(models: Command): void {
  models
    .command('card')
    .argument('<name>', 'of the model')
    .argument('<version>', 'its number')
    .description('one page with what is known of a version')
    .option('--format <format>', CARD_FORMATS.join(' or '), 'md')
    .option('--out <file>', 'write it there')
    .option('--purpose <text>', 'first say what it is for')
    .option('--limits <text>', 'first say where it must not be used')
    .action(card);
}

async function card(
  name: string,
  version: string,
  options: { format: string; out?: string; purpose?: string; limits?: string },
  command: Command,
): Promise<void> {
  const context = new Context(command);
  const format = CARD_FORMATS.find(each => each === options.format);
  if (!format) throw invalid(`--format is '${options.format}'; it must be ${CARD_FORMATS.join(' or ')}`);
  const client = await context.client();
  const { purpose, limits } = options;
  if (purpose !== undefined || limits !== undefined)
    await client.call(writeModelCard, { params: { name, version }, body: { purpose, limits } });
  const made = await client.call(getModelCard, { params: { name, version }, query: { format } });
  if (options.out !== undefined) fs.writeFileSync(options.out, made.text);
  else if (context.json) printJson(made);
  else print(made.text.trimEnd());
}
