import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import path from 'node:path';
import {
  type Affected,
  getAffected,
  getLineage,
  type LineageGraph,
  type LineageKind,
  type LineageNode,
} from '../../../daemon/contract/lineage.ts';
import { promoteVersion } from '../../../daemon/contract/models.ts';
import type { Execution } from '../../../daemon/contract/pipelines.ts';
import { modelthat } from '../../support/cli.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { pipeline, writeProject } from '../../support/lineage.ts';
import { run, step } from '../../support/pipelines.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('lineage', () => {
  let daemon: TestDaemon;
  let first: Execution;
  let second: Execution;

  const FIRST = ['1', '2', '3'];
  const SECOND = ['4', '5'];
  const csv = (rows: readonly string[]) =>
    `data:data/raw/sales.csv@${sha256(rows.map(row => `${row}\n`).join(''))}`;

  before(async () => {
    daemon = await startDaemon();
    writeProject(daemon.place.workspace, 'sales', FIRST);
    first = await run(daemon, pipeline('sales'));
    assert.equal(first.exitCode, 0, JSON.stringify(first));
    // Nothing of it runs again, so it is no part of what led to anything.
    await run(daemon, pipeline('sales'));
    writeProject(daemon.place.workspace, 'sales', SECOND);
    second = await run(daemon, pipeline('sales'));
    assert.equal(second.exitCode, 0, JSON.stringify(second));
    await daemon.client.call(promoteVersion, {
      params: { name: 'sales', version: 1 },
      body: { stage: 'Production' },
    });
    await daemon.client.call(promoteVersion, {
      params: { name: 'sales', version: 2 },
      body: { stage: 'Staging' },
    });
    const answer = await daemon.client.fetch('/serve/sales/invocations', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: [[1, 1]] }),
    });
    assert.equal(answer.status, 200, await answer.text());
  });
  after(() => daemon.dispose());

  const graph = (
    node: string,
    more: { direction?: 'upstream' | 'downstream'; depth?: number; limit?: number } = {},
  ): Promise<LineageGraph> => daemon.trackingClient.call(getLineage, { query: { node, ...more } });
  const affected = (what: string): Promise<Affected> =>
    daemon.trackingClient.call(getAffected, { query: { what } });
  const ids = ({ nodes }: LineageGraph) => nodes.map(({ id }) => id).toSorted();

  function only<Kind extends LineageKind>({ nodes }: LineageGraph, kind: Kind) {
    return nodes.filter((node): node is Extract<LineageNode, { kind: Kind }> => node.kind === kind);
  }

  it('leads from a CSV to the version that is served', async () => {
    const found = await graph(csv(FIRST));
    const trained = step(first, 'train').runId;
    const related = found.edges.map(({ from, to, relation }) => `${from} ${relation} ${to}`);
    const features = only(found, 'data').find(({ path: place }) => place === 'data/features.csv')?.id;
    for (const expected of [
      `${csv(FIRST)} read by step:${first.id}/prepare`,
      `step:${first.id}/prepare made ${features}`,
      `${features} read by step:${first.id}/train`,
      `step:${first.id}/train logged run:${trained}`,
      `run:${trained} registered as model:sales/1`,
      'model:sales/1 served by deployment:sales/Production',
    ])
      assert.ok(related.includes(expected), `${expected} in\n${related.join('\n')}`);
    const [deployment] = only(found, 'deployment');
    assert.deepEqual(
      [deployment?.version, deployment?.path, deployment?.state],
      [1, '/serve/sales/invocations', 'ready'],
    );
    assert.ok(!JSON.stringify(found).includes('model:sales/2'), 'what was made of other data is not there');
    assert.deepEqual(found.leftOut, []);
  });

  it('leads back from what is served to the CSV, with code, parameters, rows and schema', async () => {
    const found = await graph('deployment:sales/staging', { direction: 'upstream' });
    assert.equal(found.start, 'deployment:sales/Staging');
    assert.ok(ids(found).includes(csv(SECOND)));
    assert.ok(!ids(found).includes(csv(FIRST)));
    assert.ok(!ids(found).some(id => id.startsWith('deployment:sales/P')));
    const training = only(found, 'step').find(({ step: name }) => name === 'train');
    assert.deepEqual(
      [training?.executionName, training?.params, training?.command, training?.status],
      ['sales #3', { rate: 0.5 }, 'python3 train.py', 'succeeded'],
    );
    assert.ok(training?.code?.archive, 'without git, the code is in the archive');
    const features = only(found, 'data').find(({ path: place }) => place === 'data/features.csv');
    assert.deepEqual(
      [features?.rows, features?.schema, features?.size],
      [
        2,
        [
          { name: 'sales', type: 'long' },
          { name: 'promo', type: 'double' },
        ],
        8,
      ],
      'the data set that the run logged is the file that its step reads',
    );
    assert.equal(only(found, 'run')[0]?.params.rate, '0.5');
  });

  it('is the same from each of its nodes on', async () => {
    const { nodes } = await graph('model:sales/Production');
    for (const { id } of nodes) {
      const found = await graph(id);
      assert.equal(found.start, id);
      assert.ok(found.edges.length > 0, id);
    }
    assert.equal((await graph('model:sales/production')).start, 'model:sales/1');
    assert.equal((await graph('data:data/raw/sales.csv')).start, csv(SECOND), 'the newest, without a digest');
    const absolute = path.join(daemon.place.workspace, 'data/raw/sales.csv');
    assert.equal((await graph(`data:${absolute}`)).start, csv(SECOND));
    assert.equal((await graph(csv(FIRST).slice(0, -50))).start, csv(FIRST), 'by the beginning of its digest');
    const code = await graph('data:train.py', { direction: 'downstream' });
    assert.ok(ids(code).includes('model:sales/2'), 'code is a file like others');
    const whole = await graph(`run:${first.runId}`, { direction: 'downstream' });
    assert.ok(ids(whole).includes('model:sales/1'), 'from the run of an execution to what its steps made');
  });

  it('is bounded, and says what was left out', async () => {
    const near = await graph(csv(FIRST), { depth: 1 });
    assert.deepEqual(ids(near), [csv(FIRST), `step:${first.id}/prepare`].toSorted());
    assert.deepEqual(near.leftOut, [{ node: `step:${first.id}/prepare`, direction: 'downstream', count: 1 }]);
    const few = await graph('model:sales/1', { limit: 2 });
    assert.equal(few.nodes.length, 2);
    assert.ok(few.leftOut.length > 0);
  });

  it('tells which versions and deployments a file affects, those in Production first', async () => {
    const found = await affected('data/raw/sales.csv');
    assert.deepEqual(
      found.versions.map(({ name, version, stage, by }) => [name, version, stage, by]),
      [
        ['sales', 1, 'Production', 'made from it'],
        ['sales', 2, 'Staging', 'made from it'],
      ],
    );
    assert.deepEqual(
      found.deployments.map(({ id, version, state }) => [id, version, state]),
      [
        ['deployment:sales/Production', 1, 'ready'],
        ['deployment:sales/Staging', 2, 'on demand'],
      ],
    );
    assert.deepEqual(found.versions[0]?.way, [
      csv(FIRST),
      `step:${first.id}/prepare`,
      found.versions[0]?.way[2],
      `step:${first.id}/train`,
      `run:${step(first, 'train').runId}`,
      'model:sales/1',
    ]);
    const digest = csv(FIRST).split('@')[1] ?? '';
    for (const what of [digest, digest.slice(0, 10)])
      assert.deepEqual(
        (await affected(what)).versions.map(({ version }) => version),
        [1],
      );
    assert.equal((await affected('data')).versions.length, 2, 'by a folder that it is in');
    assert.equal((await affected('prepare.py')).versions.length, 2, 'by code');
  });

  it('says what is wrong with a name', async () => {
    for (const [node, message] of [
      ['sales', /names no node: write data:PATH/],
      ['model:sales', /names no node/],
      ['model:sales/Live', /must be a number or one of the stages None, Staging/],
      ['model:nothing/1', /There is no model “nothing”/],
      ['model:sales/9', /has no version of version 9/],
      ['model:sales@champion', /no version of alias champion/],
      ['run:0123', /There is no run “0123”/],
      [`step:${'0'.repeat(12)}/train`, /There is no step “train”/],
      ['data:nowhere.csv', /is known to have read or made “nowhere.csv”/],
      [`data:data/raw/sales.csv@${'0'.repeat(64)}`, /not known with a digest that begins with 000/],
    ] as const)
      await assert.rejects(graph(node), message, node);
    await assert.rejects(affected('nowhere.csv'), /name a file or folder by its path, or data by its digest/);
    await assert.rejects(graph('model:sales/1', { depth: 1000 }), /depth/);
  });

  it('is told by the command line', async () => {
    const tree = await modelthat(daemon.place, 'lineage', 'sales/1');
    assert.equal(tree.exitCode, 0, tree.stderr);
    for (const part of [
      'Came from',
      'Led to',
      csv(FIRST),
      '└─ registered as run:',
      'deployment:sales/Production',
    ])
      assert.ok(tree.stdout.includes(part), `${part} in\n${tree.stdout}`);
    const up = await modelthat(daemon.place, 'lineage', 'data/features.csv', '--upstream', '--json');
    assert.ok(ids(JSON.parse(up.stdout) as LineageGraph).includes(csv(SECOND)));
    const shallow = await modelthat(daemon.place, 'lineage', 'sales/1', '--upstream', '--depth', '1');
    assert.match(shallow.stderr, /At least 1 more are left out, the first upstream of run:/);
    const table = await modelthat(daemon.place, 'affected', 'data/raw/sales.csv');
    assert.match(table.stdout, /sales +1 +Production +made from it/);
    assert.match(table.stdout, /sales \(Production\) +1 +ready/);
    const wrong = await modelthat(daemon.place, 'lineage', 'model:sales/9');
    assert.deepEqual([wrong.exitCode, wrong.stdout], [1, '']);
    const usage = await modelthat(daemon.place, 'lineage', 'sales/1', '--depth', 'deep');
    assert.equal(usage.exitCode, 2);
    const both = await modelthat(daemon.place, 'lineage', 'sales/1', '--upstream', '--downstream');
    assert.equal(both.exitCode, 2);
  });
});
