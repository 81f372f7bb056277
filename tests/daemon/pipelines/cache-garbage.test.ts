import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  globSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { runStoreTask } from '../../../daemon/client/store-task.ts';
import type { CacheGarbage } from '../../../daemon/contract/cache.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, run, start, step, until, write } from '../../support/pipelines.ts';

describe('cleaning the cache', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);
  const objects = () =>
    globSync('cache/objects/*/*', { cwd: daemon.place.store }).map(name =>
      path.join(daemon.place.store, name),
    );

  beforeEach(async () => {
    daemon = await startDaemon();
  });
  afterEach(() => daemon.dispose());

  /** A text is put into a file and into a folder. */
  const lines = (name: string) => [
    `name: ${name}`,
    'steps:',
    '  file:',
    `    run: sh -c 'echo "$1" > ${name}.txt' sh $\{text}`,
    '    params: [text]',
    `    outs: [${name}.txt]`,
    '  folder:',
    `    run: sh -c 'mkdir -p ${name}; cp ${name}.txt ${name}/a; echo b > ${name}/b'`,
    '    params: []',
    `    deps: [${name}.txt]`,
    `    outs: [${name}]`,
  ];
  const runWith = (name: string, text: string) => {
    write(daemon, 'params.yaml', `text: ${text}`);
    return run(daemon, lines(name));
  };
  /** As if everything had been written an hour ago. */
  const age = () => {
    const hour = new Date(Date.now() - 3600_000);
    for (const file of objects()) utimesSync(file, hour, hour);
  };
  async function clean(task: { dryRun: boolean; executions?: number }): Promise<CacheGarbage> {
    const { garbage } = await runStoreTask(daemon.client, { kind: 'cache', ...task }, () => {});
    return garbage;
  }

  it('takes what the newest executions do not need, after saying so, and leaves what they share with it', async () => {
    for (const text of ['one', 'two', 'three']) await runWith('words', text);
    age();
    const before = objects().length;
    const said = await clean({ dryRun: true, executions: 1 });
    assert.deepEqual(said.results.map(each => `${each.step} of ${each.execution}`).sort(), [
      'file of words #1',
      'file of words #2',
      'folder of words #1',
      'folder of words #2',
    ]);
    assert.ok(said.bytes > 0 && said.bytes === said.results.reduce((sum, each) => sum + each.bytes, 0));
    assert.equal(objects().length, before);
    const done = await clean({ dryRun: false, executions: 1 });
    assert.deepEqual([done.removed, done.bytes, done.kept.results], [true, said.bytes, 2]);
    assert.ok(objects().length < before);

    for (const name of ['words.txt', 'words']) rmSync(place(name), { recursive: true });
    const restored = await runWith('words', 'three');
    assert.deepEqual(
      restored.steps.map(each => each.reused),
      ['restored', 'restored'],
    );
    assert.equal(readFileSync(place('words/a'), 'utf8'), 'three\n');
    assert.equal((await clean({ dryRun: true, executions: 1 })).bytes, 0);
    const again = await runWith('words', 'one');
    assert.deepEqual(
      again.steps.map(each => each.reused),
      [null, null],
    );
  });

  it('leaves what was written lately, and takes what interrupted work left', async () => {
    await runWith('words', 'one');
    // Not one of the archived code, which stays.
    const object = objects().find(each => readFileSync(each, 'utf8') === 'one\n') ?? '';
    const stray = path.join(path.dirname(object), `.${path.basename(object)}.0123abcd.tmp`);
    writeFileSync(stray, 'half');
    await runWith('words', 'two');
    await clean({ dryRun: false, executions: 1 });
    assert.ok(existsSync(stray) && existsSync(object));
    age();
    utimesSync(stray, new Date(0), new Date(0));
    const { strays } = await clean({ dryRun: false, executions: 1 });
    assert.ok(strays.count > 1);
    assert.ok(!existsSync(stray) && !existsSync(object));
    rmSync(place('words.txt'));
    assert.equal(step(await runWith('words', 'two'), 'file').reused, 'restored');
  });

  it('leaves the code of all executions', async () => {
    await runWith('words', 'one');
    const { code } = await run(daemon, [...lines('words'), '# changed']);
    const archive = code?.archive ?? '';
    age();
    await clean({ dryRun: false, executions: 0 });
    const manifest = path.join(daemon.place.store, 'cache/objects', archive.slice(0, 2), archive.slice(2));
    const files = JSON.parse(readFileSync(manifest, 'utf8')) as [string, string][];
    const definition = files.find(([name]) => name === 'modelthat.yaml')?.[1] ?? '';
    const object = path.join(
      daemon.place.store,
      'cache/objects',
      definition.slice(0, 2),
      definition.slice(2),
    );
    assert.match(readFileSync(object, 'utf8'), /# changed/);
  });

  it('leaves all of a pipeline that runs, and what an execution with a version needs', async () => {
    for (const text of ['one', 'two']) await runWith('words', text);
    age();
    write(daemon, 'params.yaml', 'text: two');
    const { id } = await start(daemon, [...lines('words'), '  ask: { approval: Go on?, after: [folder] }']);
    await until(daemon, id, ({ status }) => status === 'waiting');
    const { results } = await clean({ dryRun: true, executions: 0 });
    assert.deepEqual(results, []);
  });

  it('does not get in the way of executions', async () => {
    write(daemon, 'params.yaml', 'text: x');
    for (let round = 0; round < 4; round += 1) {
      const { id } = await start(daemon, lines('words'), { set: { text: `t${round % 2}` } });
      const cleaned = clean({ dryRun: false, executions: 0 });
      const [execution] = await Promise.all([ended(daemon, id), cleaned]);
      assert.equal(execution.exitCode, 0);
      assert.equal(readFileSync(place('words/a'), 'utf8'), `t${round % 2}\n`);
    }
  });

  it('is a command that asks, and says what the cache takes', async () => {
    await runWith('words', 'one');
    await runWith('words', 'two');
    age();
    const unasked = await modelthat(daemon.place, 'gc');
    assert.deepEqual([unasked.exitCode, /give --yes, or --dry-run/.test(unasked.stderr)], [2, true]);
    const said = await modelthat(daemon.place, 'gc', '--keep', '1', '--dry-run');
    assert.match(said.stdout, /file +words #1/);
    assert.match(said.stderr, /2 results with .* stay: those of the newest 1 executions/);
    const done = await modelthat(daemon.place, 'gc', '--keep', '1', '--yes');
    assert.match(done.stdout, /Deleted 2 results: /);
    assert.match((await modelthat(daemon.place, 'store', 'du')).stdout, /cache of steps/);
  });
});

describe('outputs that are one file with the cache’s', () => {
  let daemon: TestDaemon;
  const place = (name: string) => path.join(daemon.place.workspace, name);

  before(async () => {
    daemon = await startDaemon();
    await modelthat(daemon.place, 'cache', 'use', 'hardlinks');
    await daemon.stop();
    daemon = await startDaemon({ place: daemon.place });
  });
  after(async () => {
    await daemon.stop();
    daemon.place.remove();
  });

  const lines = (text: string) => [
    'name: linked',
    'steps:',
    `  file: { run: sh -c 'echo ${text} >> file.txt; echo ran >> ran', outs: [file.txt] }`,
    `  tool: { run: sh -c 'echo exit > tool.sh; chmod +x tool.sh', outs: [tool.sh] }`,
  ];

  it('take no room twice, can only be read, and are let go before their step runs again', async () => {
    await run(daemon, lines('one'));
    const kept = statSync(place('file.txt'));
    assert.deepEqual([kept.nlink, kept.mode & 0o222], [2, 0]);
    assert.equal(statSync(place('tool.sh')).nlink, 1, 'what may be executed has a mode of its own');
    assert.deepEqual(
      (await run(daemon, lines('one'))).steps.map(each => each.reused),
      ['unchanged', 'unchanged'],
    );

    // It adds to what is there: to a copy, and not to what the cache has.
    await run(daemon, lines('two'));
    assert.equal(readFileSync(place('file.txt'), 'utf8'), 'one\ntwo\n');
    rmSync(place('file.txt'));
    const back = await run(daemon, lines('one'));
    assert.equal(step(back, 'file').reused, 'restored');
    assert.equal(readFileSync(place('file.txt'), 'utf8'), 'one\n');
    assert.equal(statSync(place('file.txt')).nlink, 2);
    assert.equal(readFileSync(place('ran'), 'utf8'), 'ran\nran\n');
  });

  it('are not used when somebody wrote to them all the same', async () => {
    await run(daemon, lines('three'));
    const file = place('file.txt');
    chmodSync(file, 0o644);
    writeFileSync(file, 'changed');
    rmSync(file);
    const again = await run(daemon, lines('three'));
    assert.match(step(again, 'file').message, /could not be restored: .* was damaged/);
    assert.equal(readFileSync(file, 'utf8'), 'three\n');
  });
});
