/** `modelthat predict`. */
import fs from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Command } from 'commander';
import { invalid } from '../contract/errors.ts';
import { STAGES } from '../contract/models.ts';
import { INVOCATIONS_PATH } from '../contract/serving.ts';
import { Context } from './context.ts';
import { print, printJson, printTable, say } from './output.ts';

/** How long a person waits before being told what for. */
const SILENCE_MS = 2_000;

export function register(program: Command): void {
  program
    .command('predict <model>')
    .description('have a registered model predict')
    .requiredOption(
      '--input <file>',
      'rows: a JSON list of records, a request of MLflow’s scoring protocol, or CSV; - reads standard input',
    )
    .option('--stage <stage>', `the version in this stage (${STAGES.join(', ')}); Production unless given`)
    .option('--version <number>', 'this version')
    .action(predict);
}

interface PredictOptions {
  readonly input: string;
  readonly stage?: string;
  readonly version?: string;
}

async function predict(model: string, options: PredictOptions, command: Command): Promise<void> {
  const context = new Context(command);
  const rows = options.input === '-' ? await text(process.stdin) : readFile(options.input);
  const client = await context.client();
  const path = INVOCATIONS_PATH.replace(':endpoint', encodeURIComponent(model));
  const request = requestOf(rows, options.input);
  const hint = setTimeout(
    say,
    SILENCE_MS,
    'Loading the model; at first its Python environment may have to be made…',
  );
  const response = await client
    .fetch(path + queryOf(options), { method: 'POST', ...request })
    .finally(() => clearTimeout(hint));
  const answer = (await response.json()) as { predictions: unknown };
  if (context.json) printJson(answer);
  else printPredictions(answer.predictions);
}

function readFile(file: string): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    throw invalid(`--input ${file} cannot be read: ${(error as Error).message}`);
  }
}

function queryOf({ stage, version }: PredictOptions): string {
  const query = new URLSearchParams();
  if (stage !== undefined) query.set('stage', stage);
  if (version !== undefined) query.set('version', version);
  return query.size > 0 ? `?${query}` : '';
}

/** What is no JSON is CSV; a bare list of records becomes a request of the protocol. */
function requestOf(rows: string, input: string): { body: string; headers: Record<string, string> } {
  if (!/^\s*[[{]/.test(rows)) return { body: rows, headers: { 'content-type': 'text/csv' } };
  let body = rows;
  try {
    const parsed: unknown = JSON.parse(rows);
    if (Array.isArray(parsed)) body = JSON.stringify({ dataframe_records: parsed });
  } catch (error) {
    throw invalid(`--input ${input} is not JSON: ${(error as Error).message}`);
  }
  return { body, headers: { 'content-type': 'application/json' } };
}

/** One line a prediction: a table when they have names. */
function printPredictions(predictions: unknown): void {
  const lines = Array.isArray(predictions) ? predictions : [predictions];
  const records = lines.filter((line): line is Record<string, unknown> => isRecord(line));
  if (records.length < lines.length || records.length === 0) {
    for (const line of lines) print(typeof line === 'string' ? line : JSON.stringify(line));
    return;
  }
  const names = [...new Set(records.flatMap(record => Object.keys(record)))];
  printTable(
    records,
    names.map(name => ({ title: name, value: record => cell(record[name]) })),
  );
}

function cell(value: unknown): string | number {
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
