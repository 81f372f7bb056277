import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http, { type IncomingMessage } from 'node:http';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { mock } from 'node:test';
import { LocalArtifactStore } from '../../../daemon/artifacts/local.ts';
import { MAX_PART_BYTES, MAX_PARTS, MultipartUploads } from '../../../daemon/artifacts/multipart.ts';
import { ArtifactService } from '../../../daemon/artifacts/service.ts';
import { newToken } from '../../../daemon/client/connection.ts';
import { openDatabase } from '../../../daemon/database/database.ts';
import { PersonTokens } from '../../../daemon/http/person-tokens.ts';
import { Tokens } from '../../../daemon/http/tokens.ts';
import { startDaemon, type TestDaemon, testPlace } from '../../support/daemon.ts';
import { assertError, MlflowWire, proxyPath, succeeded } from '../../support/mlflow.ts';
import {
  type BegunUpload,
  beginUpload,
  multipart,
  type PartCredential,
  putPart,
  type SentPart,
  sendPart,
} from '../../support/multipart.ts';

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');

describe('an upload in parts', () => {
  let daemon: TestDaemon;
  let wire: MlflowWire;
  let root: string;

  before(async () => {
    daemon = await startDaemon();
    wire = new MlflowWire(daemon);
    root = (await wire.startRun()).artifacts;
  });
  after(() => daemon.dispose());

  const begin = (name: string, count: number) => beginUpload(wire, `${root}/${name}`, count);
  const complete = (name: string, { upload_id }: BegunUpload, parts: readonly SentPart[]) =>
    multipart(wire, 'complete', `${root}/${name}`, { upload_id, parts });
  const abort = (name: string, { upload_id }: BegunUpload) =>
    multipart(wire, 'abort', `${root}/${name}`, { upload_id });
  const read = async (name: string) => (await wire.send('GET', proxyPath(`${root}/${name}`))).body;
  const staged = () => stagedIn(daemon.place.store);
  const first = ({ credentials: [credential] }: BegunUpload) => credential as PartCredential;

  it('becomes one artifact, whatever the order and sizes of its parts', async () => {
    const parts = [randomBytes(300_000), randomBytes(1), randomBytes(200_000), Buffer.alloc(0)];
    const name = 'data/ü 100%.bin';
    const upload = await begin(name, parts.length);
    assert.deepEqual(
      upload.credentials.map(({ part_number }) => part_number),
      [1, 2, 3, 4],
    );
    const shuffled = [2, 0, 3, 1].map(index => upload.credentials[index] as PartCredential);
    const sent = await Promise.all(
      shuffled.map(credential => sendPart(credential, parts[credential.part_number - 1] ?? '')),
    );
    for (const { part_number, etag } of sent) assert.equal(etag, `"${sha256(parts[part_number - 1] ?? '')}"`);
    assert.equal((await wire.send('GET', proxyPath(`${root}/${name}`))).status, 404);

    succeeded(await complete(name, upload, sent));
    const whole = Buffer.concat(parts);
    const got = await wire.send('GET', proxyPath(`${root}/${name}`));
    assert.deepEqual(got.body, whole);
    assert.equal(got.headers.etag, `"${sha256(whole)}"`);
    assert.deepEqual(staged(), []);
    // A client that did not get the answer asks again.
    succeeded(await complete(name, upload, sent));
    assert.equal((await putPart(first(upload), 'more')).status, 401);
  });

  it('takes a part again, in the place of the earlier one', async () => {
    const upload = await begin('again.txt', 1);
    const earlier = await sendPart(first(upload), 'earlier');
    const later = await sendPart(first(upload), 'later');
    assert.equal(staged().length, 1);
    assertError(await complete('again.txt', upload, [earlier]), 400, 'INVALID_PARAMETER_VALUE', 'ETag');
    succeeded(await complete('again.txt', upload, [later]));
    assert.equal((await read('again.txt')).toString(), 'later');
  });

  it('is completed only with all its parts, each once, as they were received', async () => {
    const upload = await begin('strict.txt', 2);
    const one = await sendPart(first(upload), 'one ');
    const [, second] = upload.credentials as [PartCredential, PartCredential];
    const unsent = { part_number: 2, etag: one.etag, url: second.url };
    const refused = async (parts: readonly SentPart[], message: string | RegExp) =>
      assertError(await complete('strict.txt', upload, parts), 400, 'INVALID_PARAMETER_VALUE', message);
    await refused([one, unsent], 'Part 2 of');
    const two = await sendPart(second, 'two');
    await refused([], 'has 2 parts');
    await refused([one], 'has 2 parts');
    await refused([one, one], 'has 2 parts');
    await refused([one, two, { ...two, part_number: 3 }], 'has 2 parts');
    await refused([one, { ...two, part_number: 3 }], 'Part 3 of');
    await refused([one, { ...two, etag: one.etag }], `"${sha256('two')}"`);
    await refused([one, { ...two, etag: '' }], 'etag');
    assert.equal((await wire.send('GET', proxyPath(`${root}/strict.txt`))).status, 404);
    succeeded(await complete('strict.txt', upload, [two, one]));
    assert.equal((await read('strict.txt')).toString(), 'one two');
  });

  it('is of one artifact and known by its id', async () => {
    const upload = await begin('mine.txt', 1);
    const part = await sendPart(first(upload), 'mine');
    const unknown = { ...upload, upload_id: 'unknown' };
    assertError(await complete('mine.txt', unknown, [part]), 404, 'RESOURCE_DOES_NOT_EXIST', 'unknown');
    assertError(await abort('mine.txt', unknown), 404, 'RESOURCE_DOES_NOT_EXIST', 'unknown');
    assertError(await complete('other.txt', upload, [part]), 400, 'INVALID_PARAMETER_VALUE', 'other.txt');
    assertError(await abort('other.txt', upload), 400, 'INVALID_PARAMETER_VALUE', 'other.txt');
    succeeded(await abort('mine.txt', upload));
    assertError(await complete('mine.txt', upload, [part]), 404, 'RESOURCE_DOES_NOT_EXIST', 'aborted');
    assert.equal((await putPart(first(upload), 'mine')).status, 401);
    assert.deepEqual(staged(), []);
  });

  it('has a token that opens its own parts and nothing else', async () => {
    const upload = await begin('a.txt', 1);
    const other = await begin('b.txt', 1);
    const { headers, url } = first(upload);
    const status = async (credential: PartCredential, sent: Record<string, string>) =>
      (await putPart(credential, 'x', sent)).status;
    assert.equal(await status(first(upload), {}), 401);
    assert.equal(await status(first(other), headers), 403);
    for (const token of [daemon.secrets.owner, daemon.secrets.tracking])
      assert.equal(await status(first(upload), { authorization: `Bearer ${token}` }), 403);
    const intruder = new MlflowWire(daemon, headers.Authorization?.replace('Bearer ', ''));
    for (const answer of [
      await multipart(intruder, 'create', `${root}/a.txt`, { num_parts: 1 }),
      await multipart(intruder, 'abort', `${root}/a.txt`, { upload_id: upload.upload_id }),
      await multipart(intruder, 'complete', `${root}/a.txt`, { upload_id: upload.upload_id }),
      await intruder.send('PUT', proxyPath(`${root}/a.txt`), 'x'),
      await intruder.send('GET', '/api/2.0/mlflow-artifacts/artifacts'),
      await intruder.call('POST', 'runs/search', {}),
      await intruder.call('POST', 'runs/create', { experiment_id: '0' }),
      await intruder.send('GET', '/api/v1/about'),
      await intruder.send('GET', '/api/v1/events'),
      await intruder.send('GET', '/metrics'),
      await intruder.send('GET', '/openapi.json'),
    ])
      assert.equal(answer.status, 403, answer.body.toString());
    assert.ok(!url.includes(headers.Authorization?.replace('Bearer ', '') ?? ''), 'no token in an address');
    await sendPart(first(upload), 'x');
    for (const [name, begun] of [
      ['a.txt', upload],
      ['b.txt', other],
    ] as const)
      succeeded(await abort(name, begun));
  });

  it('has 1 to 10,000 parts, none of them larger than 5 GiB', async () => {
    for (const count of [-1, 0, MAX_PARTS + 1])
      assertError(
        await multipart(wire, 'create', `${root}/many.bin`, { num_parts: count }),
        400,
        'INVALID_PARAMETER_VALUE',
        `1 to ${MAX_PARTS} parts, not ${count}`,
      );
    assertError(
      await multipart(wire, 'create', `${root}/many.bin`, {}),
      400,
      'INVALID_PARAMETER_VALUE',
      'num_parts',
    );
    const upload = await begin('many.bin', MAX_PARTS);
    const credential = first(upload);
    assert.equal(upload.credentials.length, MAX_PARTS);
    const beyond = credential.url.replace(/\d+$/, String(MAX_PARTS + 1));
    for (const url of [beyond, credential.url.replace(/\d+$/, 'x'), credential.url.replace(/\d+$/, '0')])
      assert.equal((await putPart({ ...credential, url }, 'x')).status, 400, url);
    const large = http.request(credential.url, {
      method: 'PUT',
      headers: { ...credential.headers, 'content-length': MAX_PART_BYTES + 1, expect: '100-continue' },
    });
    large.flushHeaders();
    const [answer] = (await once(large, 'response')) as [IncomingMessage];
    assert.equal(answer.statusCode, 413);
    large.on('error', () => {}).destroy();
    succeeded(await abort('many.bin', upload));
  });

  it('leaves nothing when it is aborted while a part comes in', async () => {
    const upload = await begin('cut.bin', 2);
    await sendPart(first(upload), 'whole');
    const { url, headers } = upload.credentials[1] as PartCredential;
    const sending = http.request(url, {
      method: 'PUT',
      headers: { ...headers, 'content-length': 10, expect: '100-continue' },
    });
    sending.flushHeaders();
    await once(sending, 'continue');
    sending.write('half ');
    succeeded(await abort('cut.bin', upload));
    sending.end('half ');
    const [answer] = (await once(sending, 'response')) as [IncomingMessage];
    assert.equal(answer.statusCode, 404);
    answer.resume();
    assert.deepEqual(staged(), []);
  });

  it('is refused where a released version keeps its files, at its beginning and at its end', async () => {
    const folder = `${root}/model`;
    const before = await begin('model/weights.bin', 1);
    const part = await sendPart(first(before), 'weights');
    await wire.upload(`${folder}/MLmodel`, 'flavors: {}');
    await wire.post('registered-models/create', { name: 'sales' });
    await wire.post('model-versions/create', { name: 'sales', source: `mlflow-artifacts:/${folder}` });
    await wire.post('model-versions/transition-stage', { name: 'sales', version: '1', stage: 'Production' });
    for (const answer of [
      await multipart(wire, 'create', `${folder}/weights.bin`, { num_parts: 1 }),
      await complete('model/weights.bin', before, [part]),
    ])
      assertError(answer, 403, 'PERMISSION_DENIED', "version 1 of 'sales', which is in Production");
    assert.equal((await wire.send('GET', proxyPath(`${folder}/weights.bin`))).status, 404);
    succeeded(await abort('model/weights.bin', before));
  });
});

describe('uploads in parts that nobody ends', () => {
  it('are gone after a crash and a restart, and say so', async () => {
    const daemon = await startDaemon();
    const wire = new MlflowWire(daemon);
    const { artifacts } = await wire.startRun();
    const upload = await beginUpload(wire, `${artifacts}/a.bin`, 2);
    const credential = upload.credentials[0] as PartCredential;
    const part = await sendPart(credential, 'one');
    assert.equal(stagedIn(daemon.place.store).length, 1);
    await daemon.kill();
    const next = await startDaemon({ place: daemon.place });
    try {
      assert.deepEqual(stagedIn(daemon.place.store), []);
      const { port } = next.connection;
      const url = credential.url.replace(/:\d+\//, `:${port}/`);
      const refused = await putPart({ ...credential, url }, 'one');
      assert.equal(refused.status, 401);
      assert.match(await refused.text(), /begin the upload anew/);
      const body = { upload_id: upload.upload_id, parts: [part] };
      for (const action of ['complete', 'abort'] as const)
        assertError(
          await multipart(new MlflowWire(next), action, `${artifacts}/a.bin`, body),
          404,
          'RESOURCE_DOES_NOT_EXIST',
          'the daemon has restarted',
        );
    } finally {
      await next.stop();
      daemon.place.remove();
    }
  });

  it('end a day after the last part', async () => {
    const place = testPlace();
    const database = await openDatabase(path.join(place.store, 'modelthat.db'), error => assert.fail(error));
    const artifacts = new ArtifactService(
      await LocalArtifactStore.open(path.join(place.store, 'artifacts')),
      database,
    );
    const people = new PersonTokens(place.state);
    const tokens = new Tokens({ owner: newToken(), tracking: newToken() }, people);
    const uploads = await MultipartUploads.open({
      artifacts,
      tokens,
      folder: path.join(place.store, 'uploads'),
    });
    const receive = (id: string, number: number) => uploads.receive(id, number, Readable.from(['part']));
    const hour = 3600_000;
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      const idle = await uploads.create('run/idle.bin', 2);
      const used = await uploads.create('run/used.bin', 2);
      mock.timers.tick(12 * hour);
      await receive(used.id, 1);
      mock.timers.tick(13 * hour);
      assert.equal(tokens.principalOf(idle.token), undefined);
      await assert.rejects(receive(idle.id, 1), { code: 'RESOURCE_DOES_NOT_EXIST' });
      const etag = await receive(used.id, 2);
      const parts = [1, 2].map(number => ({ number, etag }));
      await uploads.complete(used.id, 'run/used.bin', parts);
      assert.equal(await text(await (await artifacts.open('run/used.bin')).read()), 'partpart');
    } finally {
      mock.timers.reset();
      await uploads.close();
      await database.close();
      place.remove();
    }
  });
});

/** Files of uploads in progress. */
function stagedIn(store: string): string[] {
  const root = path.join(store, 'uploads');
  if (!fs.existsSync(root)) return [];
  return fs
    .readdirSync(root, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => entry.name);
}
