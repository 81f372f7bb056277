/** An S3 service for tests: moto's server, in a Python environment made once. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { keepArtifactPlace } from '../../daemon/client/settings.ts';
import { type TestPlace, testPlace } from './daemon.ts';
import { ensurePythonEnvironment } from './python-environment.ts';

const REQUIREMENTS = path.resolve(import.meta.dirname, '../python/requirements-moto.txt');

/** Serves until its input ends. */
const SERVER = `
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0)
server.start()
print("port", server.get_host_and_port()[1], flush=True)
sys.stdin.read()
`;

/** Credentials that moto takes; everything else of the environment that could lead to real ones is off. */
export const S3_CREDENTIALS = {
  AWS_ACCESS_KEY_ID: 'testing',
  AWS_SECRET_ACCESS_KEY: 'testing',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** A running service with one bucket, `models`. */
export interface TestS3 {
  readonly endpoint: string;
  readonly bucket: string;
  /** To look at what is really there. */
  readonly client: S3Client;
  /** Whether it checks who asks, and refuses everybody. */
  requireCredentials(required: boolean): Promise<void>;
  /** A workspace whose store keeps its artifacts there, below the prefix. */
  place(prefix: string): TestPlace;
  close(): Promise<void>;
}

/** Starts a service. */
export async function startS3(): Promise<TestS3> {
  const python = await ensurePythonEnvironment(REQUIREMENTS);
  const child: ChildProcess = spawn(python, ['-c', SERVER], { stdio: ['pipe', 'pipe', 'ignore'] });
  const killOnExit = () => child.kill('SIGKILL');
  process.once('exit', killOnExit);
  if (!child.stdout) throw new Error('moto has no output');
  const port = await portOf(createInterface({ input: child.stdout }));
  const endpoint = `http://127.0.0.1:${port}`;
  const bucket = 'models';
  const client = new S3Client({
    endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
  });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return {
    endpoint,
    bucket,
    client,
    async requireCredentials(required) {
      // The number of requests that are still answered unchecked.
      const body = required ? '0' : 'inf';
      await fetch(`${endpoint}/moto-api/reset-auth`, { method: 'POST', body });
    },
    place(prefix) {
      const place = testPlace();
      keepArtifactPlace(place.state, `s3://${bucket}/${prefix}?endpoint=${encodeURIComponent(endpoint)}`);
      return place;
    },
    async close() {
      client.destroy();
      process.off('exit', killOnExit);
      child.kill();
      await once(child, 'exit');
    },
  };
}

/** The web server underneath says more than the port. */
async function portOf(lines: AsyncIterable<string>): Promise<number> {
  for await (const line of lines) if (line.startsWith('port ')) return Number(line.slice(5));
  throw new Error('moto has ended');
}

/** Has the AWS client of this process find the credentials of tests, and none of the user's. @returns what undoes it */
export function useS3Credentials(credentials: Partial<typeof S3_CREDENTIALS> = S3_CREDENTIALS): () => void {
  const before = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
  const nowhere = path.join(os.tmpdir(), 'no-aws-files');
  Object.assign(process.env, {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: nowhere,
    AWS_CONFIG_FILE: nowhere,
    ...credentials,
  });
  return () => {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    Object.assign(process.env, before);
  };
}
