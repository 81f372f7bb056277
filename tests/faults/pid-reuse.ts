/** C2: a stranger that got the number of a step's process is neither taken for the step nor sent a signal. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startExecution } from '../../daemon/contract/pipelines.ts';
import { startDaemon, testPlace } from '../support/daemon.ts';
import { ended, until, write } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { killSteps, stepProcesses } from '../support/step-processes.ts';
import { type Check, exactly, none } from './check.ts';

/** The kernel gives out the number after this one next, in the namespace of whoever writes it. */
const LAST_PID = '/proc/sys/kernel/ns_last_pid';
/** Something else may take the number first. */
const TRIES = 200;

export const pidReuse: Check = {
  id: 'C2',
  title: 'a stranger with the process number of a step is left alone',
  trial: {
    counts: { full: 20, quick: 5, test: 2 },
    obstacle: () =>
      process.platform === 'linux' && process.getuid?.() === 0 && existsSync(LAST_PID)
        ? undefined
        : 'it needs root on Linux, to choose the numbers of processes',
    run: async rounds => {
      const program = [process.execPath, fileURLToPath(import.meta.url), String(rounds)];
      // Numbers are chosen in a namespace of their own, where nobody else takes any. Its first process is to be one that
      // collects others' children, as a shell does while it waits.
      const inside = ['--', 'sh', '-c', '"$@"; exit $?', 'sh', ...program];
      const { status, stdout } = spawnSync('unshare', ['--pid', '--fork', '--mount-proc', ...inside], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      if (status !== 0) throw new Error(`it ended with ${status}: ${stdout}`);
      const seen = JSON.parse(stdout) as Seen;
      return {
        'strangers with the number of a step': exactly(seen.strangers, rounds),
        'signals that they got': none(seen.signals),
        'strangers that did not survive': none(seen.ended),
        'steps that they were taken for': none(seen.adopted),
      };
    },
  },
};

interface Seen {
  strangers: number;
  signals: number;
  ended: number;
  adopted: number;
}

async function inNamespace(rounds: number): Promise<Seen> {
  const place = testPlace();
  const seen: Seen = { strangers: 0, signals: 0, ended: 0, adopted: 0 };
  const file = write({ place }, 'modelthat.yaml', 'steps: { a: { run: sleep 1000 } }');
  let daemon = await startDaemon({ place, main: BUILT_MAIN });
  try {
    for (let round = 0; round < rounds; round += 1) {
      const { id } = await daemon.client.call(startExecution, { body: { file } });
      await until(
        daemon,
        id,
        ({ steps }) => steps[0]?.status === 'running' && stepProcesses([id]).length > 1,
      );
      const identity = path.join(place.store, 'executions', id, 'steps/a.process');
      const pid = Number.parseInt(readFileSync(identity, 'utf8'), 10);
      await daemon.kill();
      killSteps(stepProcesses([id]));
      while (existsSync(`/proc/${pid}`)) await pause(5);
      const signals = path.join(place.workspace, `signals-${round}`);
      const stranger = await startAs(pid, signals);
      daemon = await startDaemon({ place, main: BUILT_MAIN });
      const execution = await ended(daemon, id);
      seen.strangers += 1;
      seen.adopted += execution.steps[0]?.status === 'failed' ? 0 : 1;
      seen.signals += existsSync(signals) ? 1 : 0;
      seen.ended += stranger.exitCode === null && stranger.signalCode === null ? 0 : 1;
      stranger.kill('SIGKILL');
    }
  } finally {
    await daemon.stop();
    place.remove();
  }
  return seen;
}

/** Starts a program, in a session of its own, that gets this number and notes each signal. */
async function startAs(pid: number, signals: string): Promise<ChildProcess> {
  const program = `trap 'echo asked > "$1"' TERM INT HUP; while :; do sleep 0.05; done`;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    writeFileSync(LAST_PID, String(pid - 1));
    const child = spawn('sh', ['-c', program, 'sh', signals], { detached: true, stdio: 'ignore' });
    await once(child, 'spawn');
    if (child.pid === pid) return child;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  throw new Error(`no process got the number ${pid}`);
}

if (import.meta.main) console.log(JSON.stringify(await inNamespace(Number(process.argv[2]))));
