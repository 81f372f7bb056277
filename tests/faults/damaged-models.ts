/** I5: a damaged model file harms nothing but the process that is given it. */
import fs from 'node:fs';
import path from 'node:path';
import { listEndpoints } from '../../daemon/contract/serving.ts';
import { Busyness } from '../support/busyness.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { damaged, seeded } from '../support/damage.ts';
import { linearModel } from '../support/onnx.ts';
import { registerLinearModel, registerOnnx } from '../support/onnx-registration.ts';
import { BUILT_DAEMON, BUILT_MAIN } from '../support/programs.ts';
import { atMost, type Check, exactly, none, onThisMachine } from './check.ts';

const SEED = 42;
const REPLACED_S = 2;
/** One in so many times the good model's process is killed. */
const KILL_EVERY = 12;
/** Fewer than the processes that are kept: the good model's is not to give way. */
const AT_ONCE = 3;
/** Answers to what a client or its model got wrong, and of a model process that has died. */
const REFUSALS = [400, 503];

export const damagedModels: Check = {
  id: 'I5',
  title: 'damaged ONNX files harm nothing but the process they are loaded in',
  ordinary: [{ files: 'tests/daemon/serving/hostile-model.test.ts' }],
  trial: {
    counts: { full: 500, quick: 50, test: 9 },
    run: async count => {
      const daemon = await startDaemon({ main: BUILT_MAIN });
      const random = seeded(SEED);
      const good = linearModel([10, 1]);
      const busy = new Busyness();
      const seen = { wrong: 0, unexpected: 0, silent: 0, slowest: 0 };
      let alive = true;
      void daemon.ended.then(() => {
        alive = false;
      });
      try {
        await registerLinearModel(daemon.client, 'good', [10, 1]);
        let asked = 0;
        while (asked < count) {
          const versions = Array.from({ length: Math.min(AT_ONCE, count - asked) }, () => {
            asked += 1;
            return asked;
          });
          for (const _ of versions) await registerOnnx(daemon.client, 'damaged', damaged(good, random));
          const answers = await Promise.all(
            versions.map(version => predict(daemon, `damaged/invocations?version=${version}`)),
          );
          seen.unexpected += answers.filter(({ code }) => code !== 200 && !REFUSALS.includes(code)).length;
          if (asked % KILL_EVERY < AT_ONCE) {
            busy.sample();
            await killProcessOf(daemon, 'good');
          }
          const start = performance.now();
          const answer = await predict(daemon, 'good/invocations?version=1');
          seen.slowest = Math.max(seen.slowest, (performance.now() - start) / 1000);
          if (answer.text !== '{"predictions":{"prediction":[[12]]}}') seen.wrong += 1;
          if ((await (await fetch(`${daemon.url}/health`)).text()) !== 'OK') seen.silent += 1;
        }
        return {
          'damaged models asked': exactly(asked, count),
          'daemons that ended': none(alive ? 0 : 1),
          'answers that are no prediction and no refusal': none(seen.unexpected),
          'wrong answers of a good model beside them': none(seen.wrong),
          'health checks without an answer': none(seen.silent),
          'slowest answer of the good model, also after its process was killed (s)': onThisMachine(
            atMost(seen.slowest, REPLACED_S * busy.factor),
          ),
          'modules of the daemon that unpickle': none(modulesThatUnpickle()),
        };
      } finally {
        await daemon.dispose();
      }
    },
  },
};

async function predict(daemon: TestDaemon, target: string): Promise<{ code: number; text: string }> {
  const answer = await fetch(`${daemon.url}/serve/${target}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${daemon.secrets.owner}`, 'content-type': 'application/json' },
    body: '{"inputs": [[1, 2]]}',
  });
  return { code: answer.status, text: await answer.text() };
}

/** Ends the process of a model, and waits until the daemon has noticed. */
async function killProcessOf(daemon: TestDaemon, name: string): Promise<void> {
  const pid = await processOf(daemon, name);
  if (pid === null) return;
  process.kill(pid, 'SIGKILL');
  while ((await processOf(daemon, name)) === pid) await new Promise(resolve => setTimeout(resolve, 5));
}

async function processOf(daemon: TestDaemon, name: string): Promise<number | null> {
  const { items } = await daemon.client.call(listEndpoints, {});
  return items.find(endpoint => endpoint.name === name)?.processes[0]?.pid ?? null;
}

/** Bundled modules of the daemon that know a format which executes what it loads. */
function modulesThatUnpickle(): number {
  return fs
    .globSync('*.mjs', { cwd: BUILT_DAEMON })
    .filter(file =>
      /\bunpickle|joblib|pickle\.load/.test(fs.readFileSync(path.join(BUILT_DAEMON, file), 'utf8')),
    ).length;
}
