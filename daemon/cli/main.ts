/** The `modelthat` command. Each noun has a file of its own that registers its commands. */
import { Command, CommanderError } from 'commander';
import { PRODUCT_VERSION } from '../client/version.ts';
import { ApiError } from '../contract/errors.ts';
import { EXIT } from '../contract/pipelines.ts';
import { Refusal } from '../contract/rules.ts';
import * as artifacts from './artifacts.ts';
import * as audit from './audit.ts';
import * as cache from './cache.ts';
import { EXIT_FAILED, EXIT_USAGE } from './context.ts';
import * as daemon from './daemon.ts';
import * as data from './data.ts';
import * as doctor from './doctor.ts';
import * as environment from './environment.ts';
import * as evaluate from './evaluate.ts';
import * as executions from './executions.ts';
import * as experiments from './experiments.ts';
import * as exporting from './export.ts';
import * as importing from './import.ts';
import * as lineage from './lineage.ts';
import * as logs from './logs.ts';
import * as mcp from './mcp.ts';
import * as models from './models.ts';
import { say } from './output.ts';
import * as predict from './predict.ts';
import * as reproduce from './reproduce.ts';
import * as run from './run.ts';
import * as runs from './runs.ts';
import * as schedules from './schedules.ts';
import * as schema from './schema.ts';
import * as secrets from './secrets.ts';
import * as store from './store.ts';
import * as token from './token.ts';
import * as webhooks from './webhooks.ts';

/** When rules refuse a move: the codes that `run` has for the same. */
const EXIT_OF_REFUSAL: Readonly<Record<Refusal['refused'], number>> = {
  conditions: EXIT.gateFailed,
  rejected: EXIT.rejected,
  approval: EXIT_FAILED,
};

const program = new Command('modelthat')
  .description('ModelOps inside the editor and the terminal')
  .option('--json', 'print the result as JSON')
  .option('--store <folder>', 'the store, instead of the one that the current folder belongs to')
  .exitOverride()
  .configureOutput({
    outputError: (text, write) => {
      // Told as JSON by `report`.
      if (!asksForJson()) write(`modelthat: ${text.replace(/^error: /, '')}`);
    },
  })
  .configureHelp({ showGlobalOptions: true });

// As the first word only: further on, `--version` names the version of a model.
if (/^(-V|--version)$/.test(process.argv[2] ?? '')) program.version(PRODUCT_VERSION);
const nouns = [
  ...[daemon, logs, environment, token, artifacts, store, doctor],
  ...[
    run,
    data,
    executions,
    reproduce,
    schedules,
    secrets,
    cache,
    experiments,
    runs,
    models,
    evaluate,
    lineage,
    audit,
    webhooks,
    predict,
    importing,
    exporting,
    schema,
    mcp,
  ],
];
for (const noun of nouns) noun.register(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

/** Tells what went wrong. @returns the exit code */
function report(error: unknown): number {
  if (error instanceof CommanderError) {
    // Commander has told it to people by itself; what it says of help is not an error.
    const isError = error.exitCode !== 0 && !error.code.startsWith('commander.help');
    if (isError && asksForJson()) sayError('INVALID_PARAMETER_VALUE', error.message.replace(/^error: /, ''));
    return error.exitCode === 0 ? 0 : EXIT_USAGE;
  }
  const message = error instanceof Error ? error.message : String(error);
  const refusal = error instanceof ApiError ? Refusal.safeParse(error.details).data : undefined;
  if (asksForJson()) sayError(error instanceof ApiError ? error.code : 'FAILED', message, refusal);
  else say(`modelthat: ${message}`);
  return refusal ? EXIT_OF_REFUSAL[refusal.refused] : EXIT_FAILED;
}

function sayError(code: string, message: string, details?: Refusal): void {
  say(JSON.stringify({ error_code: code, message, details }));
}

/** Known before the arguments are parsed, which may be what fails. */
function asksForJson(): boolean {
  return process.argv.includes('--json');
}
