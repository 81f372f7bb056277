/**
 * Runs all test suites in turn (`npm test`), or those that are named: `npm test -- daemon extension`.
 * A suite that fails stops none of the others. The last line counts the tests of all of them.
 */

import { type Suite, suites } from './suites.ts';
import type { Counts } from './test-runs.ts';

/** What became of one suite. */
interface Outcome extends Counts {
  name: string;
  seconds: number;
}

const chosen = chooseSuites(process.argv.slice(2));
const outcomes: Outcome[] = [];
for (const suite of chosen) outcomes.push(await runSuite(suite));
report(outcomes);
process.exitCode = outcomes.some(outcome => outcome.failed > 0) ? 1 : 0;

/** The suites of these names in their own order; all when there are none. */
function chooseSuites(names: string[]): readonly Suite[] {
  const known = suites.map(suite => suite.name);
  const unknown = names.filter(name => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`There is no suite ${unknown.join(', ')}. The suites are ${known.join(', ')}.`);
    process.exit(2);
  }
  return names.length > 0 ? suites.filter(suite => names.includes(suite.name)) : suites;
}

async function runSuite(suite: Suite): Promise<Outcome> {
  console.log(`\n=== ${suite.name}: ${suite.about}`);
  const start = performance.now();
  const counts = await suite.run().catch((error: unknown) => {
    console.error(error);
    return { passed: 0, failed: 1, skipped: 0 };
  });
  return { name: suite.name, ...counts, seconds: (performance.now() - start) / 1000 };
}

function report(outcomes: Outcome[]): void {
  console.log('\n=== results');
  for (const outcome of outcomes) {
    console.log(`${outcome.name.padEnd(14)} ${describe(outcome)} (${outcome.seconds.toFixed(1)} s)`);
  }
  const total = (key: keyof Counts) => outcomes.reduce((sum, outcome) => sum + outcome[key], 0);
  console.log(describe({ passed: total('passed'), failed: total('failed'), skipped: total('skipped') }));
}

function describe({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
