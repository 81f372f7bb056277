import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { getStatus } from '../../../daemon/contract/about.ts';
import { type Automation, listAutomations, switchAutomation } from '../../../daemon/contract/automations.ts';
import { checkPipeline, type Execution, listExecutions } from '../../../daemon/contract/pipelines.ts';
import { getRun } from '../../../daemon/contract/runs.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { MlflowWire } from '../../support/mlflow.ts';
import { ended, listen, PATIENCE_MS, write } from '../../support/pipelines.ts';

const STEPS = ['steps:', '  a: { run: echo hello }'];
const EACH_SECOND = 'schedule: "* * * * * *"';
const NEVER_NOW = 'schedule: { cron: "0 3 29 2 *", timezone: Europe/Berlin }';

/** Registers a version as an MLflow client does, with the token of the step. */
const MAKES_A_VERSION = `
import base64, json, os, urllib.request
user = os.environ["MLFLOW_TRACKING_USERNAME"] + ":" + os.environ["MLFLOW_TRACKING_PASSWORD"]
headers = {"Content-Type": "application/json", "Authorization": "Basic " + base64.b64encode(user.encode()).decode()}
def call(route, **body):
    url = os.environ["MLFLOW_TRACKING_URI"] + "/api/2.0/mlflow/" + route
    return json.load(urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), headers)))
run_id = call("runs/create", experiment_id="0", start_time=1)["run"]["info"]["run_id"]
call("model-versions/create", name="sales", source=f"runs:/{run_id}/model", run_id=run_id)
`;

/** Looking at thousands of new files takes a busy machine its time. */
const MANY_FILES_MS = 150_000;

describe('schedules and triggers', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  beforeEach(async () => {
    place = testPlace();
    daemon = await startDaemon({ place });
  });
  afterEach(async () => {
    await daemon.dispose();
    place.remove();
  });

  const at = (name: string) => path.join(place.workspace, name);
  const define = (...lines: string[]) => write(daemon, 'modelthat.yaml', ...lines);
  const automations = async () => (await daemon.client.call(listAutomations, {})).items;
  const executions = async () => (await daemon.client.call(listExecutions, { query: { limit: 100 } })).items;

  function turn(kind: Automation['kind'], on: boolean): Promise<Automation> {
    return daemon.client.call(switchAutomation, { body: { file: at('modelthat.yaml'), kind, on } });
  }

  /** Waits for so many executions, and for the end of the newest. */
  async function started(count: number, patience = PATIENCE_MS): Promise<Execution> {
    return ended(daemon, (await appeared(count, patience)).id);
  }

  /** Waits for so many executions. @returns the newest */
  async function appeared(count: number, patience = PATIENCE_MS): Promise<Execution> {
    const giveUp = Date.now() + patience;
    for (;;) {
      const [newest, ...rest] = await executions();
      if (newest && rest.length + 1 >= count) return newest;
      if (Date.now() > giveUp)
        throw new Error(`not started: ${JSON.stringify(await automations(), null, 2)}`);
      await sleep(20);
    }
  }

  describe('of a definition', () => {
    const problems = async (...lines: string[]) => {
      const file = define(...lines, ...STEPS);
      const found = await daemon.client.call(checkPipeline, { body: { file } });
      return found.problems.map(({ line, message }) => `${line}: ${message}`);
    };

    it('are checked', async () => {
      assert.deepEqual(
        await problems(NEVER_NOW, 'triggers: [data/raw/**, { model: sales, stage: Staging }]'),
        [],
      );
      assert.match((await problems('schedule: often'))[0] ?? '', /^1: “often” cannot be read/);
      assert.match((await problems('schedule: "0 3 31 2 *"'))[0] ?? '', /never comes/);
      assert.match(
        (await problems('schedule: { cron: "0 3 * * *", timezone: Mars/Crater }'))[0] ?? '',
        /no time zone “Mars\/Crater”/,
      );
      assert.match((await problems('triggers: [../elsewhere/**]'))[0] ?? '', /outside the workspace/);
      assert.match((await problems('triggers: [{ file: a }]')).join(), /unknown key “file”/);
      assert.match((await problems('triggers: [{ drift: sales }]'))[0] ?? '', /“drift” is not supported yet/);
    });

    it('do nothing until a person turns them on', async () => {
      define(EACH_SECOND, 'triggers: [data]', ...STEPS);
      const items = await automations();
      assert.deepEqual(
        items.map(({ kind, description, on, next }) => ({ kind, description, on, next })),
        [
          { kind: 'schedule', description: '* * * * * *', on: false, next: null },
          { kind: 'triggers', description: 'data', on: false, next: null },
        ],
      );
      await assert.rejects(
        daemon.trackingClient.call(switchAutomation, {
          body: { file: at('modelthat.yaml'), kind: 'schedule', on: true },
        }),
        /owner/,
      );
    });

    it('cannot be turned on when there are none', async () => {
      define(NEVER_NOW, ...STEPS);
      await assert.rejects(turn('triggers', true), /declares no triggers\. Add some/);
    });
  });

  describe('a schedule', () => {
    it('starts executions, and keeps the daemon up, until it is turned off', async () => {
      define(EACH_SECOND, ...STEPS);
      const { next } = await turn('schedule', true);
      assert.ok(next !== null && next > Date.now() - 1_000);
      const execution = await started(1);
      assert.equal(execution.startedBy.kind, 'schedule');
      assert.match(execution.startedBy.detail, /^due \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      const { tags } = await daemon.client.call(getRun, { params: { runId: execution.runId } });
      assert.equal(tags['modelthat.started_by'], `schedule: ${execution.startedBy.detail}`);
      const status = await daemon.client.call(getStatus, {});
      assert.deepEqual([status.automations, status.idleStopAt], [1, null]);
      await turn('schedule', false);
      assert.equal((await daemon.client.call(getStatus, {})).automations, 0);
      assert.equal((await automations())[0]?.on, false);
    });

    /** Has a daemon find that its schedule was due each night since three days ago. */
    async function comeBackLate(missed: 'once' | 'skip'): Promise<Automation> {
      define(`schedule: { cron: "0 3 * * *", missed: ${missed} }`, ...STEPS);
      await turn('schedule', true);
      await daemon.stop();
      const file = path.join(place.state, 'automations.json');
      const [kept] = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify([{ ...kept, settled: Date.now() - 3 * 24 * 3_600_000 }]));
      daemon = await startDaemon({ place });
      const [found] = await automations();
      assert.ok(found?.next && found.next > Date.now(), 'the next one is ahead');
      return found;
    }

    it('starts one execution for all that was missed while no daemon ran', async () => {
      await comeBackLate('once');
      assert.match((await started(1)).startedBy.detail, / 03:00:00$/);
      assert.equal((await executions()).length, 1);
    });

    it('starts none for what was missed where that is chosen', async () => {
      const { last } = await comeBackLate('skip');
      assert.equal(last, null);
      assert.deepEqual(await executions(), []);
    });

    it('follows its definition, and says when that cannot run', async () => {
      define(NEVER_NOW, ...STEPS);
      const stream = await listen(daemon);
      await turn('schedule', true);
      define('schedule: "0 4 * * *"', ...STEPS);
      await stream.tells(`"topic":"pipeline","id":${JSON.stringify(at('modelthat.yaml'))}`);
      await until(({ description, problem }) => description === '0 4 * * *' && problem === null);
      assert.deepEqual(await executions(), [], 'a changed schedule is not due for the time before');
      define('schedule: "0 4 * * *"', 'steps: { a: { run: 3 } }');
      await until(({ problem, on }) => on && /cannot run: .*modelthat.yaml:2/.test(problem ?? ''));
      rmSync(at('modelthat.yaml'));
      await until(({ problem }) => /There is no file/.test(problem ?? ''));
      await turn('schedule', false);
      assert.deepEqual(await automations(), []);
      stream.stop();
    });

    it('says why it did not start an execution', async () => {
      define('concurrency: skip', EACH_SECOND, 'steps:', '  a: { run: sleep 60 }');
      await turn('schedule', true);
      await until(({ last }) => last?.executionId === null && /is already running/.test(last.message));
      await turn('schedule', false);
    });

    it('does not come with a store that somebody else made', async () => {
      define(EACH_SECOND, ...STEPS);
      await turn('schedule', true);
      await daemon.stop();
      const clone = testPlace();
      cpSync(place.workspace, clone.workspace, { recursive: true });
      const other = await startDaemon({ place: clone });
      const { items } = await other.client.call(listAutomations, {});
      await other.dispose();
      clone.remove();
      assert.deepEqual(
        items.map(({ on }) => on),
        [false],
      );
    });
  });

  describe('a trigger', () => {
    it('on files starts one execution for many changes, once they are left alone', async () => {
      define('triggers: [{ files: [data/raw/**, "!**/*.tmp"], quiet: 5s }]', ...STEPS);
      await turn('triggers', true);
      mkdirSync(at('data/raw/deep'), { recursive: true });
      await execa('sh', ['-c', 'seq -f data/raw/deep/%g.csv 10000 | xargs touch'], { cwd: place.workspace });
      const execution = await started(1, MANY_FILES_MS);
      assert.equal(execution.startedBy.kind, 'trigger');
      assert.match(execution.startedBy.detail, /^data\/raw\/deep\/\d+\.csv, .* and 9997 more changed$/);
      writeFileSync(at('data/raw/part.tmp'), '');
      writeFileSync(at('data/other.csv'), '');
      rmSync(at('data/raw/deep/7.csv'));
      // A file of the many may be reported once more.
      assert.match((await started(2)).startedBy.detail, /data\/raw\/deep\/7\.csv.* changed$/);
      assert.equal((await executions()).length, 2);
    }).timeout(2 * MANY_FILES_MS);

    it('on files goes on when their folder is replaced', async () => {
      write(daemon, 'data/raw/old.csv', 'one');
      define('triggers: [{ files: data/raw, quiet: 200ms }]', ...STEPS);
      await turn('triggers', true);
      rmSync(at('data'), { recursive: true });
      assert.match((await started(1)).startedBy.detail, /data\/raw\/old\.csv changed/);
      write(daemon, 'data/raw/new.csv', 'two');
      assert.match((await started(2)).startedBy.detail, /data\/raw\/new\.csv changed/);
    });

    it('is not pulled by what the pipeline itself writes', async () => {
      const lines = [
        'triggers: [{ files: data, quiet: 200ms }]',
        'steps:',
        "  a: { run: sh -c 'date > data/out.txt', outs: [data/out.txt] }",
      ];
      write(daemon, 'data/in.txt', 'one');
      define(...lines);
      await turn('triggers', true);
      write(daemon, 'data/in.txt', 'two');
      await started(1);
      write(daemon, 'data/in.txt', 'three');
      assert.equal((await started(2)).startedBy.detail, 'data/in.txt changed');
      assert.equal((await executions()).length, 2);
    });

    it('on a model starts one for each new version, in a queue that outlives the daemon', async () => {
      const register = async (name: string) => {
        const wire = new MlflowWire(daemon);
        const { runId } = await wire.startRun();
        await wire.post('model-versions/create', { name, source: `runs:/${runId}/model`, run_id: runId });
      };
      for (const name of ['sales', 'other'])
        await new MlflowWire(daemon).post('registered-models/create', { name });
      await register('sales');
      write(daemon, 'hold.sh', 'until [ -e go ]; do sleep 0.02; done');
      const steps = 'steps: { a: { run: sh hold.sh } }';
      define('name: smoke', 'triggers: [{ model: sales }]', 'concurrency: queue', steps);
      await turn('triggers', true);
      await register('other');
      await register('sales');
      const first = await appeared(1);
      assert.deepEqual(first.startedBy, { kind: 'trigger', detail: 'version 2 of sales is new' });
      await register('sales');
      const second = await appeared(2);
      assert.deepEqual(
        [second.status, second.message, second.startedBy.detail],
        ['queued', 'waits for smoke #1 to end', 'version 3 of sales is new'],
      );
      await daemon.kill();
      daemon = await startDaemon({ place });
      await register('sales');
      const third = await appeared(3);
      assert.deepEqual([third.status, third.startedBy.detail], ['queued', 'version 4 of sales is new']);
      write(daemon, 'go', '');
      const all = await Promise.all([first, second, third].map(({ id }) => ended(daemon, id)));
      assert.deepEqual(
        all.map(({ number, status }) => [number, status]),
        [1, 2, 3].map(number => [number, 'succeeded']),
      );
      assert.equal((await executions()).length, 3);
    });

    it('on a model is not pulled by the versions that the pipeline makes itself', async () => {
      write(daemon, 'make.py', MAKES_A_VERSION);
      define('triggers: [{ model: sales }]', 'steps: { a: { run: python3 make.py } }');
      await new MlflowWire(daemon).post('registered-models/create', { name: 'sales' });
      await turn('triggers', true);
      for (const version of [1, 3]) {
        const wire = new MlflowWire(daemon);
        const { runId } = await wire.startRun();
        const source = `runs:/${runId}/model`;
        await wire.post('model-versions/create', { name: 'sales', source, run_id: runId });
        const execution = await started(version === 1 ? 1 : 2);
        assert.equal(execution.startedBy.detail, `version ${version} of sales is new`);
        assert.equal(execution.status, 'succeeded', JSON.stringify(execution));
      }
      assert.equal((await executions()).length, 2);
    });

    it('that can never be pulled is warned of', async () => {
      const file = define('triggers: [data/made/**]', 'steps:', '  a: { run: echo, outs: [data/made] }');
      const { problems } = await daemon.client.call(checkPipeline, { body: { file } });
      assert.match(problems[0]?.message ?? '', /never starts the pipeline: step “a” writes there/);
    });
  });

  it('are listed and turned on and off in a terminal', async () => {
    define('name: nightly', NEVER_NOW, 'triggers: [data]', ...STEPS);
    const command = (...args: string[]) => modelthat(place, ...args);
    assert.match(
      (await command('schedules', 'ls')).stdout,
      /nightly +schedule +0 3 29 2 \* \(Europe\/Berlin\) +off/,
    );
    const { stdout } = await command('schedules', 'on', '--schedule');
    assert.match(stdout, /nightly +schedule .* on +\d{4}-02-29/);
    assert.doesNotMatch(stdout, /triggers/);
    const off = await command('schedules', 'off', place.workspace);
    assert.match(off.stdout, /schedule .* off.*\n.*triggers .* off/);
  });

  async function until(reached: (automation: Automation) => boolean): Promise<void> {
    const giveUp = Date.now() + PATIENCE_MS;
    for (;;) {
      const items = await automations();
      if (items.some(reached)) return;
      if (Date.now() > giveUp) throw new Error(`it stays as it is: ${JSON.stringify(items, null, 2)}`);
      await sleep(20);
    }
  }
});
