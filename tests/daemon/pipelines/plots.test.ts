// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { listArtifacts } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { log, run, step, write } from '../../support/pipelines.ts';

describe('plots and parameters of steps', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  async function artifacts(runId: string | null, folder?: string): Promise<string[]> {
    assert.ok(runId);
    const query = folder === undefined ? {} : { path: folder };
    const { files } = await daemon.client.call(listArtifacts, { params: { runId }, query });
    return files.map(file => file.path);
  }

  it('keeps plots with the run of their step, and as outputs', async () => {
    write(
      daemon,
      'draw.sh',
      'mkdir -p plots/more; echo 1 > plots/roc.csv; echo 2 > plots/more/a.svg; echo 3 > loss.png',
    );
    const lines = ['name: plotting', 'steps: { draw: { run: sh draw.sh, plots: [plots, loss.png] } }'];
    const { runId } = step(await run(daemon, lines), 'draw');
    assert.deepEqual(await artifacts(runId), ['plots']);
    assert.deepEqual(await artifacts(runId, 'plots'), ['plots/loss.png', 'plots/more', 'plots/roc.csv']);
    assert.deepEqual(await artifacts(runId, 'plots/more'), ['plots/more/a.svg']);
    const again = step(await run(daemon, lines), 'draw');
    assert.deepEqual([again.reused, again.runId], ['unchanged', runId]);
  });

  it('fails a step that did not draw what it promised', async () => {
    const execution = await run(daemon, ['steps: { draw: { run: echo, plots: [none.svg] } }']);
    assert.match(step(execution, 'draw').message, /did not make its output “none.svg”/);
  });

  it('reads parameters from several files, of which a later one has its way', async () => {
    write(daemon, 'base.yaml', 'train: { rate: 0.1, depth: 3 }', 'lags: [1, 2]');
    write(daemon, 'mine.yaml', 'train: { rate: 0.5 }', 'lags: [7]');
    const lines = [
      'params: [base.yaml, mine.yaml]',
      "steps: { a: { run: 'echo ${train.rate} ${train.depth} ${lags[0]}' } }",
    ];
    const execution = await run(daemon, lines, { set: { 'train.depth': '4' } });
    assert.equal(await log(daemon, execution.id, 'a'), '0.5 4 7\n');
    await assert.rejects(
      run(daemon, ['params: [base.yaml, none.yaml]', ...lines.slice(1)]),
      /none.yaml.*cannot be read/s,
    );
    await assert.rejects(run(daemon, ['params: []', ...lines.slice(1)]), /“params”/);
  });
});
