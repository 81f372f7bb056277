import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { startDaemon, type TestDaemon } from '../../support/daemon.ts';
import { assertError, MlflowWire, proxyPath, succeeded } from '../../support/mlflow.ts';

const CONTENT = Buffer.from(Array.from({ length: 1000 }, (_, index) => index % 251));
const ETAG = `"${createHash('sha256').update(CONTENT).digest('hex')}"`;

describe('the artifact proxy', () => {
  let daemon: TestDaemon;
  let wire: MlflowWire;
  let root: string;

  before(async () => {
    daemon = await startDaemon();
    wire = new MlflowWire(daemon);
    root = (await wire.startRun()).artifacts;
    await wire.upload(`${root}/data.bin`, CONTENT);
    await wire.upload(`${root}/empty`, '');
  });
  after(() => daemon.dispose());

  const get = (name: string, headers: Record<string, string> = {}, method = 'GET') =>
    wire.send(method, proxyPath(`${root}/${name}`), undefined, headers);

  describe('answers a range', () => {
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 0],
      ['bytes=10-99', 10, 99],
      ['bytes=990-', 990, 999],
      ['bytes=990-5000', 990, 999],
      ['bytes=-10', 990, 999],
      ['bytes=-5000', 0, 999],
    ] as const)
      it(`${range} with that part`, async () => {
        const answer = await get('data.bin', { range });
        assert.equal(answer.status, 206);
        assert.equal(answer.headers['content-range'], `bytes ${start}-${end}/1000`);
        assert.equal(answer.headers['content-length'], String(end - start + 1));
        assert.deepEqual(answer.body, CONTENT.subarray(start, end + 1));
      });

    for (const [name, range] of [
      ['data.bin', 'bytes=1000-'],
      ['data.bin', 'bytes=-0'],
      ['empty', 'bytes=0-'],
    ] as const)
      it(`${range} of ${name}, beyond its end, with its size`, async () => {
        const answer = await get(name, { range });
        assert.equal(answer.status, 416);
        assert.equal(answer.headers['content-range'], `bytes */${name === 'empty' ? 0 : 1000}`);
        assert.equal(answer.body.length, 0);
      });

    for (const range of ['bytes=0-1,5-6', 'bytes=9-5', 'lines=1-2', 'bytes=-', 'bytes=a-b'])
      it(`${range}, which is none or several, with the whole`, async () => {
        const answer = await get('data.bin', { range });
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.body, CONTENT);
      });

    it('only when If-Range names the present content', async () => {
      const part = await get('data.bin', { range: 'bytes=0-4', 'if-range': ETAG });
      assert.equal(part.status, 206);
      for (const condition of ['"other"', `W/${ETAG}`, part.headers['last-modified'] ?? ''])
        assert.equal((await get('data.bin', { range: 'bytes=0-4', 'if-range': condition })).status, 200);
    });
  });

  it('asks who waits for that to send the body', async () => {
    const sending = http.request(`${daemon.url}${proxyPath(`${root}/asked.txt`)}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${daemon.secrets.tracking}`,
        'content-length': 5,
        expect: '100-continue',
      },
    });
    sending.flushHeaders();
    await once(sending, 'continue');
    sending.end('asked');
    const [answer] = (await once(sending, 'response')) as [http.IncomingMessage];
    assert.equal(answer.statusCode, 200);
    answer.resume();
    assert.equal((await get('asked.txt')).body.toString(), 'asked');
  });

  it('tells of a file without its content', async () => {
    const answer = await get('data.bin', { range: 'bytes=0-4' }, 'HEAD');
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.etag, ETAG);
    assert.equal(answer.headers['content-length'], '1000');
    assert.equal(answer.headers['accept-ranges'], 'bytes');
    assert.equal(answer.body.length, 0);
  });

  it('sends nothing to who has it already', async () => {
    for (const condition of [ETAG, `"other", ${ETAG}`, '*'])
      assert.equal((await get('data.bin', { 'if-none-match': condition })).status, 304);
    const changed = await get('data.bin', { 'if-none-match': '"other"' });
    assert.deepEqual(changed.body, CONTENT);
  });

  it('keeps names as they are, whatever is in them', async () => {
    // As one letter, and as a letter with its accent: two names to MLflow.
    const names = [
      'é',
      'e\u0301',
      'a b',
      '100%',
      '%41',
      'a+b',
      'a&b=c',
      "it's",
      '日本語',
      '🎯',
      '…',
      '.hidden',
    ];
    for (const name of names) await wire.upload(`${root}/names/${name}`, name);
    for (const name of names) assert.equal((await get(`names/${name}`)).body.toString(), name);
    const { files } = succeeded<{ files: { path: string }[] }>(
      await wire.send('GET', `/api/2.0/mlflow-artifacts/artifacts?path=${root}/names/`),
    );
    assert.deepEqual(files.map(file => file.path).sort(), names.sort());
  });

  it('refuses names that cannot be meant', async () => {
    for (const name of ['a#b', 'a\\b', 'a\u0000b', '..'])
      assertError(
        await wire.send('PUT', proxyPath(`${root}/${name}`), 'x'),
        400,
        'INVALID_PARAMETER_VALUE',
        'Invalid path',
      );
    assertError(
      await wire.send('PUT', `${proxyPath(root)}/a/`, 'x'),
      400,
      'INVALID_PARAMETER_VALUE',
      'no file',
    );
  });

  it('lists a folder of thousands of files whole', async () => {
    const names = Array.from(
      { length: 2_500 },
      (_, index) => `${String(index).padStart(5, '0')}-${'x'.repeat(40)}`,
    );
    const folder = path.join(daemon.place.store, 'artifacts', root, 'many');
    fs.mkdirSync(folder);
    for (const name of names) fs.writeFileSync(path.join(folder, name), '1');
    const listed = succeeded<{ files: unknown[] }>(
      await wire.send('GET', `/api/2.0/mlflow-artifacts/artifacts?path=${root}/many`),
    );
    assert.deepEqual(
      listed.files,
      names.map(name => ({ path: name, is_dir: false, file_size: 1 })),
    );
  });

  describe('keeps the files of a released version', () => {
    let folder: string;
    const move = (stage: string) =>
      wire.post('model-versions/transition-stage', { name: 'sales', version: '1', stage });
    const change = (method: string, path: string, by = wire) =>
      by.send(method, proxyPath(path), method === 'PUT' ? 'changed' : undefined);
    const read = async (path: string) => (await wire.send('GET', proxyPath(path))).body.toString();

    before(async () => {
      const { artifacts } = await wire.startRun();
      folder = `${artifacts}/model`;
      await wire.upload(`${folder}/MLmodel`, 'flavors: {}');
      await wire.post('registered-models/create', { name: 'sales' });
      await wire.post('model-versions/create', { name: 'sales', source: `mlflow-artifacts:/${folder}` });
    });

    for (const stage of ['Staging', 'Production'])
      it(`as they are while it is in ${stage}, whoever asks`, async () => {
        await move(stage);
        for (const by of [wire, new MlflowWire(daemon, daemon.secrets.owner)])
          for (const [method, path] of [
            ['PUT', `${folder}/MLmodel`],
            ['PUT', `${folder}/more/data.bin`],
            ['DELETE', `${folder}/MLmodel`],
            ['DELETE', folder],
            ['DELETE', folder.split('/').slice(0, -1).join('/')],
          ] as const)
            assertError(
              await change(method, path, by),
              403,
              'PERMISSION_DENIED',
              new RegExp(`version 1 of 'sales', which is in ${stage}.*Log a new run or model`),
            );
        assert.equal(await read(`${folder}/MLmodel`), 'flavors: {}');
      });

    it('and those alone', async () => {
      succeeded(await change('PUT', `${folder}-notes/a.txt`));
      succeeded(await change('DELETE', `${folder}-notes`));
      succeeded(await change('PUT', `${folder}.txt`));
    });

    it('until it is archived', async () => {
      await move('Archived');
      succeeded(await change('PUT', `${folder}/MLmodel`));
      assert.equal(await read(`${folder}/MLmodel`), 'changed');
    });

    it('also when it is named by its run, and from an upload that had begun before', async () => {
      const { runId, artifacts } = await wire.startRun();
      await wire.upload(`${artifacts}/model/MLmodel`, 'flavors: {}');
      await wire.post('model-versions/create', { name: 'sales', source: `runs:/${runId}/model` });
      const released = wire.post('model-versions/transition-stage', {
        name: 'sales',
        version: '2',
        stage: 'Production',
      });
      const late = (async function* () {
        yield Buffer.from('late');
        await released;
      })();
      const upload = await daemon.trackingClient
        .fetch(proxyPath(`${artifacts}/model/MLmodel`), {
          method: 'PUT',
          body: ReadableStream.from(late),
          duplex: 'half',
        } as RequestInit)
        .catch((error: unknown) => error);
      assert.match(String(upload), /version 2 of 'sales', which is in Production/);
      assert.equal(await read(`${artifacts}/model/MLmodel`), 'flavors: {}');
    });
  });
});
