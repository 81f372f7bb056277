/** `modelthat doctor`: looks for what usually goes wrong, and packs what a maintainer needs to help. */
import path from 'node:path';
import type { Command } from 'commander';
import { writeBundle } from './bundle.ts';
import { type Check, runChecks } from './checks.ts';
import { Context, EXIT_FAILED } from './context.ts';
import { print, printJson, say, style } from './output.ts';

export function register(program: Command): void {
  program
    .command('doctor')
    .description('check this machine, the store and the daemon')
    .option('--bundle <file>', 'also pack checks, versions and logs, without secrets, into a .json.gz file')
    .action(doctor);
}

async function doctor({ bundle }: { bundle?: string }, command: Command): Promise<void> {
  const context = new Context(command);
  const { place } = context;
  const checks = await runChecks(place, await context.running());
  if (context.json) printJson(checks);
  else for (const check of checks) show(check);
  if (bundle !== undefined) {
    const file = path.resolve(bundle);
    writeBundle(file, place, checks);
    say(`Wrote ${file}. Look through it before you send it: logs name your files.`);
  }
  if (checks.some(check => check.state === 'failed')) process.exitCode = EXIT_FAILED;
}

function show({ name, state, message, remedy }: Check): void {
  const mark = { ok: style('green', 'ok  '), warning: style('yellow', 'warn'), failed: style('red', 'FAIL') }[
    state
  ];
  print(`${mark} ${name}: ${message}`);
  if (remedy) print(`     ${remedy}`);
}
