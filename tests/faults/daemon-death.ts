/** C1: steps outlive their daemon, and the next one tells truly how each of them ended. */
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startExecution } from '../../daemon/contract/pipelines.ts';
import { searchRuns } from '../../daemon/contract/runs.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { ended, get, log, until, write } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { killSteps, needsProc, stepProcesses } from '../support/step-processes.ts';
import { atLeast, atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const ADOPTED_S = 10;
const LINES = 50;

/** Prints on while the daemon is gone, and ends with the code that it is given once it may. */
const STEP = [
  'touch "begun-$1"',
  `for line in $(seq ${LINES}); do echo "line $line"; sleep 0.01; done`,
  'until [ -e "go-$1" ]; do sleep 0.02; done',
  'echo end; touch "over-$1"; exit "$2"',
];

/** What becomes of a step while there is no daemon, and how it ends. */
const FATES = {
  on: { exitCode: 0, status: 'succeeded' },
  over: { exitCode: 7, status: 'failed' },
  killed: { exitCode: null, status: 'failed' },
} as const;
type Fate = keyof typeof FATES;

export const daemonDeath: Check = {
  id: 'C1',
  title: 'steps outlive a daemon that is killed, and the next one knows how they ended',
  trial: {
    counts: { full: 30, quick: 5, test: 2 },
    obstacle: needsProc,
    run: async rounds => {
      const place = testPlace();
      const busy = new Busyness();
      const seen = { steps: 0, cut: 0, wrongCodes: 0, wrongEnds: 0, running: 0, stray: 0, slowest: 0 };
      write({ place }, 'step.sh', ...STEP);
      let daemon = await startDaemon({ place, main: BUILT_MAIN });
      const has = (name: string) => existsSync(path.join(place.workspace, name));
      const appears = async (name: string) => {
        while (!has(name)) await pause(10);
      };
      try {
        for (let round = 0; round < rounds; round += 1) {
          const fates = fatesOf(round);
          const file = write(
            { place },
            'modelthat.yaml',
            'steps:',
            ...fates.map(
              name => `  ${name}: { run: sh step.sh ${name}-${round} ${FATES[name].exitCode ?? 0} }`,
            ),
          );
          const { id } = await daemon.client.call(startExecution, { body: { file } });
          await until(daemon, id, ({ steps }) =>
            steps.every(({ name, status }) => status === 'running' && has(`begun-${name}-${round}`)),
          );
          await daemon.kill();
          seen.steps += fates.length;
          write({ place }, `go-over-${round}`, '');
          if (fates.includes('over')) await appears(`over-over-${round}`);
          killSteps(stepProcesses([id]).filter(each => each.step === 'killed'));
          busy.sample();
          const from = performance.now();
          daemon = await startDaemon({ place, main: BUILT_MAIN });
          await settled(daemon, id);
          seen.slowest = Math.max(seen.slowest, (performance.now() - from) / 1000);
          write({ place }, `go-on-${round}`, '');
          const execution = await ended(daemon, id);
          const ofSteps = execution.steps.map(each => ({ ...each, fate: FATES[each.name as Fate] }));
          seen.wrongCodes += ofSteps.filter(({ exitCode, fate }) => exitCode !== fate.exitCode).length;
          seen.wrongEnds += ofSteps.filter(({ status, fate }) => status !== fate.status).length;
          const whole = `${Array.from({ length: LINES }, (_, line) => `line ${line + 1}\n`).join('')}end\n`;
          for (const name of fates.filter(each => each !== 'killed'))
            seen.cut += (await log(daemon, id, name)) === whole ? 0 : 1;
          const filter = "attributes.status = 'RUNNING'";
          seen.running += (await daemon.client.call(searchRuns, { body: { filter } })).items.length;
          seen.stray += stepProcesses([id]).length;
        }
      } finally {
        await daemon.stop();
        place.remove();
      }
      return {
        'daemons killed': exactly(rounds, rounds),
        'steps that ran then': atLeast(seen.steps, rounds),
        'logs that are not whole': none(seen.cut),
        'wrong exit codes': none(seen.wrongCodes),
        'wrong states': none(seen.wrongEnds),
        'runs that are still RUNNING': none(seen.running),
        'processes left': none(seen.stray),
        'slowest take-over (s)': onThisMachine(atMost(seen.slowest, ADOPTED_S * busy.factor)),
      };
    },
  },
};

/** As many steps as can run at once, other ones each round. */
function fatesOf(round: number): Fate[] {
  const names = Object.keys(FATES) as Fate[];
  const count = Math.min(names.length, availableParallelism());
  return Array.from({ length: count }, (_, index) => names[(round + index) % names.length] as Fate);
}

/** Waits until it is known how the steps ended that no longer run. */
async function settled(daemon: TestDaemon, id: string): Promise<void> {
  for (;;) {
    const { steps } = await get(daemon, id);
    if (steps.every(({ name, endTime }) => name === 'on' || endTime !== null)) return;
    await pause(10);
  }
}
