/** `modelthat schema`. */
import type { Command } from 'commander';
import modelthat from '../../schemas/modelthat.schema.json' with { type: 'json' };
import { printJson } from './output.ts';

export function register(program: Command): void {
  program
    .command('schema')
    .description('print the JSON Schema of modelthat.yaml, for editors and checks that take one')
    .action(() => printJson(modelthat));
}
