import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { globSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getStepLog, listExecutions, planExecution } from '../../../daemon/contract/pipelines.ts';
import { listSecrets, removeSecret, setSecret } from '../../../daemon/contract/secrets.ts';
import { HiddenWords } from '../../../daemon/pipelines/hiding.ts';
import { readLog } from '../../../daemon/pipelines/logs.ts';
import { modelthat, modelthatReading } from '../../support/cli.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../../support/daemon.ts';
import { ended, log, run, start, step, until, write } from '../../support/pipelines.ts';

/** Never to be found where it does not belong. */
const CANARY = `canary-${randomBytes(12).toString('hex')}`;

describe('secrets of steps', () => {
  let place: TestPlace;
  let daemon: TestDaemon;

  beforeEach(async () => {
    place = testPlace();
    daemon = await startDaemon({ place, env: { OF_ENVIRONMENT: `${CANARY}-env` } });
  });
  afterEach(async () => {
    await daemon.stop();
    place.remove();
  });

  const set = (name: string, value: string) =>
    daemon.client.call(setSecret, { params: { name }, body: { value } });

  /** Every file of the store and of the state folder that has the canary in it. */
  function filesWithCanary(): string[] {
    const scratch = path.dirname(place.workspace);
    return globSync('**/*', { cwd: scratch })
      .filter(name => lstatSync(path.join(scratch, name)).isFile())
      .filter(name => readFileSync(path.join(scratch, name)).includes(CANARY))
      .map(name => path.basename(name));
  }

  it('reach the step that names them and nobody else', async () => {
    await set('API_KEY', CANARY);
    assert.deepEqual(await daemon.client.call(listSecrets, {}), { items: [{ name: 'API_KEY' }] });
    write(
      daemon,
      'use.py',
      'import base64, hashlib, os, subprocess, sys',
      'for name in ("API_KEY", "OF_ENVIRONMENT"):',
      '    value = os.environ.get(name)',
      '    print(name, hashlib.sha256(value.encode()).hexdigest()[:8] if value else None, value)',
      'sys.exit(int(sys.argv[1]))',
    );
    const execution = await run(daemon, [
      'name: with-secrets',
      'steps:',
      '  both: { run: python3 use.py 0, secrets: [API_KEY, OF_ENVIRONMENT], outs: [] }',
      '  failing: { run: python3 use.py 3, secrets: API_KEY, retries: { times: 1, wait: 0 } }',
      '  none: { run: python3 use.py 0, params: [] }',
    ]);
    const shown = await log(daemon, execution.id, 'both');
    assert.match(shown, /^API_KEY [0-9a-f]{8} \*+\nOF_ENVIRONMENT [0-9a-f]{8} \*+\n$/);
    assert.match(await log(daemon, execution.id, 'failing'), /API_KEY [0-9a-f]{8} \*+\n/);
    assert.equal(await log(daemon, execution.id, 'none'), 'API_KEY None None\nOF_ENVIRONMENT None None\n');
    assert.ok(!JSON.stringify(await daemon.client.call(listExecutions, { query: {} })).includes(CANARY));
    await daemon.stop();
    assert.deepEqual(filesWithCanary(), ['step-secrets.json']);
    const [file = ''] = globSync('**/step-secrets.json', { cwd: path.dirname(place.workspace) });
    if (process.platform !== 'win32')
      assert.equal(lstatSync(path.join(path.dirname(place.workspace), file)).mode & 0o777, 0o600);
  });

  it('are hidden while the step runs, also by a later daemon whose environment is another', async () => {
    write(
      daemon,
      'print.sh',
      'printf "%s" "$OF_ENVIRONMENT"; echo " is it"; touch printed; until [ -e go ]; do sleep 0.02; done',
    );
    const { id } = await start(daemon, ['steps: { a: { run: sh print.sh, secrets: [OF_ENVIRONMENT] } }']);
    const reads = () => daemon.client.call(getStepLog, { params: { executionId: id, step: 'a' }, query: {} });
    await until(daemon, id, ({ steps }) => steps[0]?.status === 'running');
    while (!(await reads()).text.includes('is it'));
    assert.match((await reads()).text, /^\*+ is it\n$/);
    await daemon.kill();
    daemon = await startDaemon({ place });
    assert.match((await reads()).text, /^\*+ is it\n$/);
    write(daemon, 'go', '');
    assert.equal((await ended(daemon, id)).status, 'succeeded');
    assert.match(await log(daemon, id, 'a'), /^\*+ is it\n$/);
    assert.deepEqual(filesWithCanary(), []);
  });

  it('that nobody has set are told before anything runs', async () => {
    const lines = ['steps:', '  a: { run: touch ran }', '  b: { run: echo, secrets: [API_KEY], after: [a] }'];
    const missing =
      /“b” cannot run: it needs the secret API_KEY, which is not set \(modelthat secrets set API_KEY\)/;
    await assert.rejects(run(daemon, lines), missing);
    const file = path.join(place.workspace, 'modelthat.yaml');
    const { steps } = await daemon.client.call(planExecution, { body: { file } });
    assert.match(`${steps[1]?.action}: ${steps[1]?.reason}`, /^blocked: it needs the secret API_KEY/);
    await set('API_KEY', 'value');
    assert.equal((await run(daemon, lines)).status, 'succeeded');
    await daemon.client.call(removeSecret, { params: { name: 'API_KEY' } });
    await assert.rejects(run(daemon, lines), missing);
    await assert.rejects(
      daemon.client.call(removeSecret, { params: { name: 'API_KEY' } }),
      /no secret “API_KEY”/,
    );
    for (const name of ['MODELTHAT_TOKEN', 'two words', '1st'])
      await assert.rejects(
        run(daemon, [`steps: { a: { run: echo, secrets: ['${name}'] } }`]),
        /cannot be the name of a secret/,
      );
  });

  it('are set by the command line, which reads them from its input', async () => {
    const told = await modelthatReading(place, `${CANARY}\n`, 'secrets', 'set', 'API_KEY');
    assert.equal(told.exitCode, 0, told.stderr);
    assert.ok(!`${told.stdout}${told.stderr}`.includes(CANARY));
    assert.match((await modelthat(place, 'secrets', 'ls')).stdout, /API_KEY/);
    write(daemon, 'check.py', 'import os', `assert os.environ["API_KEY"] == "${CANARY}"`);
    const execution = await run(daemon, ['steps: { a: { run: python3 check.py, secrets: [API_KEY] } }']);
    assert.equal(step(execution, 'a').status, 'succeeded');
    await modelthat(place, 'secrets', 'rm', 'API_KEY');
    assert.deepEqual(await daemon.client.call(listSecrets, {}), { items: [] });
  });
});

describe('hiding words in a log', () => {
  const SECRET = 'pässwörd/1';
  const file = path.join(tmpdir(), `hiding-${process.pid}.log`);
  after(() => rmSync(file, { force: true }));

  it('leaves nothing of them in any part, wherever parts begin and end', () => {
    const words = new HiddenWords([SECRET]);
    const text = `é${SECRET}${SECRET} - ${JSON.stringify({ a: SECRET })} ${encodeURIComponent(SECRET)} end`;
    writeFileSync(file, text);
    const whole = readLog(file, { offset: 0, limit: 1_000 }, words, false);
    assert.match(whole.text, /^é\*+ - \{"a":"\*+"\} \*+ end$/);
    for (let limit = 1; limit < 40; limit++) {
      let shown = '';
      for (let offset = 0; offset < whole.size; ) {
        const part = readLog(file, { offset, limit }, words, false);
        shown += part.text;
        offset = part.nextOffset;
      }
      if (limit > 1) assert.equal(shown, whole.text);
      assert.ok(!shown.includes('swörd'));
    }
  });

  it('waits for the rest of what may be one, as long as more may come', () => {
    const words = new HiddenWords([SECRET]);
    writeFileSync(file, 'begin pässw');
    assert.equal(readLog(file, { offset: 0, limit: 100 }, words, true).text, 'begin ');
    assert.equal(readLog(file, { offset: 0, limit: 100 }, words, false).text, 'begin pässw');
  });

  it('hides each line of a value, and nothing that is too short to be one', () => {
    const words = new HiddenWords(['first line\r\nsecond line\nno', 'abc']);
    writeFileSync(file, 'abc no second line\nfirst line');
    assert.equal(
      readLog(file, { offset: 0, limit: 100 }, words, false).text,
      'abc no ***********\n**********',
    );
  });
});
