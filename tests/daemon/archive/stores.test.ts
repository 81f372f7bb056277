/** Stores that real trackers made are imported, and the daemon then says of them what those said. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { StoreComparison } from '../../support/compare-stores.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { type Expected, unpackStore } from '../../support/foreign-stores.ts';
import { importStore } from '../../support/importing.ts';

const STORES = [
  'mlflow-1.30-files',
  'mlflow-1.30-sqlite',
  'mlflow-2.22-files',
  'mlflow-2.22-sqlite',
  'mlflow-3.17-files',
  'mlflow-3.17-sqlite',
  'fasttrackml-0.6',
] as const;

describe('importing stores of other trackers', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  for (const store of STORES)
    describe(store, () => {
      let expected: Expected;
      let comparison: StoreComparison;
      const folder = () => path.join(daemon.place.workspace, store);
      /** Under a prefix of its own. */
      const bring = (dryRun = false) =>
        importStore(daemon, folder(), { experimentPrefix: `${store} `, modelPrefix: `${store} `, dryRun });

      before(() => {
        expected = unpackStore(store, folder());
        comparison = new StoreComparison(daemon, `${store} `);
      });

      it('is imported without a problem, and stays as it was', async () => {
        const before = stateOf(folder());
        const dry = await bring(true);
        const done = await bring();
        assert.deepEqual(
          [dry, done].map(({ state, message, problems }) => [state, message, problems]),
          [
            ['finished', '', []],
            ['finished', '', []],
          ],
        );
        assert.equal(done.counts.runs.made, expected.experiments.flatMap(each => each.runs).length);
        // What a dry run promises is what then happens; points that are there twice are kept once.
        assert.deepEqual({ ...dry.counts, points: 0, bytes: 0 }, { ...done.counts, points: 0, bytes: 0 });
        assert.equal(stateOf(folder()), before);
      });

      it('has the experiments, runs, metrics, params, tags, data sets and artifacts that it had', async () => {
        for (const experiment of expected.experiments) await comparison.experiment(experiment);
      });

      it('has the registered models and versions that it had', async () => {
        for (const model of expected.models) await comparison.model(model);
      });

      it('is not imported twice', async () => {
        const { counts, problems } = await bring();
        const { experiments, runs, loggedModels, models, versions, files } = counts;
        for (const tally of [experiments, runs, loggedModels, models, versions, files])
          assert.deepEqual([tally.made, tally.changed], [0, 0]);
        assert.deepEqual([problems, counts.points], [[], 0]);
      });
    });
});

/** Names, sizes and times of all files in a folder. */
function stateOf(folder: string): string {
  return fs
    .readdirSync(folder, { recursive: true })
    .map(name => {
      const { size, mtimeMs } = fs.statSync(path.join(folder, String(name)));
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort()
    .join('\n');
}
