/** D5: a daemon that is killed while artifacts are uploaded leaves each path without a file, or with a whole one. */
import { createHash, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startDaemon, type TestDaemon, testPlace } from '../support/daemon.ts';
import { MlflowWire, proxyPath } from '../support/mlflow.ts';
import { atMost, type Check, none, onThisMachine } from './check.ts';

const MIB = 1024 * 1024;
const SIZES = [1, 2, 4, 8, 16, 32, 64].map(size => size * MIB);
/** Two uploads want the first path. */
const NAMES = ['contested', 'contested', 'second', 'third'];
/** By then all four are through, on a quick disk; most kills come in the middle of them. */
const LATEST_KILL_MS = 500;
const CLEAN_AFTER_START_S = 10;

export const artifactKills: Check = {
  id: 'D5',
  title: 'an artifact is there whole or not at all, whenever the daemon is killed',
  trial: {
    counts: { full: 200, quick: 10, test: 2 },
    run: async kills => {
      const place = testPlace();
      const seen = { torn: 0, lost: 0, orphans: 0, acknowledged: 0, slowestStart: 0 };
      const contents = SIZES.map(size => randomBytes(size));
      const known = new Map(contents.map(content => [content.length, sha256(content)]));
      let daemon = await startDaemon({ place });
      try {
        const { artifacts } = await new MlflowWire(daemon).startRun();
        const folder = path.join(place.store, 'artifacts', artifacts);
        for (let kill = 0; kill < kills; kill += 1) {
          const acknowledged = await uploadUntilKilled(daemon, artifacts, contents);
          seen.acknowledged += acknowledged.size;
          for (const name of new Set(NAMES)) {
            const file = path.join(folder, name);
            const whole = fs.existsSync(file) ? fs.readFileSync(file) : undefined;
            if (whole && known.get(whole.length) !== sha256(whole)) seen.torn += 1;
            const expected = acknowledged.get(name);
            if (expected !== undefined && name !== 'contested' && whole?.length !== expected) seen.lost += 1;
          }
          const start = performance.now();
          daemon = await startDaemon({ place });
          seen.orphans += fs.readdirSync(path.join(place.store, 'artifacts', '.incoming')).length;
          seen.slowestStart = Math.max(seen.slowestStart, (performance.now() - start) / 1000);
        }
      } finally {
        await daemon.stop();
        place.remove();
      }
      return {
        'files that are no whole upload': none(seen.torn),
        'acknowledged uploads that are gone': none(seen.lost),
        'unfinished uploads left after the next start': none(seen.orphans),
        'slowest start, with them removed (s)': onThisMachine(atMost(seen.slowestStart, CLEAN_AFTER_START_S)),
      };
    },
  },
};

/** Uploads to all names at once and kills the daemon at a random moment. @returns sizes of what was acknowledged, by name */
async function uploadUntilKilled(
  daemon: TestDaemon,
  artifacts: string,
  contents: readonly Buffer[],
): Promise<Map<string, number>> {
  const wire = new MlflowWire(daemon);
  const acknowledged = new Map<string, number>();
  const upload = async (name: string) => {
    const content = contents[Math.floor(Math.random() * contents.length)] ?? Buffer.alloc(0);
    const answer = await wire.send('PUT', proxyPath(`${artifacts}/${name}`), content);
    if (answer.status === 200) acknowledged.set(name, content.length);
  };
  const uploads = Promise.allSettled(NAMES.map(upload));
  await pause(Math.random() * LATEST_KILL_MS);
  await daemon.kill();
  await uploads;
  return acknowledged;
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
