/**
 * Runs the reliability and security checks at their full counts (`npm run scorecard`): attacks and faults by the
 * hundred, with the figures that must come out. docs/reliability.md tells what each proves.
 *
 * --only <ids>   only these: `--only C5,I5`
 * --quick        smaller counts, for a look
 * --json         one JSON object a check instead of a table
 */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { atLeast, broken, type Check, type Figures, none, type Ordinary } from '../tests/faults/check.ts';
import { checks } from '../tests/faults/checks.ts';
import { buildAll } from './build.ts';
import { mochaResults, type Results, runTests, sum } from './test-runs.ts';

const root = path.resolve(import.meta.dirname, '..');
const REPORTER = path.join(root, 'tests/support/mocha-reporter.cjs');
const MOCHA = [path.join(root, 'node_modules/mocha/bin/mocha.js'), '--timeout', '300000'];

/** What came out of one check. */
interface Result {
  readonly id: string;
  readonly title: string;
  /** null when it could not be run here. */
  readonly pass: boolean | null;
  /** What was measured, by name. */
  readonly value: Readonly<Record<string, number>>;
  /** What it must be. */
  readonly limit: Readonly<Record<string, string>>;
  readonly seconds: number;
  /** Why it did not pass, or was not run. */
  readonly message: string;
}

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});

const chosen = chooseChecks(options.only);
await buildAll();
// Checks wait for processes that do not keep this one alive.
const alive = setInterval(() => {}, 60_000);
const results: Result[] = [];
for (const check of chosen) {
  const result = await runCheck(check);
  results.push(result);
  report(result);
}
clearInterval(alive);
if (!options.json) summarize();
process.exitCode = results.some(result => result.pass === false) ? 1 : 0;

/** The checks with these ids; all without. */
function chooseChecks(only: string | undefined): readonly Check[] {
  if (only === undefined) return checks;
  const ids = only.split(',');
  const known = checks.map(check => check.id);
  const unknown = ids.filter(id => !known.includes(id));
  if (unknown.length > 0) {
    console.error(`There is no check ${unknown.join(', ')}. The checks are ${known.join(', ')}.`);
    process.exit(2);
  }
  return checks.filter(check => ids.includes(check.id));
}

async function runCheck(check: Check): Promise<Result> {
  const { id, title, trial } = check;
  const obstacle = trial?.obstacle?.();
  const start = performance.now();
  const { figures, failure } = await figuresOf(check, obstacle !== undefined).then(
    figures => ({ figures, failure: undefined }),
    (error: Error) => ({ figures: {} as Figures, failure: error.stack ?? String(error) }),
  );
  const wrong = failure === undefined ? broken(figures) : [failure];
  return {
    id,
    title,
    pass: wrong.length > 0 ? false : obstacle === undefined ? true : null,
    value: mapFigures(figures, figure => Number(figure.value.toPrecision(6))),
    limit: mapFigures(figures, figure => figure.limit),
    seconds: Math.round((performance.now() - start) / 100) / 10,
    message: [...wrong, ...(obstacle ? [obstacle] : [])].join('; '),
  };
}

async function figuresOf({ trial, ordinary = [] }: Check, withoutTrial: boolean): Promise<Figures> {
  const count = trial?.counts[options.quick ? 'quick' : 'full'] ?? 0;
  const tried = trial && !withoutTrial ? await trial.run(count) : {};
  return { ...tried, ...(ordinary.length > 0 ? await runOrdinary(ordinary) : {}) };
}

/** Runs tests of `npm test`, all in one figure. */
async function runOrdinary(tests: readonly Ordinary[]): Promise<Figures> {
  const runs: Results[] = [];
  for (const { files, grep } of tests) {
    const args = [...MOCHA, '--reporter', REPORTER, ...(grep ? ['--grep', grep] : []), files];
    runs.push(await runTests([process.execPath, ...args], mochaResults, { quiet: options.json }));
  }
  const { passed, failures } = sum(runs);
  return {
    'tests of npm test that passed': atLeast(passed, 1),
    'tests of npm test that failed': none(failures.length),
  };
}

function mapFigures<Value>(figures: Figures, map: (figure: Figures[string]) => Value): Record<string, Value> {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name, map(figure)]));
}

function report(result: Result): void {
  if (options.json) {
    console.log(JSON.stringify(result));
    return;
  }
  const word = result.pass === null ? 'skipped' : result.pass ? 'passed' : 'FAILED';
  console.log(`${word.padEnd(8)} ${result.id.padEnd(4)} ${result.title} (${result.seconds} s)`);
  for (const [name, value] of Object.entries(result.value))
    console.log(`              ${name}: ${value} (${result.limit[name]})`);
  if (result.pass !== true) console.log(`              ${result.message}`);
}

function summarize(): void {
  const count = (pass: boolean | null) => results.filter(result => result.pass === pass).length;
  console.log(`${count(true)} passed, ${count(false)} failed, ${count(null)} skipped`);
}
