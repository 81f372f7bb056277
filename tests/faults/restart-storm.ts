/** C6: a pipeline whose daemon is killed again and again comes to the same end as one that is left in peace. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Execution, startExecution } from '../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { KnownPipeline } from '../support/known-pipeline.ts';
import { get } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { needsProc, stepProcesses } from '../support/step-processes.ts';
import { atLeast, type Check, exactly, none } from './check.ts';

const KILL_EVERY_MS = 3_000;
/** Two chains that meet, and meet again: some steps wait, others do not. */
const NEEDS = [[], [0], [1], [0], [3], [2, 4], [5], [5], [6, 7], [8]];
const STEP_S = 0.7;

export const restartStorm: Check = {
  id: 'C6',
  title: 'a pipeline ends as it should while its daemon is killed every three seconds',
  trial: {
    counts: { full: 40, quick: 8, test: 2 },
    obstacle: needsProc,
    run: async kills => {
      const place = testPlace();
      const pipeline = new KnownPipeline(place, NEEDS, STEP_S);
      const seen = { executions: 0, failed: 0, wrong: 0, miscounted: 0, lost: 0, stray: 0 };
      let daemon = await startDaemon({ place, main: BUILT_MAIN });
      try {
        let done = 0;
        // Executions follow one another for as long as the storm lasts; the last one sees its end.
        while (done < kills) {
          // The first half is as it was, and comes from the cache: the second is new.
          const salts = pipeline.names.map((_, index) => (index < 5 ? 'first' : `round-${seen.executions}`));
          pipeline.set(salts);
          pipeline.removeOutputs();
          const from = pipeline.ledger().length;
          const { id } = await daemon.client.call(startExecution, { body: { file: pipeline.file } });
          let execution = await endedBy(daemon, id, performance.now() + KILL_EVERY_MS);
          while (execution === undefined) {
            if (done < kills) {
              await daemon.kill();
              done += 1;
              daemon = await startDaemon({ place, main: BUILT_MAIN });
            }
            execution = await endedBy(daemon, id, performance.now() + KILL_EVERY_MS);
          }
          const told = pipeline.ledger().slice(from);
          const begun = (name: string) =>
            told.filter(each => each.what === 'begins' && each.name === name).length;
          seen.executions += 1;
          if (execution.exitCode !== 0) {
            seen.failed += 1;
            console.error(`${execution.id} ended with ${execution.exitCode}: ${execution.message}`);
          }
          seen.wrong += pipeline.wrong(salts).length;
          seen.lost += execution.steps.filter(step => step.status !== 'succeeded').length;
          seen.miscounted += execution.steps.filter(
            step => begun(step.name) !== (step.reused === null ? step.attempt : 0),
          ).length;
          seen.stray += stepProcesses([id]).length;
        }
        return {
          kills: exactly(done, kills),
          executions: atLeast(seen.executions, 1),
          'executions that did not end well': none(seen.failed),
          'steps lost': none(seen.lost),
          'outputs other than those of a calm execution': none(seen.wrong),
          'steps that ran more or less often than they were recorded to': none(seen.miscounted),
          'processes left': none(seen.stray),
        };
      } finally {
        await daemon.stop();
        place.remove();
      }
    },
  },
};

/** An execution once it has ended; undefined when it has not by then. */
async function endedBy(daemon: TestDaemon, id: string, deadline: number): Promise<Execution | undefined> {
  for (;;) {
    const execution = await get(daemon, id);
    if (execution.exitCode !== null) return execution;
    if (performance.now() > deadline) return undefined;
    await pause(50);
  }
}
