/** `modelthat env`: the variables that point MLflow clients at the daemon, ready for `eval`. */
import { type Command, Option } from 'commander';
import { keptSecrets } from '../client/connection.ts';
import { mlflowVariables } from '../client/variables.ts';
import { announceClient } from '../contract/about.ts';
import { Context } from './context.ts';
import { print, printJson } from './output.ts';

const SHELLS = ['sh', 'fish', 'powershell'] as const;
type Shell = (typeof SHELLS)[number];

export function register(program: Command): void {
  program
    .command('env')
    .description('print variables that make MLflow clients log to this store: eval "$(modelthat env)"')
    .addOption(new Option('--shell <shell>', 'the shell that reads the lines').choices(SHELLS))
    .action(env);
}

async function env({ shell }: { shell?: Shell }, command: Command): Promise<void> {
  const context = new Context(command);
  const { client, connection } = await context.daemon();
  await client.call(announceClient, { body: { client: 'modelthat env', terminals: true } });
  const variables = mlflowVariables(connection.url, keptSecrets(context.place.state).tracking);
  if (context.json) printJson(variables);
  else
    for (const [name, value] of Object.entries(variables))
      print(assignment(shell ?? ownShell(), name, value));
}

/** The values are a URL and tokens of letters, digits, `-` and `_`: single quotes hold them in every shell. */
function assignment(shell: Shell, name: string, value: string): string {
  if (shell === 'fish') return `set -gx ${name} '${value}'`;
  if (shell === 'powershell') return `$env:${name} = '${value}'`;
  return `export ${name}='${value}'`;
}

function ownShell(): Shell {
  const shell = process.env.SHELL ?? '';
  if (shell.endsWith('fish')) return 'fish';
  return shell === '' && process.platform === 'win32' ? 'powershell' : 'sh';
}
