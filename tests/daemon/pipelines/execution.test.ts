// biome-ignore-all lint/suspicious/noTemplateCurlyInString: ${…} is the definitions' own syntax
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ApiError } from '../../../daemon/contract/errors.ts';
import {
  checkPipeline,
  type Diagnostic,
  decideStep,
  executionName,
  listExecutions,
  listPipelines,
  planExecution,
  startExecution,
} from '../../../daemon/contract/pipelines.ts';
import { CHECKS_TAG, getRun, listExperiments, searchRuns } from '../../../daemon/contract/runs.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { ended, listen, log, run, start, statuses, step, until, write } from '../../support/pipelines.ts';

describe('executions', () => {
  let daemon: TestDaemon;

  before(async () => {
    daemon = await startDaemon({ env: { SECRET_OF_THE_USER: 'hidden' } });
  });
  after(() => daemon.dispose());

  it('runs steps in order and keeps their output', async () => {
    write(daemon, 'params.yaml', 'name: world');
    const execution = await run(daemon, [
      'steps:',
      '  second: { run: cat first.txt, deps: [first.txt] }',
      "  first: { run: [sh -c 'echo hello > first.txt', 'echo ${name}', sh -c 'echo bad >&2'], outs: [first.txt] }",
    ]);
    assert.deepEqual([execution.status, execution.exitCode], ['succeeded', 0]);
    assert.equal(await log(daemon, execution.id, 'second'), 'hello\n');
    assert.equal(await log(daemon, execution.id, 'first'), 'world\nbad\n');
  });

  it('runs independent steps at the same time', async () => {
    // Each waits for the other: only together can they end.
    const wait = (mine: string, other: string) =>
      `sh -c 'touch ${mine}; until [ -e ${other} ]; do sleep 0.02; done'`;
    const stream = await listen(daemon);
    const execution = await run(daemon, [
      'steps:',
      `  a: { run: "${wait('a.ready', 'b.ready')}" }`,
      `  b: { run: "${wait('b.ready', 'a.ready')}" }`,
    ]);
    assert.equal(execution.exitCode, 0);
    await stream.tells(`"topic":"step","id":"${execution.id}/a"`);
    await stream.tells(`"topic":"execution","id":"${execution.id}"`);
    stream.stop();
  });

  it('stops only what depends on a failed step', async () => {
    const execution = await run(daemon, [
      'steps:',
      "  bad: { run: sh -c 'exit 7' }",
      '  after_bad: { run: echo never, after: [bad] }',
      '  last: { run: echo never, after: [after_bad] }',
      '  other: { run: echo fine }',
    ]);
    assert.deepEqual([execution.status, execution.exitCode], ['failed', 1]);
    assert.deepEqual(statuses(execution), {
      bad: 'failed',
      after_bad: 'skipped',
      last: 'skipped',
      other: 'succeeded',
    });
    assert.deepEqual([step(execution, 'bad').exitCode, step(execution, 'bad').message], [7, 'exit code 7']);
    assert.match(step(execution, 'after_bad').message, /needs “bad”/);
  });

  it('does not run the second command of a list when the first fails', async () => {
    const execution = await run(daemon, ['steps:', "  a: { run: [echo one, sh -c 'exit 3', echo two] }"]);
    assert.equal(step(execution, 'a').exitCode, 3);
    assert.equal(await log(daemon, execution.id, 'a'), 'one\n');
  });

  it('passes words to the program exactly', async () => {
    write(daemon, 'params.yaml', 'odd: "a  $HOME `id` \\"q\\" *"');
    const execution = await run(daemon, [
      'steps:',
      "  a: { run: \"node -e 'console.log(JSON.stringify(process.argv.slice(1)))' -- ${odd} '' 1 2 3 4 5 6 7 8 9 10\" }",
    ]);
    assert.equal(
      await log(daemon, execution.id, 'a'),
      `${JSON.stringify(['a  $HOME `id` "q" *', '', ...Array.from({ length: 10 }, (_, i) => String(i + 1))])}\n`,
    );
  });

  it('says that a program is missing', async () => {
    const execution = await run(daemon, ['steps:', '  a: { run: no-such-program }']);
    assert.match(step(execution, 'a').message, /127.*not found/);
    assert.match(await log(daemon, execution.id, 'a'), /no-such-program/);
  });

  it('gives steps what they need and no secret', async () => {
    write(daemon, 'params.yaml', 'depth: 3', 'group: { rate: 0.5 }');
    const execution = await run(
      daemon,
      ['name: surroundings', 'steps:', "  a: { run: env, env: { OWN: '${depth}' } }"],
      { set: { 'group.rate': '0.75' } },
    );
    const environment = Object.fromEntries(
      (await log(daemon, execution.id, 'a')).split('\n').map(line => line.split(/=(.*)/s).slice(0, 2)),
    );
    assert.equal(environment.OWN, '3');
    assert.equal(environment.MLFLOW_TRACKING_URI, daemon.url);
    assert.equal(environment.MLFLOW_EXPERIMENT_NAME, 'surroundings');
    assert.equal(environment.PYTHONUNBUFFERED, '1');
    assert.equal(environment.SECRET_OF_THE_USER, undefined);
    assert.ok(!JSON.stringify(environment).includes(daemon.secrets.owner));
    const params = JSON.parse(readFileSync(String(environment.MODELTHAT_PARAMS), 'utf8'));
    assert.deepEqual(params, { depth: 3, group: { rate: 0.75 } });
    const refused = await fetch(`${daemon.url}/api/v1/about`, {
      headers: { authorization: `Bearer ${environment.MLFLOW_TRACKING_PASSWORD}` },
    });
    assert.equal(refused.status, 401, 'the token of a step that has ended opens nothing');
  });

  it('has a run with the effective parameters, and ends it', async () => {
    write(daemon, 'params.yaml', 'lr: 0.1', 'model: { name: small, layers: [1, 2] }');
    const execution = await run(daemon, ['name: with-run', 'steps: { a: { run: echo } }'], {
      set: { lr: '0.2' },
    });
    const found = await daemon.client.call(getRun, { params: { runId: execution.runId } });
    assert.equal(found.status, 'FINISHED');
    assert.deepEqual(found.params, { lr: '0.2', 'model.name': 'small', 'model.layers': '[1,2]' });
    assert.equal(found.tags['modelthat.execution'], execution.id);
  });

  it('names its run after the pipeline and counts on', async () => {
    const lines = ['name: counted', 'steps:', '  a: { run: echo fine }'];
    const executions = [await run(daemon, lines), await run(daemon, lines)];
    const runs = await Promise.all(
      executions.map(({ runId }) => daemon.client.call(getRun, { params: { runId } })),
    );
    assert.deepEqual(
      runs.map(({ name }) => name),
      ['counted #1', 'counted #2'],
    );
    assert.deepEqual(
      executions.map(({ number }) => number),
      [1, 2],
    );
  });

  it('logs the metrics of a file to a run of the step', async () => {
    write(
      daemon,
      'metrics.py',
      'import json',
      "json.dump({'rmspe': 0.09, 'by': {'store': 2}}, open('m.json', 'w'))",
    );
    const execution = await run(daemon, ['steps: { train: { run: python3 metrics.py, metrics: [m.json] } }']);
    const { runId, metric } = step(execution, 'train');
    assert.ok(runId && metric);
    const found = await daemon.client.call(getRun, { params: { runId } });
    assert.deepEqual([found.status, found.name, found.parentId], ['FINISHED', 'train', execution.runId]);
    assert.deepEqual(
      Object.entries(found.metrics)
        .map(([key, { last }]) => [key, last])
        .toSorted(),
      [
        ['by.store', 2],
        ['rmspe', 0.09],
      ],
    );
  });

  it('does not take the report of an earlier execution for that of this one', async () => {
    write(daemon, 'stale.json', '{"rmspe": 0.01}');
    const execution = await run(daemon, [
      'steps: { evaluate: { run: echo, metrics: [stale.json], gates: [rmspe < 1] } }',
    ]);
    assert.match(step(execution, 'evaluate').message, /stale.json.*did not write it/);
  });

  it('fails a step that did not make its outputs, and one whose dependency is not there', async () => {
    const lines = [
      'steps:',
      '  a: { run: echo, outs: [made/x.csv] }',
      '  b: { run: echo, deps: [made/x.csv] }',
    ];
    assert.match(step(await run(daemon, lines), 'a').message, /did not make its output “made\/x.csv”/);
    const alone = await run(daemon, lines, { only: ['b'] });
    assert.match(step(alone, 'b').message, /dependency .*made\/x.csv does not exist/);
  });

  it('fails a step that did not write its metrics', async () => {
    const execution = await run(daemon, ['steps: { train: { run: echo, metrics: [missing.json] } }']);
    assert.deepEqual([step(execution, 'train').status, execution.exitCode], ['failed', 1]);
    assert.match(step(execution, 'train').message, /missing.json.*did not write it/);
  });

  it('judges data checks, plain and of Great Expectations', async () => {
    write(daemon, 'found-good.json', '[{"name": "rows", "passed": true, "observed": 10}]');
    write(
      daemon,
      'found-bad.json',
      '{"success": false, "results": [{"success": false, "expectation_config": {"expectation_type": "expect_column_values_to_not_be_null", "kwargs": {"column": "Sales"}}, "result": {"observed_value": 3}}]}',
    );
    const execution = await run(daemon, [
      'steps:',
      '  good: { run: cp found-good.json good.json, checks: good.json }',
      '  bad: { run: cp found-bad.json bad.json, checks: bad.json }',
    ]);
    assert.equal(step(execution, 'good').message, '1 checks passed');
    assert.match(
      step(execution, 'bad').message,
      /1 of 1 checks failed: expect_column_values_to_not_be_null\(Sales\)/,
    );
    assert.equal(execution.exitCode, 1);
  });

  it('tells which checks failed of a step that ended badly for them, and not what an earlier execution found', async () => {
    write(daemon, 'found.json', '[{"name": "no row is empty", "passed": false, "observed": 3}]');
    const lines = (command: string) => ['steps:', `  check: { run: ${command}, checks: checks.json }`];
    const failed = await run(daemon, lines("sh -c 'cp found.json checks.json; exit 1'"));
    assert.equal(
      step(failed, 'check').message,
      'exit code 1; 1 of 1 checks failed: no row is empty (observed 3)',
    );
    const { tags } = await daemon.client.call(getRun, { params: { runId: failed.runId } });
    assert.equal(tags[`${CHECKS_TAG}check`], '{"passed":0,"failed":1}');
    const later = await run(daemon, lines("sh -c 'exit 1'"));
    assert.equal(step(later, 'check').message, 'exit code 1');
  });

  it('ends with 3 when a gate fails, and records what it saw', async () => {
    write(daemon, 'params.yaml', 'limit: 0.1');
    write(daemon, 'found.json', '{"rmspe": 0.2}');
    const execution = await run(daemon, [
      'steps:',
      '  evaluate: { run: cp found.json m.json, metrics: [m.json], gates: ["rmspe < ${limit}", rmspe > 0] }',
      '  deploy: { run: echo, after: [evaluate] }',
    ]);
    assert.deepEqual([execution.exitCode, execution.status], [3, 'failed']);
    assert.deepEqual(
      step(execution, 'evaluate').gates.map(({ gate, passed, observed, expected }) => [
        gate,
        passed,
        observed,
        expected,
      ]),
      [
        ['rmspe < 0.1', false, 0.2, 0.1],
        ['rmspe > 0', true, 0.2, 0],
      ],
    );
    assert.equal(step(execution, 'deploy').status, 'skipped');
    const passing = await run(
      daemon,
      ['steps:', '  evaluate: { run: cp found.json m.json, metrics: [m.json], gates: ["rmspe < ${limit}"] }'],
      { set: { limit: '0.3' } },
    );
    assert.equal(passing.exitCode, 0);
  });

  it('runs only what was asked for', async () => {
    const lines = [
      'steps:',
      '  a: { run: touch a.made }',
      '  b: { run: echo, after: [a] }',
      '  c: { run: echo, after: [b] }',
    ];
    const execution = await run(daemon, lines, { only: ['b'] });
    assert.deepEqual(statuses(execution), { a: 'skipped', b: 'succeeded', c: 'skipped' });
    assert.ok(!existsSync(path.join(daemon.place.workspace, 'a.made')));
    await assert.rejects(run(daemon, lines, { only: ['bb'] }), /no step “bb”/);
  });

  it('refuses a second execution of a running pipeline', async () => {
    const lines = ['steps:', `  a: { run: "sh -c 'until [ -e go ]; do sleep 0.02; done'" }`];
    const first = await start(daemon, lines);
    await assert.rejects(start(daemon, lines), /already running/);
    write(daemon, 'go', '');
    await ended(daemon, first.id);
  });

  it('refuses to go on with one that waited for a person while another runs', async () => {
    const lines = ['steps:', '  ask: { approval: Production }', '  b: { run: echo, after: [ask] }'];
    const waiting = await start(daemon, lines);
    await until(daemon, waiting.id, ({ status }) => status === 'waiting');
    const other = await start(daemon, [
      'steps:',
      `  a: { run: "sh -c 'until [ -e on ]; do sleep 0.02; done'" }`,
    ]);
    const approve = () =>
      daemon.client.call(decideStep, {
        params: { executionId: waiting.id, step: 'ask' },
        body: { decision: 'approve' },
      });
    await assert.rejects(approve(), {
      code: 'RESOURCE_CONFLICT',
      message: new RegExp(`cannot go on: it waits for ${executionName(other)} to end`),
    });
    write(daemon, 'on', '');
    await ended(daemon, other.id);
    assert.equal((await approve()).status, 'running');
    assert.equal((await ended(daemon, waiting.id)).status, 'succeeded');
  });

  it('refuses parameters that a run cannot have, and leaves nothing behind', async () => {
    const name = 'x'.repeat(300);
    await assert.rejects(
      start(daemon, [`params: { ${name}: 1 }`, 'name: refused', 'steps: { a: { run: echo } }']),
      /exceeds the maximum length/,
    );
    const { items } = await daemon.client.call(listExperiments, { query: {} });
    assert.ok(!items.some(experiment => experiment.name === 'refused'));
  });

  it('refuses a bad definition with every problem and its place', async () => {
    const error = await start(daemon, ['steps:', '  a: { rum: x }', '  b: { run: y && z }']).catch(
      error => error,
    );
    assert.ok(error instanceof ApiError);
    const { problems } = error.details as { problems: Diagnostic[] };
    assert.deepEqual(
      problems.map(({ line, column }) => [line, column]),
      [[2, 8]],
    );
    assert.match(error.message, /modelthat.yaml:2:8: unknown key “rum”.*“run”/s);
    assert.deepEqual(
      await daemon.client.call(checkPipeline, {
        body: {
          file: path.join(daemon.place.workspace, 'modelthat.yaml'),
          text: 'steps: { a: { run: echo } }',
        },
      }),
      { problems: [] },
    );
  });

  it('refuses files outside the workspace', async () => {
    for (const file of ['/etc/passwd', '/no/such.yaml', 'modelthat.yaml']) {
      await assert.rejects(
        daemon.client.call(startExecution, { body: { file } }),
        /outside|no file|absolute/,
      );
    }
  });

  it('lists pipelines, their plan and their executions', async () => {
    write(
      daemon,
      'nested/modelthat.yaml',
      'name: nested',
      'steps:',
      '  b: { run: echo, after: [a] }',
      '  a: { run: echo }',
    );
    const { items } = await daemon.client.call(listPipelines, {});
    const nested = items.find(pipeline => pipeline.name === 'nested');
    assert.deepEqual(
      nested?.steps.map(({ name, line, needs }) => [name, line, needs]),
      [
        ['b', 3, ['a']],
        ['a', 4, []],
      ],
    );
    const file = nested?.file ?? '';
    const plan = await daemon.client.call(planExecution, { body: { file } });
    assert.deepEqual(
      plan.steps.map(({ name, action }) => [name, action]),
      [
        ['a', 'run'],
        ['b', 'run'],
      ],
    );
    const { id } = await daemon.client.call(startExecution, { body: { file } });
    await ended(daemon, id);
    const again = await daemon.client.call(startExecution, { body: { file } });
    await ended(daemon, again.id);
    const newest = await daemon.client.call(listExecutions, { query: { file, limit: 1 } });
    const { nextPageToken = '' } = newest;
    const rest = await daemon.client.call(listExecutions, {
      query: { file, limit: 1, pageToken: nextPageToken },
    });
    assert.deepEqual(
      [...newest.items, ...rest.items].map(execution => execution.id),
      [again.id, id],
    );
    assert.equal(rest.nextPageToken, undefined);
  });

  it('leaves no run RUNNING', async () => {
    const { items } = await daemon.client.call(searchRuns, {
      body: { filter: "attributes.status = 'RUNNING'" },
    });
    assert.deepEqual(items, []);
  });
});
