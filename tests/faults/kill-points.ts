/** K1: whenever a daemon is killed, alone or with its steps, no wrong output is kept and no step that ended is lost. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Execution, startExecution } from '../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { seeded } from '../support/damage.ts';
import { KnownPipeline } from '../support/known-pipeline.ts';
import { ended } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { killSteps, needsProc, stepProcesses } from '../support/step-processes.ts';
import { type Check, exactly, none } from './check.ts';

const SEED = 11;
const STEPS = 20;
const STEP_S = 0.02;
const PATIENCE_MS = 600_000;
/** A kill comes within so long after the start: about as long as the pipeline takes. */
const LONGEST_MS = 2_500;
/** Of ten kills, so many take the steps along, as a power cut does. */
const WITH_STEPS = 3;

export const killPoints: Check = {
  id: 'K1',
  title: 'a daemon killed at any moment of a pipeline keeps no wrong output and loses no step that ended',
  trial: {
    counts: { full: 300, quick: 30, test: 6 },
    obstacle: needsProc,
    run: async kills => {
      const place = testPlace();
      const random = seeded(SEED);
      const pipeline = new KnownPipeline(place, randomNeeds(random), STEP_S);
      const seen = { unended: 0, wrong: 0, wrongFromCache: 0, lost: 0, again: 0, stray: 0 };
      let daemon = await startDaemon({ place, main: BUILT_MAIN });
      try {
        for (let kill = 0; kill < kills; kill += 1) {
          // Some steps are as they were once, some are new.
          const salts = pipeline.names.map(() => (random() < 0.15 ? `new-${kill}` : 'first'));
          pipeline.set(salts);
          const before = pipeline.ledger().length;
          const { id } = await start(daemon, pipeline);
          await pause(random() * LONGEST_MS);
          await daemon.kill();
          const victims = random() * 10 < WITH_STEPS ? killSteps(stepProcesses([id])) : [];
          daemon = await startDaemon({ place, main: BUILT_MAIN });
          const adopted = await endOf(daemon, id);
          // A daemon that goes down alone keeps no step from ending well.
          seen.unended += victims.length === 0 && adopted.exitCode !== 0 ? 1 : 0;
          // Where steps were killed, what is left is done by the next execution.
          const last =
            adopted.exitCode === 0 ? adopted : await endOf(daemon, (await start(daemon, pipeline)).id);
          seen.unended += last.exitCode === 0 ? 0 : 1;
          seen.wrong += pipeline.wrong(salts).length;
          seen.again += ranAgain(pipeline, before, victims);

          pipeline.removeOutputs();
          const restored = await endOf(daemon, (await start(daemon, pipeline)).id);
          seen.lost += restored.steps.filter(step => step.reused === null).length;
          seen.wrongFromCache += pipeline.wrong(salts).length;
          seen.stray += stepProcesses([id, last.id, restored.id]).length;
        }
      } finally {
        await daemon.stop();
        place.remove();
      }
      return {
        'kill points': exactly(kills, kills),
        'pipelines that did not come to their end': none(seen.unended),
        'wrong outputs': none(seen.wrong),
        'wrong outputs from the cache': none(seen.wrongFromCache),
        'steps that ended and were not kept': none(seen.lost),
        'steps that ran again after they had ended': none(seen.again),
        'processes left': none(seen.stray),
      };
    },
  },
};

/** On a busy machine it takes its time. */
function endOf(daemon: TestDaemon, executionId: string): Promise<Execution> {
  return ended(daemon, executionId, PATIENCE_MS);
}

function start(daemon: TestDaemon, { file }: KnownPipeline): Promise<Execution> {
  return daemon.client.call(startExecution, { body: { file } });
}

/** A graph in which each step depends on up to three of the five before it. */
function randomNeeds(random: () => number): number[][] {
  return Array.from({ length: STEPS }, (_, index) => {
    const candidates = Array.from({ length: Math.min(5, index) }, (_each, back) => index - 1 - back);
    return candidates.filter(() => random() < 0.4).slice(0, 3);
  });
}

/** Steps that told of their end and were begun anew with the same inputs, those left out that were killed. */
function ranAgain(pipeline: KnownPipeline, from: number, victims: readonly string[]): number {
  const over = new Set<string>();
  let again = 0;
  for (const { what, name, digest } of pipeline.ledger().slice(from)) {
    if (victims.includes(name)) continue;
    if (what === 'ends') over.add(digest);
    else if (over.has(digest)) again += 1;
  }
  return again;
}
