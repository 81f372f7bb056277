import assert from 'node:assert/strict';
import { operations } from '../../daemon/contract/api.ts';
import { startDaemon, type TestDaemon } from '../support/daemon.ts';

describe('what the daemon publishes about itself', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  it('describes every operation of the contract as OpenAPI', async () => {
    const document = (await (await daemon.trackingClient.fetch('/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, Record<string, { operationId: string; parameters: { name: string }[] }>>;
    };
    assert.equal(document.openapi, '3.1.0');
    const described = Object.values(document.paths).flatMap(path =>
      Object.values(path).map(operation => operation.operationId),
    );
    const named = described.filter(name => name !== undefined);
    assert.deepEqual(named.sort(), [...operations.keys()].sort());
    assert.ok(document.paths['/api/2.0/mlflow/runs/log-batch']?.post, 'the routes of MLflow are there, too');
    assert.ok(document.paths['/api/2.0/mlflow-artifacts/artifacts/{path}']?.put);
    const run = document.paths['/api/v1/runs/{runId}/series']?.get;
    assert.deepEqual(
      run?.parameters.map(parameter => parameter.name),
      ['runId', 'key', 'buckets', 'fromStep', 'toStep'],
    );
  });

  it('serves every operation that it describes', async () => {
    for (const { method, path } of operations.values()) {
      const target = path.replace(/:\w+/g, 'x');
      const answer = await fetch(`${daemon.url}${target}`, {
        method,
        headers: { authorization: `Bearer ${daemon.secrets.tracking}`, 'content-type': 'application/json' },
        ...(method === 'GET' ? {} : { body: '"no object"' }),
      });
      const { error_code } = (await answer.json()) as { error_code?: string };
      assert.notEqual(error_code, 'ENDPOINT_NOT_FOUND', `${method} ${path}`);
      assert.notEqual(error_code, 'INTERNAL_ERROR', `${method} ${path}`);
    }
  });

  it('counts requests for Prometheus', async () => {
    const text = await (await daemon.trackingClient.fetch('/metrics')).text();
    assert.match(text, /^modelthat_http_request_seconds_count\{method="GET",status="200"\} \d+$/m);
    assert.match(text, /^modelthat_occupation\{kind="runningExecutions"\} 0$/m);
    assert.match(text, /^process_resident_memory_bytes \d+$/m);
  });
});
