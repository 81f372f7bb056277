/** C3: a cancel ends everything that a step started, wherever it went, and nothing else. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cancelExecution, startExecution } from '../../daemon/contract/pipelines.ts';
import { identify } from '../../daemon/processes/table.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, testPlace } from '../support/daemon.ts';
import { ended, get, write } from '../support/pipelines.ts';
import { BUILT_MAIN } from '../support/programs.ts';
import { needsProc, stepProcesses } from '../support/step-processes.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

/** Ten seconds in which they are asked, and two to end them by force. */
const LIMIT_S = 12;
const PROCESSES = 6;

/** Three generations that ignore SIGTERM, one in a session of its own, one without a parent, one without its environment. */
const STUBBORN = [
  'import os, signal, sys, time',
  'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
  'pids = sys.argv[1]',
  'def note():',
  '    descriptor = os.open(pids, os.O_WRONLY | os.O_APPEND | os.O_CREAT)',
  '    os.write(descriptor, f"{os.getpid()}\\n".encode())',
  '    os.close(descriptor)',
  'note()',
  'if os.fork() == 0:',
  '    note()',
  '    if os.fork() == 0:',
  '        note()',
  '        if os.fork() == 0:',
  '            os.setsid(); note()',
  '            if os.fork() == 0:',
  '                note(); time.sleep(300); os._exit(0)',
  '            os._exit(0)',
  '        time.sleep(300)',
  '    time.sleep(300)',
  'if os.fork() == 0:',
  '    note(); os.execve(sys.executable, [sys.executable, "-c",',
  '        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"], {})',
  'time.sleep(300)',
];

export const cancelledTrees: Check = {
  id: 'C3',
  title: 'a cancel ends everything that a step started, and nothing else',
  trial: {
    counts: { full: 20, quick: 2, test: 1 },
    obstacle: needsProc,
    run: async count => {
      const place = testPlace();
      const busy = new Busyness();
      const seen = { alive: 0, stray: 0, siblings: 0, slowest: 0 };
      const daemon = await startDaemon({ place, main: BUILT_MAIN });
      write({ place }, 'stubborn.py', ...STUBBORN);
      const pidsOf = (round: number) => {
        const text = readFileSync(path.join(place.workspace, `pids-${round}`), {
          encoding: 'utf8',
          flag: 'a+',
        });
        return text.split('\n').filter(Boolean).map(Number);
      };
      const begin = async (name: string, command: string) => {
        const file = write({ place }, `${name}/modelthat.yaml`, `steps: { a: { run: ${command}, cwd: .. } }`);
        return (await daemon.client.call(startExecution, { body: { file } })).id;
      };
      const cancelOne = async (round: number) => {
        const id = await begin(`tree-${round}`, `python3 stubborn.py pids-${round}`);
        while (pidsOf(round).length < PROCESSES) await pause(20);
        const from = performance.now();
        await daemon.client.call(cancelExecution, { params: { executionId: id }, body: {} });
        await ended(daemon, id);
        seen.slowest = Math.max(seen.slowest, (performance.now() - from) / 1000);
        const found = await Promise.all(pidsOf(round).map(identify));
        seen.alive += found.filter(each => each !== undefined).length;
        seen.stray += stepProcesses([id]).length;
      };
      try {
        const sibling = await begin('sibling', 'sleep 1000');
        // As many at once as there is room for beside the one that is to go on.
        const lanes = Math.max(1, availableParallelism() - 1);
        const rounds = Array.from({ length: count }, (_, round) => round);
        await Promise.all(
          Array.from({ length: lanes }, async () => {
            for (let round = rounds.shift(); round !== undefined; round = rounds.shift())
              await cancelOne(round);
          }),
        );
        busy.sample();
        seen.siblings = stepProcesses([sibling]).length > 1 ? 1 : 0;
        const { status } = await get(daemon, sibling);
        await daemon.client.call(cancelExecution, {
          params: { executionId: sibling },
          body: { force: true },
        });
        await ended(daemon, sibling);
        return {
          'trees cancelled': exactly(count, count),
          'their processes that are alive': none(seen.alive),
          'other processes left': none(seen.stray),
          'steps of another execution that go on': exactly(status === 'running' ? seen.siblings : 0, 1),
          'longest until all were gone (s)': onThisMachine(atMost(seen.slowest, LIMIT_S * busy.factor)),
        };
      } finally {
        await daemon.stop();
        place.remove();
      }
    },
  },
};
