/**
 * Stores of Aim. Its package takes 390 MB, so that what it reads is played back here as it was recorded, beside the store
 * that it was recorded from (`tests/fixtures/mlflow-stores/make_aim.py`).
 */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { cancelImport, getImport, type Import, startImport } from '../../../daemon/contract/imports.ts';
import { pythonWithAim, REAL_AIM, writeFakePython } from '../../support/aim.ts';
import { modelthat } from '../../support/cli.ts';
import { StoreComparison } from '../../support/compare-stores.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { type Expected, unpackStore } from '../../support/foreign-stores.ts';
import { importEnd, importStore } from '../../support/importing.ts';

const MINUTES_10 = 600_000;

/** In the recorded store. */
const RUNS = 3;

/** A daemon with the recorded store in its workspace. */
async function setUp() {
  const daemon = await startDaemon();
  const store = path.join(daemon.place.workspace, 'aim');
  const expected = unpackStore('aim-3.29', store);
  return { daemon, store, expected };
}

/** Stands for a Python that reads a store as the package did once. */
function playBack(store: string): string {
  return `fs.cpSync(${JSON.stringify(path.join(store, 'export'))}, out, { recursive: true });`;
}

for (const real of [false, true])
  describe(`importing a store of Aim ${real ? 'by its package' : 'as its package read it'}`, () => {
    let daemon: TestDaemon;
    let store: string;
    let expected: Expected;
    let python: string;
    const bring = (dryRun = false) => importStore(daemon, store, { python, dryRun });

    before(async function () {
      if (real && !REAL_AIM) {
        console.log('skipped: MODELTHAT_TEST_AIM=1 installs Aim (390 MB) and runs these tests with it');
        this.skip();
      }
      this.timeout(MINUTES_10);
      ({ daemon, store, expected } = await setUp());
      python = real
        ? await pythonWithAim()
        : writeFakePython(path.join(daemon.place.workspace, 'recorded'), playBack(store));
    });
    after(() => daemon?.dispose());

    it('are imported without a problem, and stay as they were', async () => {
      const before = stateOf(store);
      const dry = await bring(true);
      const done = await bring();
      for (const { state, message, problems } of [dry, done])
        assert.deepEqual([state, message, problems], ['finished', '', []]);
      assert.deepEqual([done.kind, done.counts.runs.made], ['aim', RUNS]);
      assert.deepEqual({ ...dry.counts, points: 0, bytes: 0 }, { ...done.counts, points: 0, bytes: 0 });
      assert.equal(stateOf(store), before);
    });

    it('have the experiments, runs, metrics, epochs, params, tags and files that they had', async () => {
      const comparison = new StoreComparison(daemon, '');
      for (const experiment of expected.experiments) await comparison.experiment(experiment);
    });

    it('are not imported twice, and what has no place here is told', async () => {
      const { counts, problems, notes } = await bring();
      for (const tally of [counts.experiments, counts.runs, counts.files])
        assert.deepEqual([tally.made, tally.changed], [0, 0]);
      assert.deepEqual([problems, counts.points], [[], 0]);
      assert.deepEqual(notes, [
        'Of Aim, this is not imported: recorded environments (environment variables); there are 1.',
        'Of Aim, this is not imported: sequences of aim.distribution; there are 1.',
      ]);
    });
  });

describe('importing damaged and hostile stores of Aim', () => {
  let daemon: TestDaemon;
  let store: string;
  before(async () => {
    ({ daemon, store } = await setUp());
  });
  after(() => daemon.dispose());

  /** @returns the path of a Python that does this instead of reading the store */
  const fake = (name: string, script: string) =>
    writeFakePython(path.join(daemon.place.workspace, name), script);
  const texts = ({ problems }: Import) => problems.map(({ place, message }) => `${place}: ${message}`);

  it('gets a copy without links, and no secrets of the environment', async () => {
    const secret = path.join(daemon.place.workspace, 'secret.txt');
    fs.writeFileSync(secret, 'do not read');
    fs.symlinkSync(secret, path.join(store, '.aim/meta/stolen'));
    const seen = path.join(daemon.place.workspace, 'seen.json');
    const spy = `
      fs.writeFileSync(${JSON.stringify(seen)}, JSON.stringify({
        files: fs.readdirSync(path.join(repository, '.aim'), { recursive: true }), variables: Object.keys(process.env),
      }));
      fs.mkdirSync(path.join(out, 'runs'), { recursive: true });`;
    await importStore(daemon, store, { python: fake('spy', spy) });
    fs.rmSync(path.join(store, '.aim/meta/stolen'));
    const { files, variables } = JSON.parse(fs.readFileSync(seen, 'utf8')) as Record<string, string[]>;
    assert.ok(files?.includes('run_metadata.sqlite'));
    assert.deepEqual(
      files?.filter(name => name.endsWith('stolen')),
      [],
    );
    assert.deepEqual(
      variables?.filter(name => /TOKEN|SECRET|MODELTHAT/.test(name)),
      [],
    );
  });

  it('says which Python lacks the package', async () => {
    const python = fake(
      'bare',
      'console.error("ModuleNotFoundError: No module named \'aim\'"); process.exit(3);',
    );
    const { state, message } = await importStore(daemon, store, { python });
    assert.equal(state, 'failed');
    assert.match(message, /bare has none that works \(ModuleNotFoundError: No module named 'aim'\)/);
    assert.ok(message.includes(`Install it by “${python} -m pip install aim”, or name a Python that has it`));
  });

  it('goes on after runs at which the package breaks down', async () => {
    const [broken] = fs
      .readdirSync(path.join(store, 'export/runs'))
      .map(name => path.basename(name, '.jsonl'));
    const breaking = `
      const runs = path.join(out, 'runs');
      if (!fs.existsSync(runs)) {
        fs.mkdirSync(runs, { recursive: true });
        fs.writeFileSync(path.join(runs, '${broken}.part'), '{');
        process.kill(process.pid, 'SIGSEGV');
      }
      ${playBack(store)}
      fs.rmSync(path.join(runs, '${broken}.jsonl'));`;
    const result = await importStore(daemon, store, {
      python: fake('breaking', breaking),
      experimentPrefix: 'broken ',
      dryRun: true,
    });
    assert.deepEqual([result.state, result.progress.runs], ['finished', RUNS - 1]);
    assert.deepEqual(texts(result), [
      `run ${broken}: The run was left out: Aim's package broke down on it (it ended with a signal).`,
    ]);
  });

  it('leaves out what makes no sense, and names it', async () => {
    const run = 'f'.repeat(24);
    const points = (fields: object) => ({
      points: { name: 'loss', context: {}, steps: [0], values: [1], epochs: [null], times: [5], ...fields },
    });
    const lines = [
      {
        run: {
          id: run,
          experiment: 'odd',
          name: '',
          description: '',
          archived: false,
          start: 1,
          end: 2,
          tags: ['..'],
        },
      },
      points({}),
      points({ steps: ['zero'] }),
      points({ name: '../up' }),
      points({ name: 'acc@1' }),
      points({ name: 'acc#1' }),
      { param: ['a'.repeat(300), '1'] },
    ].map(line => JSON.stringify(line));
    const odd = `
      fs.mkdirSync(path.join(out, 'runs'), { recursive: true });
      fs.writeFileSync(path.join(out, 'store.jsonl'), '{"experiment":{"name":"odd","description":"","created":1}}\\nno JSON\\n');
      fs.writeFileSync(path.join(out, 'runs', '${run}.jsonl'), ${JSON.stringify(`${lines.join('\n')}\n`)});
      fs.writeFileSync(path.join(out, 'runs', 'empty.jsonl'), '');`;
    const result = await importStore(daemon, store, { python: fake('odd', odd) });
    assert.deepEqual([result.state, result.counts.runs.made, result.counts.points], ['finished', 1, 2]);
    const told = texts(result).join('\n');
    for (const part of [
      'store.jsonl: Something of it was left out: it is no JSON',
      'run empty: The run was left out: nothing says what it is.',
      `runs/${run}.jsonl: Something of it was left out: points.steps.0`,
      `run ${run}, ../up: It was left out: Invalid value`,
      `run ${run}, acc_1: It was left out: Another metric has the same key here.`,
      'The key ".." was left out',
      'The key "aaaaaaa',
    ])
      assert.ok(told.includes(part), `${part}\nis not in\n${told}`);
  });

  it('ends the package when the import is cancelled', async () => {
    const pidFile = path.join(daemon.place.workspace, 'pid');
    const endless = `fs.writeFileSync('${pidFile}.new', String(process.pid)); fs.renameSync('${pidFile}.new', '${pidFile}');
      setInterval(() => {}, 1000);`;
    const python = fake('endless', endless);
    const { id } = await daemon.client.call(startImport, { body: { path: store, python } });
    while (!fs.existsSync(pidFile))
      assert.equal((await daemon.client.call(getImport, { params: { importId: id } })).state, 'running');
    await daemon.client.call(cancelImport, { params: { importId: id }, body: {} });
    assert.equal((await importEnd(daemon, id)).state, 'cancelled');
    assert.throws(() => process.kill(Number(fs.readFileSync(pidFile, 'utf8')), 0), /ESRCH/);
  });

  it('is told by the command which Python to use', async () => {
    fake('again', playBack(store));
    const { stdout, exitCode } = await modelthat(
      daemon.place,
      'import',
      'aim',
      '--dry-run',
      '--python',
      './again',
    );
    assert.match(stdout, /Nothing was written: a dry run of Aim repository/);
    assert.equal(exitCode, 0);
  });
});

/** Names, sizes and times of all files in a folder. */
function stateOf(folder: string): string {
  return fs
    .readdirSync(folder, { recursive: true })
    .map(name => {
      const { size, mtimeMs } = fs.statSync(path.join(folder, String(name)));
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort()
    .join('\n');
}
