import assert from 'node:assert/strict';
import path from 'node:path';
import { listArtifacts } from '../../../daemon/contract/runs.ts';
import { setSecret } from '../../../daemon/contract/secrets.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { log, run, step, write } from '../../support/pipelines.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';

const root = path.resolve(import.meta.dirname, '../../..');

describe('notebooks as steps', () => {
  let daemon: TestDaemon;

  before(async function () {
    this.timeout(600_000);
    const python = await ensurePythonEnvironment(path.join(root, 'tests/python/requirements-notebook.txt'));
    const PATH = [path.dirname(python), process.env.PATH].join(path.delimiter);
    daemon = await startDaemon({ env: { PATH } });
  });
  after(() => daemon.dispose());

  /** Writes a notebook with these cells of code, the first of which holds the defaults of its parameters. */
  function notebook(name: string, ...cells: readonly string[]): void {
    const content = {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { name: 'somebody-elses', display_name: 'Python', language: 'python' } },
      cells: cells.map((source, index) => ({
        id: `cell-${index}`,
        cell_type: 'code',
        metadata: index === 0 ? { tags: ['parameters'] } : {},
        source,
        execution_count: null,
        outputs: [],
      })),
    };
    write(daemon, name, JSON.stringify(content));
  }

  /** The executed notebook among the artifacts of a step's run. */
  async function executed(runId: string | null, name: string): Promise<string> {
    assert.ok(runId);
    const { files } = await daemon.client.call(listArtifacts, { params: { runId }, query: {} });
    assert.ok(files.some(file => file.path === name));
    return (
      await daemon.client.fetch(`/get-artifact?run_uuid=${runId}&path=${encodeURIComponent(name)}`)
    ).text();
  }

  it('run with the parameters of the step, in its folder, and are kept as they were executed', async () => {
    write(daemon, 'reports/helper.py', 'FACTOR = 2');
    notebook(
      'reports/report.ipynb',
      'lags = []',
      'import helper\nprint("sum", sum(lags) * helper.FACTOR)\nopen("out.txt", "w").write("made")',
    );
    const lines = [
      'name: reporting',
      'params: { features: { lags: [1, 2] }, lags: [7, 14], other: 1 }',
      'steps:',
      '  report: { notebook: report.ipynb, cwd: reports, params: [lags], outs: [out.txt] }',
    ];
    const execution = await run(daemon, lines);
    const { runId, status, message } = step(execution, 'report');
    assert.equal(status, 'succeeded', `${message} ${await log(daemon, execution.id, 'report')}`);
    assert.match(await executed(runId, 'report.ipynb'), /sum 42/);
    assert.match(await log(daemon, execution.id, 'report'), /sum 42/);
    assert.equal(step(await run(daemon, lines), 'report').reused, 'unchanged');
    write(daemon, 'reports/helper.py', 'FACTOR = 3');
    const again = step(await run(daemon, lines), 'report');
    assert.match(await executed(again.runId, 'report.ipynb'), /sum 63/, 'what it imports counts as its code');
  }).timeout(60_000);

  it('name the cell that failed, and are kept as far as they came, without secrets', async () => {
    const secret = 'secret-of-the-notebook';
    await daemon.client.call(setSecret, { params: { name: 'NOTEBOOK_KEY' }, body: { value: secret } });
    notebook(
      'bad.ipynb',
      'rate = 1',
      'import os\nprint(os.environ["NOTEBOOK_KEY"], rate)',
      'raise ValueError(f"too high: {rate} " + os.environ["NOTEBOOK_KEY"])',
      'print("never")',
    );
    const execution = await run(daemon, [
      'params: { rate: 5 }',
      'steps: { bad: { notebook: bad.ipynb, secrets: [NOTEBOOK_KEY] } }',
    ]);
    const { status, message, runId } = step(execution, 'bad');
    assert.equal(status, 'failed');
    assert.match(
      message,
      /^cell 3 of bad.ipynb \(“raise ValueError.*”\) failed: ValueError: too high: 5 \*+$/,
    );
    const kept = await executed(runId, 'bad.ipynb');
    assert.match(kept, /\*+ 5/);
    assert.ok(!kept.includes(secret));
    assert.ok(!(await log(daemon, execution.id, 'bad')).includes(secret));
  }).timeout(60_000);

  it('are refused where they are not there, and beside a command', async () => {
    await assert.rejects(run(daemon, ['steps: { a: { notebook: none.ipynb } }']), /no notebook “none.ipynb”/);
    notebook('some.ipynb', '1');
    await assert.rejects(
      run(daemon, ['steps: { a: { notebook: some.ipynb, run: echo } }']),
      /either “run” or “notebook”/,
    );
  });

  it('say what their environment lacks', async () => {
    notebook('some.ipynb', '1');
    write(daemon, 'requirements.txt', '# nothing but Python');
    const execution = await run(daemon, [
      'env: { python: requirements.txt }',
      'steps: { a: { notebook: some.ipynb } }',
    ]);
    assert.match(step(execution, 'a').message, /papermill or ipykernel is not installed.*requirements/);
  }).timeout(120_000);
});
