import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import {
  keptSecrets,
  readConnection,
  writeConnection,
  writeSecrets,
} from '../../daemon/client/connection.ts';
import { daemonArguments, EXIT_LOCKED } from '../../daemon/client/spawn.ts';
import { type Attached, attach, ensureDaemon, stopAndWait } from '../../daemon/client/start.ts';
import { openPlace } from '../../daemon/client/store.ts';
import { drainDaemon, getStatus } from '../../daemon/contract/about.ts';
import { getExecution, startExecution } from '../../daemon/contract/pipelines.ts';
import { startDaemon, type TestPlace, testPlace } from '../support/daemon.ts';
import { DAEMON_MAIN } from '../support/programs.ts';

const program = { main: DAEMON_MAIN };

describe('the life of a daemon', () => {
  let place: TestPlace;
  let attached: Attached | undefined;
  beforeEach(() => {
    place = testPlace();
    attached = undefined;
  });
  afterEach(async () => {
    const running = attached ?? (await attach(place));
    if (running) await stopAndWait(running, true);
    place.remove();
  });

  const ensure = async () => {
    attached = await ensureDaemon(place, program);
    return attached;
  };

  it('serves once when many clients start it at the same time', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => ensureDaemon(place, program)));
    assert.equal(all.filter(one => one.started).length, 1);
    assert.equal(new Set(all.map(one => one.connection.pid)).size, 1);
  });

  it('leaves a locked store alone', async () => {
    await ensure();
    const second = spawn(process.execPath, daemonArguments(place, program), { env: place.env });
    assert.deepEqual(await once(second, 'exit'), [EXIT_LOCKED, null]);
  });

  it('refuses a store that a daemon with another state folder serves, naming it', async () => {
    await ensure();
    const kept = process.env.MODELTHAT_STATE_DIR;
    process.env.MODELTHAT_STATE_DIR = path.join(path.dirname(place.workspace), 'other state');
    try {
      const elsewhere = openPlace(place.store, place.workspace);
      await assert.rejects(
        ensureDaemon(elsewhere, program),
        new RegExp(`The store ${place.store} is served by a daemon .* MODELTHAT_STATE_DIR.*Stop that one`),
      );
    } finally {
      process.env.MODELTHAT_STATE_DIR = kept;
    }
  });

  it('touches nothing that pretends to be the lock of a store', async () => {
    const precious = path.join(place.workspace, 'precious');
    fs.writeFileSync(precious, 'content');
    fs.symlinkSync(precious, path.join(place.store, 'lock.db'));
    await assert.rejects(ensure(), /lock\.db is not a lock that modelthat made; remove it/);
    assert.equal(fs.readFileSync(precious, 'utf8'), 'content');
    fs.rmSync(path.join(place.store, 'lock.db'));
  });

  it('comes back on the same port with the same tokens after a power cut', async () => {
    const daemon = await startDaemon({ place });
    await daemon.kill();
    const { connection } = await ensure();
    assert.equal(connection.port, daemon.connection.port);
    assert.notEqual(connection.pid, daemon.connection.pid);
    assert.deepEqual(keptSecrets(place.state), daemon.secrets);
  });

  it('says so and goes on when the connection file is damaged', async () => {
    fs.writeFileSync(path.join(place.state, 'connection.json'), '{"port": "nonsense"');
    const said: string[] = [];
    attached = await ensureDaemon(place, program, message => said.push(message));
    assert.match(said.join('\n'), /connection\.json is damaged and is ignored/);
    assert.equal(readConnection(place.state).found, 'connection');
  });

  it('finds a daemon whose connection file was damaged, or removed, under it', async () => {
    const { connection } = await ensure();
    const file = path.join(place.state, 'connection.json');
    fs.writeFileSync(file, '{"port": "nonsense"');
    const again = await ensure();
    assert.deepEqual([again.connection.pid, again.started], [connection.pid, false]);
    fs.rmSync(file);
    assert.equal((await attach(place))?.connection.pid, connection.pid);
  });

  it('takes what a killed daemon wrote about itself for nothing, once its successor listens', async () => {
    const killed = await startDaemon({ place });
    await killed.kill();
    const successor = await startDaemon({ place });
    writeConnection(place.state, killed.connection);
    const found = await attach(place);
    assert.equal(found?.connection.pid, successor.connection.pid);
    await successor.stop();
  });

  it('takes another port, and keeps it, when a program has taken its own', async () => {
    const other = await listen(createServer());
    try {
      writeSecrets(place.state, { ...keptSecrets(place.state), port: portOf(other) });
      const { connection } = await ensure();
      assert.notEqual(connection.port, portOf(other));
      assert.equal(keptSecrets(place.state).port, connection.port);
    } finally {
      other.close();
    }
  });

  it('never sends a token to a program that took its port', async () => {
    const seen: (string | undefined)[] = [];
    const impostor = await listen(
      createServer((request, response) => {
        seen.push(request.headers.authorization);
        response.setHeader('x-modelthat-proof', '0'.repeat(64)).end('OK');
      }),
    );
    try {
      const port = portOf(impostor);
      writeConnection(place.state, connectionAt(port));
      await ensure();
      assert.notEqual(attached?.connection.port, port);
      assert.deepEqual(seen, [undefined]);
    } finally {
      impostor.close();
    }
  });

  it('does not take another store’s daemon behind a proxy for its own', async () => {
    const daemon = await startDaemon({ place });
    const relay = await listen(
      createServer(async (request, response) => {
        const answer = await fetch(`${daemon.url}${request.url}`);
        for (const [name, value] of answer.headers) response.setHeader(name, value);
        response.end(await answer.text());
      }),
    );
    try {
      writeConnection(place.state, connectionAt(portOf(relay)));
      assert.equal(await attach(place), undefined);
    } finally {
      relay.close();
      await daemon.stop();
    }
  });

  it('stops when it is drained and nothing runs, and leaves nothing behind that says it runs', async () => {
    const daemon = await startDaemon({ place });
    await daemon.client.call(drainDaemon, { body: {} });
    await daemon.ended;
    assert.equal(readConnection(place.state).found, 'nothing');
    assert.equal(await attach(place), undefined);
  });

  it('hands over to a newer client', async () => {
    const older = await startDaemon({ place });
    writeConnection(place.state, { ...older.connection, version: '0.0.1' });
    const said: string[] = [];
    attached = await ensureDaemon(place, program, message => said.push(message));
    assert.notEqual(attached.connection.pid, older.connection.pid);
    assert.match(said.join('\n'), /Replacing the daemon of modelthat 0\.0\.1 by \d/);
    await older.ended;
  });

  it('refuses a daemon that is too new for this client, naming both versions', async () => {
    const newer = await startDaemon({ place });
    writeConnection(place.state, { ...newer.connection, version: '9.9.9', contract: 999 });
    await assert.rejects(ensureDaemon(place, program), /modelthat 9\.9\.9, too new for this \d+\.\d+\.\d+/);
    await newer.stop();
  });

  it('says why it did not start', async () => {
    fs.writeFileSync(path.join(place.store, 'modelthat.db'), 'this is no database, whatever its name says');
    await assert.rejects(ensureDaemon(place, program), /modelthat\.db/);
  });

  it('lets what runs end before it hands over, and takes nothing new meanwhile', async () => {
    const daemon = await startDaemon({ place });
    const file = path.join(place.workspace, 'modelthat.yaml');
    const gate = path.join(place.workspace, 'go on');
    fs.writeFileSync(path.join(place.workspace, 'wait.sh'), "until [ -e 'go on' ]; do sleep 0.1; done\n");
    fs.writeFileSync(file, 'name: long\nsteps:\n  wait:\n    run: sh wait.sh\n');
    const body = { file, set: {} };
    const { id } = await daemon.client.call(startExecution, { body });
    await daemon.client.call(drainDaemon, { body: {} });
    await assert.rejects(daemon.client.call(startExecution, { body }), { code: 'TEMPORARILY_UNAVAILABLE' });
    const running = await daemon.client.call(getExecution, { params: { executionId: id } });
    assert.equal(running.endTime, null);
    fs.writeFileSync(gate, '');
    await daemon.ended;
    const { client } = await ensure();
    const ended = await client.call(getExecution, { params: { executionId: id } });
    assert.equal(ended.status, 'succeeded');
  });

  it('takes the port that it is told, or says that it is taken', async () => {
    const other = await listen(createServer());
    const taken = portOf(other);
    const run = (port: number) => startDaemon({ place, args: ['--port', String(port)] });
    try {
      await assert.rejects(
        run(taken),
        new RegExp(`Port ${taken} is taken by another program; choose another`),
      );
    } finally {
      other.close();
    }
    const daemon = await run(taken);
    assert.equal(daemon.connection.port, taken);
    await daemon.stop();
  });

  it('stops by itself when there is nothing to do', async () => {
    const daemon = await startDaemon({ place, args: ['--idle-minutes', '0.005'] });
    await daemon.ended;
    assert.equal(await attach(place), undefined);
  });

  it('tells when it will stop, and that a listening client keeps it up', async () => {
    const daemon = await startDaemon({ place });
    assert.ok(((await daemon.client.call(getStatus, {})).idleStopAt ?? 0) > Date.now());
    const stream = new AbortController();
    await daemon.client.fetch('/api/v1/events', { signal: stream.signal });
    const status = await daemon.client.call(getStatus, {});
    assert.deepEqual([status.connectedClients, status.idleStopAt], [1, null]);
    stream.abort();
    await daemon.stop();
  });

  it('keeps its own files out of version control', async () => {
    await ensure();
    assert.equal(fs.readFileSync(path.join(place.store, '.gitignore'), 'utf8'), '*\n');
  });
});

async function listen(server: Server): Promise<Server> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** What a connection file says of a daemon that is no longer there. */
function connectionAt(port: number) {
  return {
    pid: 1,
    startTime: 1,
    port,
    url: `http://127.0.0.1:${port}`,
    version: '0.1.0',
    contract: 1,
    main: DAEMON_MAIN,
  };
}
