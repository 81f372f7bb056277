// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  globSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { type Execution, planExecution } from '../../../daemon/contract/pipelines.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { log, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

describe('steps whose inputs have not changed', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  /** How each step came to its end. */
  const how = (execution: Execution) =>
    Object.fromEntries(
      execution.steps.map(({ name, status, reused, message }) => [
        name,
        status === 'failed' ? `failed: ${message}` : (reused ?? status),
      ]),
    );

  const planOf = (set: Record<string, string> = {}) =>
    daemon.client.call(planExecution, { body: { file: place('modelthat.yaml'), set } });

  async function plan(set: Record<string, string> = {}): Promise<Record<string, string>> {
    const { steps } = await planOf(set);
    return Object.fromEntries(steps.map(({ name, action, reason }) => [name, `${action}: ${reason}`]));
  }

  /** A pipeline in a folder of its own: words are upper-cased, counted, and the count is reported. */
  function words(folder: string): string[] {
    write(daemon, `${folder}/raw/a.txt`, 'one two');
    write(daemon, `${folder}/raw/b.txt`, 'three');
    write(daemon, 'params.yaml', 'upper: { letters: a-z }', 'count: { what: -w }');
    return [
      `name: ${folder}`,
      'steps:',
      '  upper:',
      `    run: sh -c 'cat ${folder}/raw/*.txt | tr "$1" A-Z > ${folder}/upper.txt' sh \${upper.letters}`,
      `    params: [upper]`,
      `    deps: [${folder}/raw]`,
      `    outs: [${folder}/upper.txt]`,
      '  count:',
      `    run: sh -c 'wc "$1" < ${folder}/upper.txt > ${folder}/count.txt' sh \${count.what}`,
      '    params: [count]',
      `    deps: [${folder}/upper.txt]`,
      `    outs: [${folder}/count.txt]`,
      '  tell:',
      `    run: cat ${folder}/count.txt`,
      '    params: []',
      `    deps: [${folder}/count.txt]`,
    ];
  }

  it('are not run again', async () => {
    const lines = words('again');
    const first = await run(daemon, lines);
    assert.deepEqual(how(first), { upper: 'succeeded', count: 'succeeded', tell: 'succeeded' });
    assert.deepEqual(await plan(), {
      upper: `skip: nothing changed since again #1`,
      count: `skip: nothing changed since again #1`,
      tell: 'run: it makes nothing that could be kept: it runs every time',
    });
    const before = statSync(place('again/upper.txt')).mtimeMs;
    const second = await run(daemon, lines);
    assert.deepEqual(how(second), { upper: 'unchanged', count: 'unchanged', tell: 'succeeded' });
    assert.match(step(second, 'upper').message, /nothing changed since again #1/);
    assert.equal(statSync(place('again/upper.txt')).mtimeMs, before);
    assert.equal((await log(daemon, second.id, 'tell')).trim(), '3');
  });

  it('are told from those that have, with the reason', async () => {
    const lines = words('reasons');
    await run(daemon, lines);
    const { criticalPath, estimate } = await planOf({ 'count.what': '-c' });
    assert.deepEqual(criticalPath, ['count', 'tell']);
    assert.ok(estimate !== null && estimate > 0, 'the time that it took before');
    assert.deepEqual(await plan({ 'count.what': '-c' }), {
      upper: 'skip: nothing changed since reasons #1',
      count:
        'run: parameter count.what: "-w" → "-c"; command: sh -c wc "$1" < reasons/upper.txt > reasons/count.txt sh -w → sh -c wc "$1" < reasons/upper.txt > reasons/count.txt sh -c',
      tell: 'run: “count” runs before it',
    });
    write(daemon, 'reasons/raw/b.txt', 'four');
    assert.match((await plan()).upper ?? '', /^run: reasons\/raw\/b\.txt changed$/);
    write(daemon, 'reasons/raw/c.txt', 'five');
    rmSync(place('reasons/raw/b.txt'));
    assert.match((await plan()).upper ?? '', /^run: reasons\/raw\/(b\.txt is gone|c\.txt is new)$/);
  });

  it('end what follows a change that made no difference', async () => {
    const lines = words('cutoff');
    await run(daemon, lines);
    // Another range of letters, the same upper-case text.
    const changed = await run(daemon, lines, { set: { 'upper.letters': 'abcdefghijklmnopqrstuvwxyz' } });
    assert.deepEqual(how(changed), { upper: 'succeeded', count: 'unchanged', tell: 'succeeded' });
    assert.equal(readFileSync(place('cutoff/upper.txt'), 'utf8'), 'ONE TWO\nTHREE\n');
  });

  it('get back the outputs that somebody removed', async () => {
    const lines = words('restore');
    await run(daemon, lines);
    rmSync(place('restore/upper.txt'));
    rmSync(place('restore/count.txt'));
    assert.deepEqual(await plan(), {
      upper: 'restore: nothing changed since restore #1; from the cache: restore/upper.txt',
      count: 'restore: nothing changed since restore #1; from the cache: restore/count.txt',
      tell: 'run: it makes nothing that could be kept: it runs every time',
    });
    const second = await run(daemon, lines);
    assert.deepEqual(how(second), { upper: 'restored', count: 'restored', tell: 'succeeded' });
    assert.equal(readFileSync(place('restore/upper.txt'), 'utf8'), 'ONE TWO\nTHREE\n');
    assert.equal(readFileSync(place('restore/count.txt'), 'utf8').trim(), '3');
  });

  it('run when somebody changed their outputs, so that the step decides what becomes of that', async () => {
    const lines = words('edited');
    await run(daemon, lines);
    write(daemon, 'edited/count.txt', 'put here by hand');
    assert.equal((await plan()).count, 'run: its output edited/count.txt was changed');
    const second = await run(daemon, lines);
    assert.deepEqual(how(second), { upper: 'unchanged', count: 'succeeded', tell: 'succeeded' });
  });

  it('get back the outputs of parameters that ran before', async () => {
    const lines = words('return');
    await run(daemon, lines);
    await run(daemon, lines, { set: { 'count.what': '-c' } });
    assert.equal(readFileSync(place('return/count.txt'), 'utf8').trim(), '14');
    const third = await run(daemon, lines);
    assert.deepEqual(how(third), { upper: 'unchanged', count: 'restored', tell: 'succeeded' });
    assert.equal(readFileSync(place('return/count.txt'), 'utf8').trim(), '3');
  });

  it('get back folders, with what may be executed', async () => {
    const lines = [
      'name: folders',
      'steps:',
      '  make:',
      "    run: sh -c 'mkdir -p made/deep && echo hi > made/deep/a.txt && echo true > made/b.sh && chmod +x made/b.sh'",
      '    outs: [made]',
    ];
    await run(daemon, lines);
    rmSync(place('made'), { recursive: true });
    const second = await run(daemon, lines);
    assert.equal(step(second, 'make').reused, 'restored');
    assert.equal(readFileSync(place('made/deep/a.txt'), 'utf8'), 'hi\n');
    assert.ok(statSync(place('made/b.sh')).mode & 0o100);
  });

  it('get back outputs whose restoring was interrupted before, and leave nothing of that', async () => {
    const lines = words('interrupted');
    await run(daemon, lines);
    // As a daemon leaves it that is killed while it copies.
    const left = place('interrupted/.upper.txt.0a1b2c3d.tmp');
    writeFileSync(left, 'ONE');
    writeFileSync(place('interrupted/raw/.b.txt.0a1b2c3d.tmp'), 'th');
    rmSync(place('interrupted/upper.txt'));
    const second = await run(daemon, lines);
    assert.deepEqual(how(second), { upper: 'restored', count: 'unchanged', tell: 'succeeded' });
    assert.ok(!existsSync(left));
  });

  it('run when the cache is damaged, and never give damaged outputs', async () => {
    const lines = words('damaged');
    await run(daemon, lines);
    const text = readFileSync(place('damaged/upper.txt'), 'utf8');
    rmSync(place('damaged/upper.txt'));
    const objects = globSync('objects/*/*', { cwd: path.join(daemon.place.store, 'cache') })
      .map(name => path.join(daemon.place.store, 'cache', name))
      .filter(file => readFileSync(file, 'utf8') === text);
    for (const file of objects) {
      chmodSync(file, 0o600);
      writeFileSync(file, text.replace('ONE', 'EIN'));
    }
    const second = await run(daemon, lines);
    assert.match(step(second, 'upper').message, /could not be restored: .* damaged/);
    assert.equal(step(second, 'upper').reused, null);
    assert.equal(readFileSync(place('damaged/upper.txt'), 'utf8'), text);
  });

  it('run when they are asked to in any case', async () => {
    const lines = words('force');
    await run(daemon, lines);
    const second = await run(daemon, lines, { force: true });
    assert.deepEqual(how(second), { upper: 'succeeded', count: 'succeeded', tell: 'succeeded' });
  });

  it('run when their code changed, or code that it imports', async () => {
    write(daemon, 'job.py', 'from helper import text', "open('job.txt', 'w').write(text)");
    write(daemon, 'helper.py', "text = 'one'");
    const lines = ['name: code', 'steps:', '  job: { run: python3 job.py, params: [], outs: [job.txt] }'];
    await run(daemon, lines);
    assert.equal(step(await run(daemon, lines), 'job').reused, 'unchanged');
    // Of another length: Python takes a file of the same second and size for unchanged.
    write(daemon, 'helper.py', "text = 'another'");
    assert.deepEqual(await plan(), { job: 'run: code helper.py changed' });
    await run(daemon, lines);
    assert.equal(readFileSync(place('job.txt'), 'utf8'), 'another');
  });

  it('are not kept when an input changed while they ran', async () => {
    write(daemon, 'slow.txt', 'before');
    const lines = [
      'name: racing',
      'steps:',
      '  copy:',
      "    run: sh -c 'cat slow.txt > copied.txt; touch began; until [ -e go ]; do sleep 0.02; done'",
      '    deps: [slow.txt]',
      '    outs: [copied.txt]',
    ];
    const { id } = await start(daemon, lines);
    await until(daemon, id, () => existsSync(place('began')));
    write(daemon, 'slow.txt', 'after');
    write(daemon, 'go', '');
    const first = await until(daemon, id, ({ exitCode }) => exitCode !== null);
    assert.match(step(first, 'copy').message, /not kept for later: slow\.txt changed while it ran/);
    const second = await run(daemon, lines);
    assert.equal(step(second, 'copy').reused, null);
    assert.equal(readFileSync(place('copied.txt'), 'utf8'), 'after\n');
  });

  it('run, and are not kept, while something that they depend on cannot be read whole', async () => {
    write(daemon, 'linked/a.txt', 'a');
    symlinkSync(daemon.place.store, place('linked/elsewhere'));
    const lines = [
      'name: unreadable',
      'steps:',
      '  take: { run: cp linked/a.txt copy.txt, params: [], deps: [linked], outs: [copy.txt] }',
    ];
    const why = /linked is unreadable: .*elsewhere is a link to .*, which is no file/;
    const first = await run(daemon, lines);
    assert.equal(first.exitCode, 0);
    assert.match(step(first, 'take').message, why);
    assert.match((await plan()).take ?? '', /^run: it has not ended well before$/);
    assert.equal(step(await run(daemon, lines), 'take').reused, null);
  });

  it('do not see the parameters that they do not name', async () => {
    write(daemon, 'params.yaml', 'seen: { a: 1 }', 'unseen: 2');
    const lines = [
      'name: sight',
      'steps:',
      '  some: { run: sh -c \'cat "$MODELTHAT_PARAMS" > some.json\', params: [seen], outs: [some.json] }',
      '  all: { run: sh -c \'cat "$MODELTHAT_PARAMS" > all.json\', outs: [all.json] }',
    ];
    await run(daemon, lines);
    assert.deepEqual(JSON.parse(readFileSync(place('some.json'), 'utf8')), { seen: { a: 1 } });
    assert.deepEqual(JSON.parse(readFileSync(place('all.json'), 'utf8')), { seen: { a: 1 }, unseen: 2 });
    assert.deepEqual(how(await run(daemon, lines, { set: { unseen: '3' } })), {
      some: 'unchanged',
      all: 'succeeded',
    });
  });

  it('are judged by the gates of now, with the metrics of then', async () => {
    write(daemon, 'score.sh', `echo '{"rmspe": 0.2}' > score.json; echo ran >> ran.txt`);
    const lines = (bound: number) => [
      'name: gated',
      'steps:',
      '  score:',
      '    run: sh score.sh',
      '    params: []',
      '    metrics: [score.json]',
      `    gates: [rmspe < ${bound}]`,
    ];
    const refused = await run(daemon, lines(0.1));
    assert.deepEqual([refused.exitCode, statuses(refused)], [3, { score: 'failed' }]);
    const passed = await run(daemon, lines(0.3));
    assert.deepEqual([passed.exitCode, how(passed)], [0, { score: 'unchanged' }]);
    assert.equal(step(passed, 'score').runId, step(refused, 'score').runId);
    assert.deepEqual(step(passed, 'score').metric?.value, 0.2);
    assert.equal(readFileSync(place('ran.txt'), 'utf8'), 'ran\n');
  });
});
