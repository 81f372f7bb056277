import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { execa } from 'execa';
import { parseOutput, parseReport } from '../../../daemon/pipelines/progress.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, log, run, start, until, write } from '../../support/pipelines.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const PACKAGE = path.join(root, 'python/modelthat');

describe('how far a step is', function () {
  this.timeout(900_000);
  let daemon: TestDaemon;
  let python: string;

  before(async () => {
    python = await ensurePythonEnvironment(path.join(root, 'tests/python/requirements-steps.txt'));
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  it('is what its code says by the Python package, without installing that', async () => {
    write(
      daemon,
      'tell.py',
      'import modelthat, os, time',
      'modelthat.progress(0.4, "epoch 4\\nof 10")',
      'while not os.path.exists("go"): time.sleep(0.02)',
      'modelthat.progress(None, "writing it down")',
      'while not os.path.exists("end"): time.sleep(0.02)',
      'print(modelthat.params()["depth"])',
    );
    write(daemon, 'params.yaml', 'depth: 3');
    const { id } = await start(daemon, ['steps: { a: { run: python3 tell.py } }']);
    const at = (fraction: number | null) =>
      until(daemon, id, ({ steps }) => steps[0]?.progress?.fraction === fraction);
    assert.deepEqual((await at(0.4)).steps[0]?.progress, { fraction: 0.4, text: 'epoch 4 of 10' });
    write(daemon, 'go', '');
    assert.deepEqual((await at(null)).steps[0]?.progress?.text, 'writing it down');
    write(daemon, 'end', '');
    assert.equal((await ended(daemon, id)).steps[0]?.progress, null);
    assert.equal(await log(daemon, id, 'a'), '3\n');
  });

  it('is what tqdm draws', async () => {
    write(
      daemon,
      'bars.py',
      'import os, time, tqdm',
      'bar = tqdm.tqdm(range(8), desc="epoch 2", mininterval=0)',
      'for item in bar:',
      '    if item == 3:',
      '        bar.refresh()',
      '        while not os.path.exists("bars-go"): time.sleep(0.02)',
    );
    const { id } = await start(daemon, [`steps: { a: { run: ["'${python}' bars.py"] } }`]);
    const { steps } = await until(daemon, id, each => each.steps[0]?.progress?.fraction === 0.38);
    assert.match(steps[0]?.progress?.text ?? '', /^epoch 2 3\/8 \[/);
    write(daemon, 'bars-go', '');
    await ended(daemon, id);
    assert.match(await log(daemon, id, 'a'), /\r.*100%/);
  });

  it('does not hold for the next attempt, nor for the next execution', async () => {
    write(
      daemon,
      'again.py',
      'import modelthat, os, sys, time',
      'if os.path.exists("again"):',
      '    open("second", "w")',
      '    while not os.path.exists("again-go"): time.sleep(0.02)',
      '    sys.exit()',
      'open("again", "w")',
      'modelthat.progress(0.9)',
      'sys.exit(1)',
    );
    const { id } = await start(daemon, [
      'steps: { a: { run: python3 again.py, retries: { times: 1, wait: 0 } } }',
    ]);
    const second = path.join(daemon.place.workspace, 'second');
    const { steps } = await until(daemon, id, () => existsSync(second));
    assert.equal(steps[0]?.progress, null);
    write(daemon, 'again-go', '');
    await ended(daemon, id);
  });

  it('is told by the installed package, too, which outside of a step tells nobody', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'modelthat-package-'));
    try {
      // A build writes beside the sources.
      cpSync(PACKAGE, path.join(folder, 'source'), { recursive: true });
      const target = path.join(folder, 'installed');
      const install = ['install', '--quiet', '--no-deps', '--no-build-isolation', '--target', target];
      await execa(python, ['-m', 'pip', ...install, path.join(folder, 'source')]);
      assert.ok(existsSync(path.join(target, 'modelthat/py.typed')));
      const program = [
        'import modelthat',
        'modelthat.progress(0.5, "half")',
        'assert modelthat.params() == {}',
        'for wrong in (1.5, -1, float("nan")):',
        '    try: modelthat.progress(wrong)',
        '    except ValueError as error: print(error)',
      ].join('\n');
      const { stdout } = await execa(python, ['-c', program], { env: { PYTHONPATH: target } });
      assert.equal(stdout.split('\n')[0], 'fraction must be from 0 to 1, or None, not 1.5');
      assert.equal(stdout.split('\n').length, 3);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('comes after what a step names on its own PYTHONPATH, and before nothing of its own', async () => {
    write(daemon, 'mine/modelthat.py', 'def progress(*_): print("mine")');
    write(daemon, 'use.py', 'import modelthat; modelthat.progress(1)');
    const execution = await run(daemon, ['steps: { a: { run: python3 use.py, env: { PYTHONPATH: mine } } }']);
    assert.equal(await log(daemon, execution.id, 'a'), 'mine\n');
  });

  it('has the version of the product', () => {
    const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.match(
      readFileSync(path.join(PACKAGE, 'pyproject.toml'), 'utf8'),
      new RegExp(`^version = "${version}"$`, 'm'),
    );
  });
});

describe('a progress bar in an output', () => {
  const cases: readonly [what: string, output: string, expected: ReturnType<typeof parseOutput>][] = [
    [
      'of tqdm',
      '\r  0%|  | 0/4\r 25%|██▌   | 1/4 [00:01<00:03,  1.0s/it]',
      { fraction: 0.25, text: '1/4 [00:01<00:03, 1.0s/it]' },
    ],
    ['with a label', '\rTrain: 100%|███| 4/4 [00:04]', { fraction: 1, text: 'Train 4/4 [00:04]' }],
    ['in colours', '\r\u001b[32mTrain:  50%|\u001b[0m██  | 2/4', { fraction: 0.5, text: 'Train 2/4' }],
    ['nested', 'outer:  50%|█ | 1/2\ninner:  75%|███ | 3/4\u001b[A', { fraction: 0.75, text: 'inner 3/4' }],
    [
      'of another kind',
      'x\rDownloading 12.5 % of 3 GB',
      { fraction: 0.125, text: 'Downloading 12.5 % of 3 GB' },
    ],
    ['that is done', '\r100%|██| 4/4 [00:04]\n', null],
    ['that has lines after it', '\r 50%|██| 2/4\nsaved\n', null],
    ['that is none', 'accuracy 93%', null],
    ['of more than all', '\r250%', { fraction: 1, text: '250%' }],
    ['of nothing', '', null],
  ];
  for (const [what, output, expected] of cases)
    it(`${what} is read`, () => assert.deepEqual(parseOutput(output), expected));

  it('is not needed where a step reports', () => {
    assert.deepEqual(parseReport('0.25 a b\n'), { fraction: 0.25, text: 'a b' });
    assert.deepEqual(parseReport('- 3 of 7\n'), { fraction: null, text: '3 of 7' });
    assert.deepEqual(parseReport('7 of 9'), { fraction: null, text: '7 of 9' });
    assert.equal(parseReport(''), null);
  });
});
