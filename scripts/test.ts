/**
 * Runs all test suites in turn (`npm test`), or those that are named: `npm test -- daemon extension`.
 * A suite that fails stops none of the others. At its end come the failed tests again,
 * and a last line that counts the tests of all suites.
 */

import { type Suite, suites } from './suites.ts';
import { type Results, sum } from './test-runs.ts';

/** What became of one suite. */
interface Outcome extends Results {
  name: string;
  seconds: number;
}

const chosen = chooseSuites(process.argv.slice(2));
const outcomes: Outcome[] = [];
for (const suite of chosen) outcomes.push(await runSuite(suite));
report(outcomes);
process.exitCode = outcomes.some(outcome => outcome.failures.length > 0) ? 1 : 0;

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
  const results = await suite.run().catch((error: unknown) => {
    console.error(error);
    return { passed: 0, skipped: 0, failures: [{ title: suite.name, reason: String(error) }] };
  });
  return { name: suite.name, ...results, seconds: (performance.now() - start) / 1000 };
}

/** Repeats what failed, since a log may be cut in its middle, and counts. */
function report(outcomes: Outcome[]): void {
  for (const { name, failures } of outcomes) {
    for (const { title, reason } of failures) console.log(`\n=== failed in ${name}: ${title}\n${reason}`);
  }
  console.log('\n=== results');
  for (const outcome of outcomes) {
    console.log(`${outcome.name.padEnd(14)} ${describe(outcome)} (${outcome.seconds.toFixed(1)} s)`);
  }
  console.log(describe(sum(outcomes)));
}

function describe({ passed, failures, skipped }: Results): string {
  return `${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
