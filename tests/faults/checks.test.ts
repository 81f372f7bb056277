/** The checks of the scorecard in small: the same loops, a few times over, and nothing that is judged by time. */
import assert from 'node:assert/strict';
import { buildAll } from '../../scripts/build.ts';
import { broken } from './check.ts';
import { checks } from './checks.ts';

describe('the scorecard, a few times over', function () {
  this.timeout(300_000);
  before(() => buildAll());

  for (const { id, title, trial } of checks) {
    const count = trial?.counts.test;
    if (trial && count !== undefined)
      it(`${id}: ${title}`, async function () {
        const obstacle = trial.obstacle?.();
        if (obstacle) {
          console.log(`skipped: ${obstacle}`);
          this.skip();
        }
        assert.deepEqual(
          broken(await trial.run(count), figure => figure.ofMachine === true),
          [],
        );
      });
  }
});
