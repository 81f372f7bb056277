/** `modelthat audit ls | verify | note | export`. */
import type { Command } from 'commander';
import { runOffline } from '../client/store-task.ts';
import {
  type AuditEntry,
  type AuditVerification,
  listAudit,
  noteAudit,
  verifyAudit,
} from '../contract/audit.ts';
import { Context, EXIT_FAILED, offlineProgram } from './context.ts';
import { formatTime, print, printJson, printTable, say, style } from './output.ts';

/** Most entries of a page. */
const PAGE = 1000;

interface Filter {
  readonly model?: string;
  readonly version?: string;
}

export function register(program: Command): void {
  const audit = program.command('audit').description('who did what to the models of the registry');
  const ofModel = (command: Command) =>
    command
      .option('--model <name>', 'only what concerns this model')
      .option('--version <number>', 'only what concerns this version of it');
  ofModel(audit.command('ls'))
    .option('--limit <count>', 'how many entries at most', '50')
    .description('list the audit log, newest first')
    .action(list);
  audit
    .command('verify')
    .description('recompute the whole log, compare it with its anchor, and name what was changed')
    .action(verify);
  audit
    .command('note')
    .description(
      'anchor the newest entry in a note of git, too (refs/notes/modelthat-audit), which can be pushed',
    )
    .action(note);
  ofModel(audit.command('export'))
    .description('print the log, oldest first, as one JSON object a line')
    .action(exportAll);
}

async function list({ limit, ...filter }: Filter & { limit: string }, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  const { items } = await client.call(listAudit, { query: { ...filter, limit } });
  if (context.json) {
    printJson(items);
    return;
  }
  printTable(
    items,
    [
      { title: 'NO', value: entry => entry.number, align: 'right' },
      { title: 'WHEN', value: entry => formatTime(entry.at) },
      { title: 'WHO', value: describeActor },
      { title: 'ACTION', value: entry => entry.action },
      { title: 'MODEL', value: entry => entry.model },
      { title: 'VERSION', value: entry => entry.version, align: 'right' },
      { title: 'CHANGE', value: entry => `${JSON.stringify(entry.before)} → ${JSON.stringify(entry.after)}` },
    ],
    'Nothing was done to a model yet.',
  );
}

function describeActor({ actor: { subject, role, claimed, via } }: AuditEntry): string {
  return `${subject}${claimed ? ` (claimed, ${role})` : ''} via ${via}`;
}

async function verify(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const running = await context.running();
  const verification = running
    ? await running.client.call(verifyAudit, {})
    : await runOffline(offlineProgram(), { kind: 'audit', store: context.store });
  if (context.json) printJson(verification);
  else printVerification(verification);
  if (verification.problems.length > 0) process.exitCode = EXIT_FAILED;
}

function printVerification({ entries, head, anchor, problems, unwitnessed }: AuditVerification): void {
  const mark = problems.length === 0 ? style('green', 'ok  ') : style('red', 'FAIL');
  print(`${mark} ${entries} entries${head ? `, the newest ${head.number} ${head.hash}` : ''}`);
  for (const { number, problem } of problems) print(`     entry ${number}: ${problem}`);
  for (const { from, to } of unwitnessed)
    print(
      `${style('yellow', 'warn')} ${from === to ? `entry ${from}` : `entries ${from} to ${to}`}: not anchored by the ` +
        'daemon that wrote it, which was killed that moment; or written by another program',
    );
  say(`Compared with ${anchor}`);
}

async function note(_options: unknown, command: Command): Promise<void> {
  const context = new Context(command);
  const noted = await (await context.client()).call(noteAudit, { body: {} });
  if (context.json) printJson(noted);
  else print(`Noted entry ${noted.number} at commit ${noted.commit}.`);
}

async function exportAll(filter: Filter, command: Command): Promise<void> {
  const context = new Context(command);
  const client = await context.client();
  for (let pageToken: string | undefined; ; ) {
    const query = { ...filter, order: 'oldest' as const, limit: PAGE, ...(pageToken ? { pageToken } : {}) };
    const { items, nextPageToken } = await client.call(listAudit, { query });
    for (const entry of items) print(JSON.stringify(entry));
    if (nextPageToken === undefined) return;
    pageToken = nextPageToken;
  }
}
