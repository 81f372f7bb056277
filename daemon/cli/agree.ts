/** Asking before something is deleted for good. */
import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { type Context, EXIT_USAGE } from './context.ts';

/** Whether a command is to ask; where nobody could answer, it ends as misused. */
export function asksFirst(
  { yes, dryRun }: { readonly yes?: boolean; readonly dryRun?: boolean },
  context: Context,
  command: Command,
): boolean {
  const asks = yes !== true && dryRun !== true;
  if (asks && (context.json || !process.stdin.isTTY))
    command.error('What goes is gone for good: give --yes, or --dry-run to see what it would be.', {
      exitCode: EXIT_USAGE,
    });
  return asks;
}

/** Asks a question in the terminal. */
export async function agreed(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
