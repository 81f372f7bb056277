import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import path from 'node:path';
import type { Router } from 'express';
import { newToken } from '../../daemon/client/connection.ts';
import { composeServices, type Services } from '../../daemon/composition.ts';
import { getAbout, rotateTokens, stopDaemon } from '../../daemon/contract/about.ts';
import { operations } from '../../daemon/contract/api.ts';
import { openDatabase } from '../../daemon/database/database.ts';
import { BODY_LIMIT } from '../../daemon/http/body.ts';
import { PersonTokens } from '../../daemon/http/person-tokens.ts';
import { Tokens } from '../../daemon/http/tokens.ts';
import { Activity } from '../../daemon/life/activity.ts';
import { openLog } from '../../daemon/log.ts';
import { startDaemon, type TestDaemon, type TestPlace, testPlace } from '../support/daemon.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

describe('the checks before the router', () => {
  let daemon: TestDaemon;
  before(async () => {
    daemon = await startDaemon();
  });
  after(() => daemon.dispose());

  /** Sends a request exactly as given. */
  const send = (method: string, target: string, headers: Record<string, string | string[]> = {}, body = '') =>
    new Promise<{ status: number; body: string; headers: NodeJS.Dict<string | string[]> }>(
      (resolve, reject) => {
        const sent = request(
          { port: daemon.connection.port, host: '127.0.0.1', method, path: target, headers, agent: false },
          async response => {
            const chunks: Buffer[] = [];
            for await (const chunk of response) chunks.push(chunk);
            resolve({
              status: response.statusCode ?? 0,
              body: Buffer.concat(chunks).toString(),
              headers: response.headers,
            });
          },
        );
        sent.on('error', reject);
        sent.end(body);
      },
    );

  const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

  it('answer every method on every route alike when the token is missing or wrong', async function () {
    this.timeout(120_000);
    const paths = await routesOfTheDaemon();
    assert.ok(paths.length > 60, `only ${paths.length} routes were found`);
    const wrong: Record<string, string>[] = [
      {},
      { authorization: '' },
      { authorization: 'Bearer' },
      bearer(newToken()),
      { authorization: `Basic ${Buffer.from('modelthat:').toString('base64')}` },
      { authorization: `Basic ${Buffer.from(daemon.secrets.owner).toString('base64')}` },
      { authorization: daemon.secrets.owner },
      { cookie: `token=${daemon.secrets.owner}; authorization=Bearer ${daemon.secrets.owner}` },
    ];
    const bodies = new Set<string>();
    const cases = paths.flatMap(target => METHODS.map(method => ({ target, method })));
    for (const [index, { target, method }] of cases.entries()) {
      const answer = await send(method, target, wrong[index % wrong.length]);
      assert.equal(answer.status, 401, `${method} ${target}`);
      if (method !== 'HEAD') bodies.add(answer.body);
    }
    assert.equal(bodies.size, 1);
  });

  it('refuse each kind of wrong token', async () => {
    const { owner, proof } = daemon.secrets;
    const tokens = ['', 'x', owner.slice(1), `${owner}x`, owner.toLowerCase(), proof, 'a'.repeat(10_000)];
    for (const token of tokens) assert.equal((await send('GET', '/api/v1/about', bearer(token))).status, 401);
  });

  it('take no token from the address', async () => {
    for (const name of ['token', 'access_token', 'authorization'])
      assert.equal((await send('GET', `/api/v1/about?${name}=${daemon.secrets.owner}`)).status, 401);
  });

  it('take the token as a Bearer, and as the password of Basic whatever the user', async () => {
    const basic = Buffer.from(`anyone:${daemon.secrets.tracking}`).toString('base64');
    assert.equal((await send('GET', '/api/v1/about', bearer(daemon.secrets.tracking))).status, 200);
    assert.equal((await send('GET', '/api/v1/about', { authorization: `Basic ${basic}` })).status, 200);
  });

  it('let the tracking token log and read, and never stop the daemon', async () => {
    await daemon.trackingClient.call(getAbout, {});
    await assert.rejects(daemon.trackingClient.call(stopDaemon, { body: {} }), { code: 'PERMISSION_DENIED' });
  });

  it('answer /health alone without a token, to GET and HEAD', async () => {
    assert.deepEqual(pick(await send('GET', '/health')), { status: 200, body: 'OK' });
    assert.equal((await send('HEAD', '/health')).status, 200);
    for (const target of ['/health/', '/healthx', '/HEALTH', '/health/../api/v1/about', '//health'])
      assert.equal((await send('GET', target)).status, 401, target);
    assert.equal((await send('POST', '/health')).status, 401);
  });

  it('let only this daemon’s own names through as Host', async () => {
    const { port } = daemon.connection;
    const good = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
    for (const host of good) assert.equal((await send('GET', '/health', { host })).status, 200, host);
    for (const host of foreignHosts(port))
      assert.equal((await send('GET', '/health', { host })).status, 403, host);
  });

  it('refuse a missing or doubled Host, and a target with a host of its own', async () => {
    const { port } = daemon.connection;
    const own = `Host: 127.0.0.1:${port}\r\n`;
    for (const head of [
      'GET /health HTTP/1.1\r\n',
      'GET /health HTTP/1.0\r\n',
      `GET /health HTTP/1.1\r\n${own}${own}`,
      `GET /health HTTP/1.1\r\n${own}Host: evil.test\r\n`,
      `GET http://evil.test/health HTTP/1.1\r\n${own}`,
      `GET http://127.0.0.1:${port}/health HTTP/1.1\r\n${own}`,
      `OPTIONS * HTTP/1.1\r\n${own}`,
    ])
      assert.match(await raw(port, `${head}Connection: close\r\n\r\n`), /^HTTP\/1\.1 (403|400) /, head);
  });

  it('refuse requests that a web page makes, even with the token', async () => {
    const token = bearer(daemon.secrets.owner);
    const asked: Record<string, string>[] = [
      { origin: 'https://evil.test' },
      { origin: 'null' },
      { origin: daemon.url },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of asked) {
      const answer = await send('GET', '/api/v1/about', { ...token, ...headers });
      assert.equal(answer.status, 403, JSON.stringify(headers));
      assert.equal(answer.headers['access-control-allow-origin'], undefined);
    }
  });

  it('take JSON only as application/json, in the words of each protocol', async () => {
    const token = bearer(daemon.secrets.owner);
    const types = [
      undefined,
      'text/plain',
      'application/x-www-form-urlencoded',
      'text/plain; application/json',
    ];
    for (const type of types) {
      const headers = { ...token, ...(type ? { 'content-type': type } : {}) };
      assert.equal((await send('POST', '/api/v1/tokens/rotate', headers, '{}')).status, 415);
      const mlflow = await send('POST', '/api/2.0/mlflow/experiments/create', headers, '{"name": "x"}');
      assert.equal(mlflow.status, 400);
      assert.match(mlflow.body, type ? /must be one of \['application\/json'\]/ : /header is missing/);
    }
  });

  it('refuse a body that is declared too large before it is sent', async () => {
    const { port } = daemon.connection;
    const answer = await raw(
      port,
      `POST /api/2.0/mlflow/runs/log-batch HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${daemon.secrets.owner}\r\n` +
        'Content-Type: application/json\r\nContent-Length: 99999999999\r\nExpect: 100-continue\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 413 /);
  });

  it('refuse a body that turns out too large while it comes in', async () => {
    const sent = request({
      ...{ port: daemon.connection.port, host: '127.0.0.1', method: 'POST', path: '/api/v1/tokens/rotate' },
      headers: { ...bearer(daemon.secrets.owner), 'content-type': 'application/json' },
    });
    const answered = once(sent, 'response');
    sent.on('error', () => {});
    const chunk = Buffer.alloc(1024 * 1024, ' ');
    for (let written = 0; written <= BODY_LIMIT && !sent.destroyed; written += chunk.length)
      if (!sent.write(chunk)) await Promise.race([once(sent, 'drain'), answered]);
    const [response] = (await answered) as [IncomingMessage];
    assert.equal(response.statusCode, 413);
    sent.destroy();
  });

  it('read a refused body to its end, so that the connection serves the next request', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const { port } = daemon.connection;
    const headers = { ...bearer(daemon.secrets.owner), 'content-type': 'application/json' };
    const sent = request({
      agent,
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/api/v1/tokens/rotate',
      headers,
    });
    const answered = once(sent, 'response');
    const free = once(agent, 'free');
    // Without a declared length it is refused on the way.
    sent.write(Buffer.alloc(2 * BODY_LIMIT, ' '));
    sent.end();
    const [refused] = (await answered) as [IncomingMessage];
    assert.equal(refused.statusCode, 413);
    refused.resume();
    await free;
    const next = request({ agent, port, host: '127.0.0.1', path: '/health' });
    next.end();
    const [response] = (await once(next, 'response')) as [IncomingMessage];
    assert.deepEqual([response.statusCode, next.reusedSocket], [200, true]);
    agent.destroy();
  });

  it('take a path that is no text for a mistake of the caller', async () => {
    const answer = await send('GET', '/api/v1/runs/%E0%A4%A', bearer(daemon.secrets.owner));
    assert.equal(answer.status, 400);
    assert.equal(JSON.parse(answer.body).error_code, 'INVALID_PARAMETER_VALUE');
  });

  it('answer an unknown route, asked with a token, as JSON', async () => {
    const answer = await send('GET', '/api/v1/no-such-thing', bearer(daemon.secrets.owner));
    assert.equal(answer.status, 404);
    assert.equal(JSON.parse(answer.body).error_code, 'ENDPOINT_NOT_FOUND');
    assert.equal(answer.headers['x-content-type-options'], 'nosniff');
  });

  it('know only the new tokens after a rotation', async () => {
    await daemon.client.call(rotateTokens, { body: {} });
    assert.equal((await send('GET', '/api/v1/about', bearer(daemon.secrets.owner))).status, 401);
    assert.equal((await send('GET', '/api/v1/about', bearer(daemon.secrets.tracking))).status, 401);
  });
});

function pick({ status, body }: { status: number; body: string }) {
  return { status, body };
}

/** Sends bytes as they are. @returns the whole answer */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8');
  let answer = '';
  socket.on('data', chunk => {
    answer += chunk;
  });
  socket.write(text);
  await once(socket, 'close');
  return answer;
}

function foreignHosts(port: number): string[] {
  const names = [
    ...['evil.test', '10.evil.test', 'localhost.evil.test', '127.0.0.1.evil.test', 'evil.localhost'],
    ...[
      '127.0.0.1.',
      'localhost.',
      'LOCALHOST',
      'Localhost',
      '127.1',
      '127.0.0.2',
      '0.0.0.0',
      '0',
      '2130706433',
    ],
    ...['0x7f000001', '0177.0.0.1', '[::]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '::1', '[::1%25lo]'],
    ...[
      'user@127.0.0.1',
      'localhost@evil.test',
      'evil.test#localhost',
      'localhost/evil.test',
      'localhost,evil.test',
    ],
    ...['localhost evil.test', '*', '127.0.0.1:1', '192.168.0.1', 'modelthat'],
  ];
  const wrongPorts = ['', `:${port}0`, `:0${port}`, ':evil', ':', ':80', `: ${port}`].flatMap(tail => [
    `localhost${tail}`,
    `127.0.0.1${tail}`,
  ]);
  return [...names.map(name => `${name}:${port}`), ...wrongPorts];
}

/** A request target for every route that the live router knows, parameters filled in. */
async function routesOfTheDaemon(): Promise<string[]> {
  const place = testPlace();
  const services = await compose(place);
  try {
    const mounted = layersOf(services.router.express);
    const published = [...operations.values()].map(route => route.path);
    return [...new Set([...mounted, ...published])].map(target =>
      target.replace(/\{[^}]*\}/g, '').replace(/[:*]\w+/g, 'x'),
    );
  } finally {
    await services.close();
    place.remove();
  }
}

async function compose(place: TestPlace): Promise<Services> {
  const secrets = { owner: newToken(), tracking: newToken() };
  return composeServices({
    place,
    database: await openDatabase(path.join(place.store, 'modelthat.db'), error => assert.fail(error)),
    log: openLog(place.state),
    tokens: new Tokens(secrets, new PersonTokens(place.state)),
    activity: new Activity(60_000),
    url: 'http://127.0.0.1:1',
  });
}

function layersOf(router: Router, prefix = ''): string[] {
  return router.stack.flatMap(layer => {
    const nested = layer.handle as Partial<Router>;
    if (layer.route) return [layer.route.path].flat().map(route => path.posix.join(prefix, route));
    return nested.stack ? layersOf(nested as Router, prefix) : [];
  });
}
