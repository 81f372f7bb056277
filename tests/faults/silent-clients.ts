/** C4: a client that died is noticed; one that is slow, or whose clock moves, is not taken for dead. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { DaemonClient } from '../../daemon/client/client.ts';
import { startExecution } from '../../daemon/contract/pipelines.ts';
import { getRun, HEARTBEAT_LIMIT_MS, heartbeat } from '../../daemon/contract/runs.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { ended, get, until, write } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { killSteps, needsProc, stepProcesses } from '../support/step-processes.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const BEAT_MS = 5_000;
const STOPPED_MS = 30_000;
const DAY_MS = 24 * 3600_000;
/** Silent runs are looked for so often, and one of them falls silent just after. */
const LOOK_MS = 15_000;
const LASTS_MS = HEARTBEAT_LIMIT_MS + 4 * LOOK_MS;
const CLOCK = fileURLToPath(new URL('../support/moving-clock.mjs', import.meta.url));

export const silentClients: Check = {
  id: 'C4',
  title: 'a dead client is noticed within a minute or so, a slow one and a moved clock kill nobody',
  trial: {
    counts: { full: 20, quick: 3 },
    obstacle: needsProc,
    run: async count => {
      const place = testPlace();
      const busy = new Busyness();
      const clock = path.join(place.workspace, 'moved-by');
      writeFileSync(clock, '0');
      const daemon = await startDaemon({
        place,
        main: BUILT_MAIN,
        env: { NODE_OPTIONS: `--import ${pathToFileURL(CLOCK).href}`, MOVED_BY: clock },
      });
      const clients: Client[] = [];
      try {
        const step = await startStep(daemon);
        const killed = await startClients(daemon, count, clients);
        const stopped = await startClients(daemon, count, clients);
        const living = await startClients(daemon, count, clients);
        const from = performance.now();
        for (const { child } of killed) child.kill('SIGKILL');
        signal(stopped, step, 'SIGSTOP');
        let marked = 0;
        let falsely = 0;
        let slowest = 0;
        let resumed = false;
        while (performance.now() - from < LASTS_MS) {
          const gone = performance.now() - from;
          if (!resumed && gone > STOPPED_MS) signal(stopped, step, 'SIGCONT');
          resumed ||= gone > STOPPED_MS;
          writeFileSync(clock, String(movedAfter(gone)));
          falsely += await countLost(daemon, [...stopped, ...living]);
          if (marked < count) slowest = gone / 1000;
          marked = await countLost(daemon, killed);
          await pause(500);
        }
        busy.sample();
        const { steps } = await get(daemon, step);
        const unnoticed = await killedSteps(daemon, step);
        return {
          'clients killed': exactly(killed.length, count),
          'their runs marked as lost': exactly(marked, count),
          'runs of stopped and living clients marked as lost': none(falsely),
          'stopped steps taken for ended': none(steps[0]?.status === 'running' ? 0 : 1),
          'killed steps that are not marked': none(unnoticed),
          'longest until it was noticed (s)': onThisMachine(
            atMost(slowest, ((HEARTBEAT_LIMIT_MS + LOOK_MS) / 1000) * busy.factor),
          ),
        };
      } finally {
        for (const { child } of clients) child.kill('SIGKILL');
        await daemon.stop();
        place.remove();
      }
    },
  },
};

/** The clock is set while all is well, and set back, once in each direction. */
function movedAfter(milliseconds: number): number {
  const moves = [0, DAY_MS, 0, -DAY_MS, 0];
  return moves[Math.floor((milliseconds / LASTS_MS) * moves.length)] ?? 0;
}

/** Sends a signal to clients, and to the processes of a step. */
function signal(clients: readonly Client[], executionId: string, name: NodeJS.Signals): void {
  for (const { child } of clients) child.kill(name);
  for (const { pid } of stepProcesses([executionId])) process.kill(pid, name);
}

/** A process with a run that it sends heartbeats of. */
interface Client {
  readonly child: ChildProcess;
  readonly runId: string;
}

async function startClients(daemon: TestDaemon, count: number, all: Client[]): Promise<Client[]> {
  const made = await Promise.all(
    Array.from({ length: count }, async () => {
      const { url, secrets } = daemon;
      const { runId } = await new MlflowWire(daemon).startRun();
      const child = spawn(process.execPath, [fileURLToPath(import.meta.url), url, runId], {
        env: { ...process.env, BEAT_TOKEN: secrets.tracking },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      await once(child, 'message');
      return { child, runId };
    }),
  );
  all.push(...made);
  return made;
}

/** A step that runs for as long as nobody ends it. @returns its execution */
async function startStep(daemon: TestDaemon): Promise<string> {
  const file = write(daemon, 'modelthat.yaml', 'steps: { a: { run: sleep 1000 } }');
  const { id } = await daemon.client.call(startExecution, { body: { file } });
  await until(daemon, id, ({ steps }) => steps[0]?.status === 'running' && stepProcesses([id]).length > 0);
  return id;
}

/** Kills the step, before it has sent anything. @returns how many are not marked as failed */
async function killedSteps(daemon: TestDaemon, executionId: string): Promise<number> {
  killSteps(stepProcesses([executionId]));
  const { steps } = await ended(daemon, executionId);
  return steps.filter(({ status }) => status !== 'failed').length;
}

async function countLost(daemon: TestDaemon, clients: readonly Client[]): Promise<number> {
  const runs = await Promise.all(
    clients.map(({ runId }) => daemon.client.call(getRun, { params: { runId } })),
  );
  return runs.filter(({ status }) => status === 'LOST').length;
}

/** Sends heartbeats of a run for good. */
async function beat(url = '', runId = ''): Promise<never> {
  const client = new DaemonClient({ url, token: process.env.BEAT_TOKEN ?? '' });
  for (;;) {
    await client.call(heartbeat, { params: { runId }, body: {} });
    process.send?.('sent');
    await pause(BEAT_MS);
  }
}

if (import.meta.main) await beat(...process.argv.slice(2));
