/** C5: however many clients start a store's daemon at once, and whatever is left of earlier ones, there is one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { attach, ensureDaemon, stopAndWait } from '../../daemon/client/start.ts';
import { Busyness } from '../support/busyness.ts';
import { type TestPlace, testPlace } from '../support/daemon.ts';
import { BUILT_CLI, BUILT_MAIN } from '../support/programs.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const CLIENTS = 20;
const START_AFTER_KILL_S = 2;
/** How long those that came too late may take to end, once the one serves. */
const LOSERS_END_MS = 10_000;

export const singleInstance: Check = {
  id: 'C5',
  title: 'a store has one daemon, however many start it at once',
  trial: {
    counts: { full: 20, quick: 4, test: 1 },
    obstacle: () => (process.platform === 'win32' ? 'it counts processes with ps' : undefined),
    run: async rounds => {
      const place = testPlace();
      const seen = { started: 0, attached: 0, wrongRounds: 0, tooMany: 0, tokensGiven: 0, slowest: 0 };
      const busy = new Busyness();
      try {
        for (let round = 0; round < rounds; round += 1) {
          const leftover = LEFTOVERS[round % LEFTOVERS.length] ?? nothing;
          const { tokensGiven } = await leftover(place, async () => {
            const started = await startAtOnce(place);
            seen.started += started;
            seen.attached += CLIENTS - started;
            seen.wrongRounds += started === 1 ? 0 : 1;
            seen.tooMany += (await daemonsLeft(place)) - 1;
          });
          seen.tokensGiven += tokensGiven;
          busy.sample();
          seen.slowest = Math.max(seen.slowest, await startAfterKill(place));
        }
      } finally {
        const running = await attach(place);
        if (running) await stopAndWait(running, true);
        place.remove();
      }
      return {
        'clients that started it': exactly(seen.started, rounds),
        'clients that attached': exactly(seen.attached, rounds * (CLIENTS - 1)),
        'rounds in which not exactly one started it': none(seen.wrongRounds),
        'daemons left beside the one': none(seen.tooMany),
        'tokens sent to another program on the port': none(seen.tokensGiven),
        'slowest start after a kill -9 (s)': onThisMachine(
          atMost(seen.slowest, START_AFTER_KILL_S * busy.factor),
        ),
      };
    },
  },
};

/** Runs `modelthat start` so often at the same time. @returns how many say that they started it */
async function startAtOnce(place: TestPlace): Promise<number> {
  const starts = await Promise.all(
    Array.from({ length: CLIENTS }, () =>
      execa(process.execPath, [BUILT_CLI, 'start', '--json'], { cwd: place.workspace, env: place.env }),
    ),
  );
  const told = starts.map(({ stdout }) => JSON.parse(stdout) as { started: boolean; pid: number });
  const pids = new Set(told.map(({ pid }) => pid));
  if (pids.size !== 1) throw new Error(`the clients attached to the processes ${[...pids].join(', ')}`);
  return told.filter(({ started }) => started).length;
}

/** Daemons of the store that run, once those that came too late have had their time to end. */
async function daemonsLeft(place: TestPlace): Promise<number> {
  const deadline = performance.now() + LOSERS_END_MS;
  for (;;) {
    const running = execFileSync('ps', ['-axo', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter(line => line.includes(`--store ${place.store} `)).length;
    if (running <= 1 || performance.now() > deadline) return running;
    await pause(50);
  }
}

/** @returns seconds from a daemon's sudden end to its successor, which is started on what it left */
async function startAfterKill(place: TestPlace): Promise<number> {
  await kill(place);
  const start = performance.now();
  await ensureDaemon(place, { main: BUILT_MAIN });
  return (performance.now() - start) / 1000;
}

/** Ends the daemon as a power cut would. */
async function kill(place: TestPlace): Promise<void> {
  const running = await attach(place);
  if (!running) throw new Error('no daemon serves');
  const { pid } = running.connection;
  process.kill(pid, 'SIGKILL');
  // A dying process gives its port back after its memory, and its arguments with that.
  while (!/^Z?$/.test(stateOf(pid))) await pause(10);
}

/** A process's state as ps tells it: empty once it is gone, `Z` when it waits to be collected. */
function stateOf(pid: number): string {
  return spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
    .stdout.trim()
    .slice(0, 1);
}

/** Prepares what a round finds, has it run, and clears up. @returns how many tokens were given away */
type Leftover = (place: TestPlace, round: () => Promise<void>) => Promise<{ tokensGiven: number }>;

/** A folder that has had no daemon. */
const nothing: Leftover = async (place, round) => {
  const running = await attach(place);
  if (running) await stopAndWait(running, true);
  for (const folder of [place.store, place.state])
    for (const name of fs.readdirSync(folder)) fs.rmSync(path.join(folder, name), { recursive: true });
  await round();
  return { tokensGiven: 0 };
};

/** The connection file, the lock and the write-ahead log of a daemon that was killed. */
const killed: Leftover = async (place, round) => {
  await kill(place);
  await round();
  return { tokensGiven: 0 };
};

/** The same with a connection file that was damaged, and the lock file gone. */
const damaged: Leftover = async (place, round) => {
  await kill(place);
  fs.writeFileSync(path.join(place.state, 'connection.json'), '{"pid": 1, "port"');
  fs.rmSync(path.join(place.store, 'lock.db'));
  await round();
  return { tokensGiven: 0 };
};

/** Another program has taken the port, and answers as the daemon would. */
const impostor: Leftover = async (place, round) => {
  await kill(place);
  const { owner, tracking, port } = keptSecrets(place.state);
  let heard = '';
  const server = createServer(socket => {
    socket.on('data', data => {
      heard += data.toString('latin1');
      socket.end(`HTTP/1.1 200 OK\r\nx-modelthat-proof: ${'0'.repeat(64)}\r\ncontent-length: 2\r\n\r\nOK`);
    });
    socket.on('error', () => {});
  });
  await listen(server, port);
  try {
    await round();
  } finally {
    server.close();
  }
  if (!heard.includes('/health')) throw new Error('no client has asked the program on the port');
  return { tokensGiven: [owner, tracking].filter(token => heard.includes(token)).length };
};

const LEFTOVERS = [nothing, killed, damaged, impostor];

/** Listens once the port is free: the last thread of a killed process gives it back, which may outlive its first. */
async function listen(server: Server, port: number): Promise<void> {
  const deadline = performance.now() + LOSERS_END_MS;
  for (;;) {
    server.listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || performance.now() > deadline) throw error;
      await pause(50);
    }
  }
}
