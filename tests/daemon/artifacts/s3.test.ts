import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { S3ArtifactStore } from '../../../daemon/artifacts/s3.ts';
import type { S3Place } from '../../../daemon/client/settings.ts';
import { parseArtifactPlace } from '../../../daemon/client/settings.ts';
import { ApiError } from '../../../daemon/contract/errors.ts';
import { startS3, type TestS3, useS3Credentials } from '../../support/s3.ts';

const PAGE_SIZE = 10;

describe('artifacts on S3-compatible storage', function () {
  // An environment for the service may have to be made.
  this.timeout(300_000);
  let s3: TestS3;
  let scratch: string;
  let restore: () => void;
  let prefixes = 0;
  let place: S3Place;
  let store: S3ArtifactStore;

  before(async () => {
    s3 = await startS3();
    restore = useS3Credentials();
    scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-s3-'));
  });
  after(async () => {
    restore();
    fs.rmSync(scratch, { recursive: true, force: true });
    await s3.close();
  });

  const open = (change: Partial<S3Place> = {}) =>
    S3ArtifactStore.open({ ...place, ...change }, path.join(scratch, String(prefixes)), PAGE_SIZE);

  beforeEach(async () => {
    prefixes += 1;
    place = {
      bucket: s3.bucket,
      prefix: `team/${prefixes}`,
      endpoint: s3.endpoint,
      region: undefined,
      pathStyle: true,
    };
    store = await open();
  });

  const write = (file: string, content: string | Uint8Array) =>
    store.write(file, Readable.from([Buffer.from(content)]));
  const read = async (file: string) => text(await (await store.open(file)).read());
  const list = async (folder: string) =>
    (await Array.fromAsync(store.list(folder))).map(({ path: name, isDir, size }) => [name, isDir, size]);
  const keys = async () => {
    const listed = await s3.client.send(
      new ListObjectsV2Command({ Bucket: s3.bucket, Prefix: `${place.prefix}/` }),
    );
    return (listed.Contents ?? []).map(({ Key = '' }) => Key.slice(place.prefix.length + 1));
  };

  it('are kept below the prefix, with size and SHA-256', async () => {
    const stored = await write('0/run/é ü+%41.txt', 'hello');
    assert.equal(stored.size, 5);
    assert.equal(stored.sha256, '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824');
    assert.equal(await read('0/run/é ü+%41.txt'), 'hello');
    assert.equal((await store.stat('0/run/é ü+%41.txt'))?.modifiedAt, stored.modifiedAt);
    assert.deepEqual(await keys(), ['0/run/é ü+%41.txt']);
    await write('empty', '');
    assert.equal(await read('empty'), '');
  });

  it('are listed by folder, page by page', async () => {
    const names = Array.from(
      { length: 2 * PAGE_SIZE + 1 },
      (_, index) => `run/many/${String(index).padStart(4, '0')}`,
    );
    await Promise.all(names.map(name => write(name, 'x')));
    await write('run/a.txt', 'aa');
    assert.deepEqual(await list('run'), [
      ['run/a.txt', false, 2],
      ['run/many', true, 0],
    ]);
    assert.deepEqual(
      (await list('run/many')).map(([name]) => name),
      names,
    );
    assert.deepEqual(await list('run/a.txt'), []);
    assert.deepEqual(await list('nowhere'), []);
    assert.deepEqual(await list(''), [['run', true, 0]]);
    assert.equal((await store.stat('run/many'))?.isDir, true);
    assert.equal(await store.stat('run/man'), undefined);
    await store.delete('run/many');
    assert.deepEqual(await keys(), ['run/a.txt']);
  });

  it('are read in part', async () => {
    await write('data', '0123456789');
    const part = await (await store.open('data')).read({ start: 2, end: 5 });
    assert.equal(await text(part), '2345');
  });

  it('tell when they are replaced between being found and being read', async () => {
    await write('data', 'old');
    const found = await store.open('data');
    await write('data', 'new');
    await assert.rejects(found.read(), { code: 'RESOURCE_CONFLICT' });
  });

  it('of many megabytes are sent in parts, and appear only as a whole', async () => {
    const content = randomBytes(40 * 1024 * 1024);
    const half = (async function* () {
      yield content.subarray(0, 33_000_000);
      assert.deepEqual(await keys(), []);
      yield content.subarray(33_000_000);
    })();
    const stored = await store.write('large', Readable.from(half, { objectMode: false }));
    assert.equal(stored.size, content.length);
    assert.ok((await buffer(await (await store.open('large')).read())).equals(content));
  });

  for (const size of [1_000, 40 * 1024 * 1024])
    it(`leave nothing of an upload of ${size} bytes that ends early, or is refused at its end`, async () => {
      await write('data', 'old');
      const broken = Readable.from(
        (async function* () {
          yield randomBytes(size);
          throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
        })(),
        { objectMode: false },
      );
      await assert.rejects(store.write('data', broken), { code: 'BAD_REQUEST' });
      const refusal = new ApiError('PERMISSION_DENIED', 'released');
      await assert.rejects(
        store.write('data', Readable.from([randomBytes(size)]), () => Promise.reject(refusal)),
        refusal,
      );
      assert.equal(await read('data'), 'old');
      const { Uploads } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: s3.bucket }));
      assert.deepEqual(Uploads ?? [], []);
    });

  it('have one name for a file or a folder, as on a disk', async () => {
    await write('run/a/b.txt', 'x');
    await assert.rejects(write('run/a', 'x'), {
      code: 'INVALID_PARAMETER_VALUE',
      message: /a folder of that name/,
    });
    await assert.rejects(write('run/a/b.txt/c', 'x'), {
      code: 'INVALID_PARAMETER_VALUE',
      message: /names a file/,
    });
  });

  it('stay below the prefix whatever is asked', async () => {
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: 'team/canary', Body: 'alive' }));
    for (const bad of [
      '../canary',
      'a/../../canary',
      '/team/canary',
      '%2e%2e/canary',
      's3://models/team/canary',
    ]) {
      await assert.rejects(store.open(bad), { code: 'INVALID_PARAMETER_VALUE' });
      await assert.rejects(write(bad, 'dead'), { code: 'INVALID_PARAMETER_VALUE' });
      await assert.rejects(store.delete(bad), { code: 'INVALID_PARAMETER_VALUE' });
      await assert.rejects(list(bad), { code: 'INVALID_PARAMETER_VALUE' });
    }
    // A prefix ends at a slash: 'team/1' is not the beginning of 'team/10'.
    const neighbour = `${place.prefix}0/file`;
    await s3.client.send(new PutObjectCommand({ Bucket: s3.bucket, Key: neighbour, Body: 'alive' }));
    assert.deepEqual(await list(''), []);
  });

  it('do not show objects of others whose names no disk could take', async () => {
    for (const name of ['../up', 'a//b', 'c\\d', 'folder/'])
      await s3.client.send(
        new PutObjectCommand({ Bucket: s3.bucket, Key: `${place.prefix}/${name}`, Body: 'x' }),
      );
    await write('fine', 'x');
    assert.deepEqual(
      (await list('')).map(([name]) => name).filter(name => !['a', 'folder'].includes(String(name))),
      ['fine'],
    );
    assert.deepEqual(await list('folder'), []);
  });

  it('are copied to the local disk for those who need a folder, again when they changed', async () => {
    await write('model/MLmodel', 'one');
    await write('model/data/weights', 'w');
    const first = (await store.localFolder('model')) ?? '';
    assert.equal(fs.readFileSync(path.join(first, 'MLmodel'), 'utf8'), 'one');
    assert.equal(fs.readFileSync(path.join(first, 'data', 'weights'), 'utf8'), 'w');
    assert.equal(await store.localFolder('model'), first);
    await write('model/MLmodel', 'two');
    const [second = '', again] = await Promise.all([store.localFolder('model'), store.localFolder('model')]);
    assert.equal(fs.readFileSync(path.join(second, 'MLmodel'), 'utf8'), 'two');
    assert.equal(again, second);
    assert.equal(await store.localFolder('nothing'), undefined);
  });

  describe('say what is wrong with', () => {
    /** How it fails, whatever is tried. */
    const failure = async (change: Partial<S3Place>) => {
      const broken = await open(change);
      const failures = await Promise.all(
        [
          () => broken.check(),
          () => Array.fromAsync(broken.list('run')),
          () => broken.write('run/a', Readable.from([Buffer.from('x')])),
        ].map(attempt =>
          attempt().then(
            () => assert.fail('it worked'),
            (error: unknown) => error as ApiError,
          ),
        ),
      );
      // What the service calls its reason is left out where an answer had none, as to HEAD.
      const told = failures.map(({ code, message }) => `${code} ${message.replace(/ \(\w+\)/, '')}`);
      assert.equal(new Set(told).size, 1, String(failures));
      return failures[0] as ApiError;
    };

    it('a bucket that is missing', async () => {
      const { code, message } = await failure({ bucket: 'nowhere' });
      assert.equal(code, 'RESOURCE_DOES_NOT_EXIST');
      assert.match(message, /bucket 'nowhere'.*does not exist.*Create it.*modelthat artifacts use/);
    });

    it('credentials that are missing', async () => {
      const undo = useS3Credentials({});
      try {
        const { code, message } = await failure({});
        assert.equal(code, 'PERMISSION_DENIED');
        assert.match(message, /no credentials for s3:\/\/models.*AWS_ACCESS_KEY_ID.*AWS_PROFILE/);
      } finally {
        undo();
      }
    });

    it('credentials that are wrong', async () => {
      await s3.requireCredentials(true);
      try {
        const { code, message } = await failure({});
        assert.equal(code, 'PERMISSION_DENIED');
        assert.match(message, /refuses the credentials.*s3:PutObject/);
      } finally {
        await s3.requireCredentials(false);
      }
    });

    it('a service that cannot be reached', async () => {
      const { code, message } = await failure({ endpoint: 'http://127.0.0.1:9' });
      assert.equal(code, 'TEMPORARILY_UNAVAILABLE');
      assert.match(message, /cannot be reached.*ECONNREFUSED/);
    });
  });
});

describe('the place of artifacts', () => {
  it('is read from one line', () => {
    assert.equal(parseArtifactPlace('local'), undefined);
    const bare = { bucket: 'models', prefix: '', endpoint: undefined, region: undefined, pathStyle: false };
    assert.deepEqual(parseArtifactPlace('s3://models'), bare);
    assert.deepEqual(parseArtifactPlace('s3://models/'), bare);
    assert.deepEqual(parseArtifactPlace('s3://models/a/b/?region=eu-central-1'), {
      ...bare,
      prefix: 'a/b',
      region: 'eu-central-1',
    });
    assert.deepEqual(parseArtifactPlace('s3://models?endpoint=http://minio:9000'), {
      ...bare,
      endpoint: 'http://minio:9000',
      pathStyle: true,
    });
  });

  for (const [bad, why] of [
    ['/data/artifacts', /names no bucket/],
    ['s3://', /names no bucket/],
    ['s3://Upper', /names no bucket/],
    ['s3://key:secret@models', /names no bucket/],
    ['s3://models/../other', /no name/],
    ['s3://models?endpoint=minio:9000', /no http or https/],
    ['s3://models?endpoint=http://key:secret@minio', /credentials/],
    ['s3://models?regoin=eu', /no option regoin \(endpoint, region, pathStyle\)/],
  ] as const)
    it(`is not ${bad}`, () => {
      assert.throws(() => parseArtifactPlace(bad), { code: 'INVALID_PARAMETER_VALUE', message: why });
    });
});
