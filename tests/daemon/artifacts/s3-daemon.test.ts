import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { execa } from 'execa';
import { checkArtifacts } from '../../../daemon/contract/about.ts';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { assertError, MlflowWire, proxyPath, succeeded } from '../../support/mlflow.ts';
import { beginUpload, multipart, sendPart } from '../../support/multipart.ts';
import { registerLinearModel } from '../../support/onnx-registration.ts';
import { ensurePythonEnvironment } from '../../support/python-environment.ts';
import { S3_CREDENTIALS, startS3, type TestS3 } from '../../support/s3.ts';

const PYTHON_TESTS = path.resolve(import.meta.dirname, '../../python');

describe('a daemon with artifacts on S3-compatible storage', function () {
  // Python environments may have to be made.
  this.timeout(900_000);
  let s3: TestS3;
  let daemon: TestDaemon;

  before(async () => {
    s3 = await startS3();
    daemon = await startDaemon({ place: s3.place('store'), env: S3_CREDENTIALS });
  });
  after(async () => {
    await daemon.stop();
    daemon.place.remove();
    await s3.close();
  });

  it('serves the MLflow client, which does not notice', async () => {
    const python = await ensurePythonEnvironment(path.join(PYTHON_TESTS, 'requirements-mlflow3.txt'));
    const env = {
      ...daemon.mlflowEnv,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
      MLFLOW_DISABLE_TELEMETRY: 'true',
    };
    await execa(python, [path.join(PYTHON_TESTS, 's3_client.py'), daemon.place.workspace], { env });
  });

  it('keeps nothing of it on the local disk, and knows the SHA-256 of what it sends', async () => {
    const wire = new MlflowWire(daemon);
    const { artifacts } = await wire.startRun();
    await wire.upload(`${artifacts}/data.txt`, 'hello');
    const part = await wire.send('GET', proxyPath(`${artifacts}/data.txt`), undefined, {
      range: 'bytes=1-3',
    });
    assert.equal(part.status, 206);
    assert.equal(part.body.toString(), 'ell');
    assert.equal(part.headers.etag, '"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"');
    const { Contents } = await s3.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: 'store/' }),
    );
    assert.ok(Contents?.some(({ Key }) => Key === `store/${artifacts}/data.txt`));
    assert.ok(!fs.existsSync(path.join(daemon.place.store, 'artifacts')));
  });

  it('takes uploads in parts', async () => {
    const wire = new MlflowWire(daemon);
    const { artifacts } = await wire.startRun();
    const file = `${artifacts}/parts.txt`;
    const { upload_id, credentials } = await beginUpload(wire, file, 2);
    const parts = await Promise.all(
      credentials.map(credential => sendPart(credential, `part ${credential.part_number} `)),
    );
    succeeded(await multipart(wire, 'complete', file, { upload_id, parts }));
    const got = await wire.send('GET', proxyPath(file));
    assert.equal(got.body.toString(), 'part 1 part 2 ');
    assert.equal(got.headers.etag, `"${createHash('sha256').update(got.body).digest('hex')}"`);
    const { Contents } = await s3.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: `store/${artifacts}/` }),
    );
    assert.deepEqual(
      Contents?.map(({ Key }) => Key),
      [`store/${file}`],
    );
    assert.ok(!fs.existsSync(path.join(daemon.place.store, 'uploads', upload_id)));
  });

  it('serves models from there', async () => {
    await registerLinearModel(daemon.client, 'linear', [1, 0]);
    const response = await daemon.client.fetch('/serve/linear/invocations?version=1', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataframe_records: [{ a: 3, b: 4 }] }),
    });
    assert.deepEqual(await response.json(), { predictions: [{ prediction: 3 }] });
  });

  it('says whether the bucket answers', async () => {
    assert.deepEqual(await daemon.client.call(checkArtifacts, {}), {
      place: 's3://models/store',
      problem: null,
    });
    await s3.requireCredentials(true);
    try {
      const { problem } = await daemon.client.call(checkArtifacts, {});
      assert.match(problem ?? '', /s3:\/\/models\/store.*refuses the credentials/);
    } finally {
      await s3.requireCredentials(false);
    }
  });

  it('runs without credentials, and says what is missing when an artifact is wanted', async () => {
    const place = s3.place('other');
    const nowhere = path.join(place.workspace, 'no-aws-files');
    const env = {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_SHARED_CREDENTIALS_FILE: nowhere,
      AWS_CONFIG_FILE: nowhere,
    };
    const other = await startDaemon({ place, env });
    try {
      const wire = new MlflowWire(other);
      assert.equal((await wire.send('GET', '/health')).body.toString(), 'OK');
      const { runId, artifacts } = await wire.startRun();
      const missing = 'There are no credentials for s3://models/other';
      assertError(
        await wire.send('PUT', proxyPath(`${artifacts}/a`), 'x'),
        403,
        'PERMISSION_DENIED',
        missing,
      );
      assertError(await wire.get('artifacts/list', { run_id: runId }), 403, 'PERMISSION_DENIED', missing);
      succeeded(await wire.get('runs/get', { run_id: runId }));
    } finally {
      await other.stop();
      place.remove();
    }
  });
});
