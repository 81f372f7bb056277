/**
 * Measures the daemon beside the MLflow server and FastTrackML in the same run (`npm run bench`): ratios count, absolute
 * times do not. What it finds goes to stdout, its progress to stderr.
 *
 * --only NAME[,NAME]      some scenarios; --list names them. Those that take long are measured only so
 * --servers NAME[,NAME]   some peers, MLflow or FastTrackML, or `modelthat` for none; the daemon is always measured
 * --quick                 small sizes, to see that everything runs
 * --json                  print the results as JSON instead of tables
 * --from FILE             take the results from a file; with --only, measure those scenarios anew and put them in
 * --write                 write docs/benchmarks from the results
 *
 * A run of full sizes keeps its results so far in .cache/bench/results.json.
 */
import fs from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { SERVERS, type ServerName } from './bench/programs.ts';
import { writeDocument } from './bench/report/document.ts';
import { tables } from './bench/report/table.ts';
import { Results } from './bench/results.ts';
import { measure } from './bench/runner.ts';
import type { Scenario } from './bench/scenario.ts';
import { scenarios } from './bench/scenarios.ts';

const root = path.resolve(import.meta.dirname, '..');
const KEPT = path.join(root, '.cache/bench/results.json');
const DOCUMENT = path.join(root, 'docs/benchmarks');

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    servers: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    from: { type: 'string' },
    write: { type: 'boolean', default: false },
  },
});
const began = performance.now();

if (options.list) {
  for (const { name, about, seconds, onlyWhenNamed } of scenarios)
    console.log(`${name.padEnd(12)} ${about} (${seconds} s${onlyWhenNamed ? ', only when named' : ''})`);
} else {
  await main();
}

async function main(): Promise<void> {
  const earlier = options.from === undefined ? undefined : readResults(options.from);
  const results = earlier && options.only === undefined ? earlier : together(earlier, await measureNow());
  if (options.write) writeDocument(DOCUMENT, results);
  console.log(options.json ? JSON.stringify(results, null, 2) : tables(results));
  process.exitCode = Object.keys(results.failures).length > 0 ? 1 : 0;
}

async function measureNow(): Promise<Results> {
  const chosen = chosenScenarios(options.only);
  const seconds = chosen.reduce((sum, scenario) => sum + scenario.seconds, 0);
  if (!options.quick) say(`about ${Math.ceil(seconds / 60)} minutes on two quiet cores`);
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => interrupted.abort(new Error(`ended by ${signal}`)));
  return measure({
    scenarios: chosen,
    quick: options.quick,
    servers: chosenServers(options.servers),
    say,
    signal: interrupted.signal,
    keep: options.quick ? () => {} : keep,
  });
}

function chosenScenarios(names: string | undefined): readonly Scenario[] {
  if (names === undefined) return scenarios.filter(({ onlyWhenNamed }) => !onlyWhenNamed);
  const wanted = names.split(',');
  refuseUnknown(
    wanted,
    scenarios.map(({ name }) => name),
  );
  return scenarios.filter(({ name }) => wanted.includes(name));
}

function chosenServers(names: string | undefined): readonly ServerName[] | undefined {
  if (names === undefined) return undefined;
  const wanted = names.split(',');
  refuseUnknown(wanted, SERVERS);
  return SERVERS.filter(name => wanted.includes(name));
}

function refuseUnknown(wanted: readonly string[], known: readonly string[]): void {
  const unknown = wanted.filter(name => !known.includes(name));
  if (unknown.length === 0) return;
  console.error(`There is no ${unknown.join(', ')}. There are ${known.join(', ')}.`);
  process.exit(2);
}

function say(text: string): void {
  const seconds = Math.round((performance.now() - began) / 1000);
  process.stderr.write(`${String(seconds).padStart(5)} s  ${text}\n`);
}

/** So that what was measured in a long run is not lost with what comes after it. */
function keep(results: Results): void {
  fs.mkdirSync(path.dirname(KEPT), { recursive: true });
  fs.writeFileSync(KEPT, `${JSON.stringify(results, null, 2)}\n`);
}

function readResults(file: string): Results {
  return Results.parse(JSON.parse(fs.readFileSync(file, 'utf8')));
}

/** @throws Error when the two come from different machines, versions or sizes */
function together(earlier: Results | undefined, fresh: Results): Results {
  if (!earlier) return fresh;
  const about = ({ machine, versions, quick }: Results) => JSON.stringify({ machine, versions, quick });
  if (about(earlier) !== about(fresh))
    throw new Error(`${options.from} is of another machine, other versions or other sizes; measure all anew`);
  const names = chosenScenarios(options.only).map(({ name }) => name);
  const kept = (name: string) => !names.includes(name);
  const failures = Object.entries(earlier.failures).filter(([name]) => kept(name));
  const remarks = Object.entries(earlier.remarks).filter(([name]) => kept(name));
  const figures = [...earlier.figures.filter(({ scenario }) => kept(scenario)), ...fresh.figures];
  const order = scenarios.map(({ name }) => name);
  return {
    ...earlier,
    figures: figures.sort((a, b) => order.indexOf(a.scenario) - order.indexOf(b.scenario)),
    remarks: { ...Object.fromEntries(remarks), ...fresh.remarks },
    failures: { ...Object.fromEntries(failures), ...fresh.failures },
  };
}
