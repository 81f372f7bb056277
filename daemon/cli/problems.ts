/** How problems in pipeline files are told. */
import path from 'node:path';
import type { Command } from 'commander';
import * as z from 'zod';
import { ApiError } from '../contract/errors.ts';
import { Diagnostic, EXIT } from '../contract/pipelines.ts';
import type { Context } from './context.ts';
import { printJson, say, style } from './output.ts';

const Details = z.object({ problems: z.array(Diagnostic).min(1) });

/** Says each problem with its place and its remedy, as compilers do. */
export function sayProblems(problems: readonly Diagnostic[]): void {
  for (const { file, line, column, severity, message, remedy } of problems) {
    const place = `${path.relative(process.cwd(), file)}:${line}:${column}`;
    say(`${place}: ${style(severity === 'error' ? 'red' : 'yellow', severity)}: ${message}`);
    if (remedy) say(`    ${remedy}`);
  }
}

/**
 * Does work on a definition. A bad one is told problem by problem, and gives its exit code, as does what is asked for and
 * is not in it.
 */
export async function tellingProblems(
  command: Command,
  context: Context,
  work: () => Promise<void>,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'INVALID_PARAMETER_VALUE') throw error;
    const details = Details.safeParse(error.details);
    if (!details.success) command.error(error.message, { exitCode: EXIT.badDefinition });
    else if (context.json) printJson({ problems: details.data.problems });
    else sayProblems(details.data.problems);
    process.exitCode = EXIT.badDefinition;
  }
}
