/** What an assistant gets by the Model Context Protocol: the SDK's own client, over stdio, with a real daemon behind it. */
import assert from 'node:assert/strict';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { execa } from 'execa';
import { listExecutions } from '../../daemon/contract/pipelines.ts';
import { MCP_ACTIONS_HEADER, MCP_PATH } from '../../daemon/contract/tools.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';
import { MlflowWire } from '../support/mlflow.ts';
import { write } from '../support/pipelines.ts';
import { CLI_MAIN } from '../support/programs.ts';

/** What a person answers who is asked. */
type Answer = 'accept' | 'decline';

describe('modelthat mcp', () => {
  let daemon: TestDaemon;
  let pipeline: string;
  const runs: string[] = [];
  const open: Client[] = [];
  before(async () => {
    daemon = await startDaemon();
    pipeline = write(
      daemon,
      'modelthat.yaml',
      'name: sales',
      'metrics: { lift: maximize }',
      'steps:',
      '  train: { run: python3 -c "print(1)" }',
    );
    const wire = new MlflowWire(daemon);
    for (const [index, lift] of [1, 3, 2].entries()) {
      const { runId } = await wire.startRun();
      runs.push(runId);
      await wire.post('runs/log-batch', {
        run_id: runId,
        params: [
          { key: 'lr', value: `0.${index}` },
          { key: 'model', value: 'lgbm' },
        ],
        metrics: [5, lift].map((value, step) => ({ key: 'lift', value, step, timestamp: 1 })),
      });
    }
  });
  afterEach(() => Promise.all(open.splice(0).map(client => client.close())));
  after(() => daemon.dispose());

  /** A client whose person answers so; without an answer it cannot ask anybody. */
  async function connect({ args = [] as string[], answer = undefined as Answer | undefined } = {}) {
    const asked: string[] = [];
    const client = new Client(
      { name: 'test', version: '1' },
      { capabilities: answer ? { elicitation: {} } : {} },
    );
    if (answer)
      client.setRequestHandler(ElicitRequestSchema, ({ params }) => {
        asked.push(params.message);
        return { action: answer, content: {} };
      });
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [CLI_MAIN, 'mcp', ...args],
      cwd: daemon.place.workspace,
      env: daemon.place.env as Record<string, string>,
    });
    await client.connect(transport);
    open.push(client);
    const use = async (name: string, given: Record<string, unknown> = {}) => {
      const result = await client.callTool({ name, arguments: given });
      const [{ text = '' } = {}] = result.content as { text?: string }[];
      return { failed: result.isError === true, text };
    };
    const read = async <Shape>(name: string, given?: Record<string, unknown>): Promise<Shape> => {
      const { failed, text } = await use(name, given);
      assert.ok(!failed, text);
      return JSON.parse(text) as Shape;
    };
    return { client, use, read, asked };
  }

  const executions = async () => (await daemon.client.call(listExecutions, { query: {} })).items;

  it('offers what reads, and nothing that acts, unless it is allowed', async () => {
    const { client } = await connect();
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    assert.ok(names.includes('get_metric_history') && names.includes('plan_pipeline'), names.join());
    assert.ok(!names.includes('run_pipeline') && !names.includes('cancel_execution'), names.join());
    assert.ok(tools.every(({ annotations }) => annotations?.readOnlyHint));
  });

  it('goes on with another daemon when its own has stopped, or was replaced', async () => {
    const { read, client } = await connect({ args: ['--allow-actions'] });
    const names = async () => (await client.listTools()).tools.map(({ name }) => name);
    const offered = await names();
    await daemon.stop();
    const { place } = daemon;
    daemon = await startDaemon({ place });
    assert.equal((await read<{ runs: unknown[] }>('list_runs')).runs.length, runs.length);
    assert.deepEqual(await names(), offered);
    await daemon.stop();
    assert.equal((await read<{ runs: unknown[] }>('list_runs')).runs.length, runs.length);
    await execa(process.execPath, [CLI_MAIN, 'stop'], { cwd: place.workspace, env: place.env });
    daemon = await startDaemon({ place });
  });

  it('lists and compares runs, with the best by the goals of the project', async () => {
    const { read } = await connect();
    const { runs: listed } = await read<{ runs: { id: string }[] }>('list_runs', {
      filter: 'metrics.lift > 1',
      order: ['metrics.lift DESC'],
    });
    assert.deepEqual(
      listed.map(({ id }) => id),
      [runs[1], runs[2]],
    );
    assert.deepEqual(await read('compare_runs', { runs }), {
      runs: (await Promise.all(runs.map(run => read<{ name: string }>('get_run', { run })))).map(
        ({ name }, index) => ({ id: runs[index], name, status: 'RUNNING' }),
      ),
      params: [{ name: 'lr', values: ['0.0', '0.1', '0.2'] }],
      metrics: [{ name: 'lift', values: [1, 3, 2], best: runs[1] }],
    });
  });

  it('tells how a metric went from step to step', async () => {
    const { read } = await connect();
    const [course] = await read<{ metric: string; logged: number; points: { value: number }[] }[]>(
      'get_metric_history',
      { run: runs[0], metrics: ['lift'] },
    );
    assert.deepEqual([course?.metric, course?.logged], ['lift', 2]);
    assert.deepEqual(
      course?.points.map(({ value }) => value),
      [5, 1],
    );
  });

  it('plans a pipeline without running it', async () => {
    const { read } = await connect();
    const { steps } = await read<{ steps: { name: string; action: string }[] }>('plan_pipeline', {
      file: pipeline,
    });
    assert.deepEqual(
      steps.map(({ name, action }) => [name, action]),
      [['train', 'run']],
    );
    assert.deepEqual(await executions(), []);
  });

  it('says what would be right where a call is wrong', async () => {
    const { use } = await connect();
    const absent = await use('list_runs', { experiment: 'none' });
    assert.ok(absent.failed);
    assert.match(absent.text, /no experiment “none”/);
    assert.ok((await use('get_run', { run: 7 })).failed);
  });

  it('runs a pipeline when a person agrees, and not otherwise', async () => {
    const args = ['--allow-actions'];
    const declining = await connect({ args, answer: 'decline' });
    const declined = await declining.use('run_pipeline', { file: pipeline });
    assert.match(declined.text, /did not agree/);
    const mute = await connect({ args });
    assert.match((await mute.use('run_pipeline', { file: pipeline })).text, /cannot ask/);
    assert.deepEqual(await executions(), []);

    const agreeing = await connect({ args, answer: 'accept' });
    const { execution } = await agreeing.read<{ execution: string }>('run_pipeline', { file: pipeline });
    assert.match(agreeing.asked[0] ?? '', /modelthat\.yaml\? It runs programs/);
    assert.deepEqual(
      (await executions()).map(({ id }) => id),
      [execution],
    );
  });

  describe('its route', () => {
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-06-18',
        capabilities: {},
        clientInfo: { name: 'test', version: '1' },
      },
    };
    const post = (token: string, headers: Record<string, string> = {}, body: unknown = initialize) =>
      fetch(daemon.url + MCP_PATH, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, text/event-stream',
          authorization: `Bearer ${token}`,
          ...headers,
        },
        body: JSON.stringify(body),
      });

    it('needs a token, and refuses pages of other sites', async () => {
      assert.equal((await post('wrong')).status, 401);
      assert.equal((await post(daemon.secrets.owner, { origin: 'http://evil.test' })).status, 403);
    });

    it('lets a tracking token look, and not act', async () => {
      const refused = await post(daemon.secrets.tracking, { [MCP_ACTIONS_HEADER]: 'allow' });
      assert.equal(refused.status, 403);
      assert.equal((await post(daemon.secrets.tracking)).status, 200);
    });

    it('keeps a session to the token that opened it', async () => {
      const session = (await post(daemon.secrets.owner)).headers.get('mcp-session-id') ?? '';
      const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' };
      const headers = { 'mcp-session-id': session };
      assert.equal((await post(daemon.secrets.tracking, headers, list)).status, 404);
      assert.equal((await post(daemon.secrets.owner, headers, list)).status, 200);
    });
  });
});
