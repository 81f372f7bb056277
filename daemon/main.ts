/**
 * The daemon's process: takes the store's lock, listens, builds the services, and stops in order. A starter that passes
 * an IPC channel is told how it went (`StarterMessage`).
 */
import fs from 'node:fs';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type Connection,
  keptSecrets,
  newToken,
  randomPort,
  removeConnection,
  writeConnection,
  writeSecrets,
} from './client/connection.ts';
import { EXIT_LOCKED, type StarterMessage } from './client/spawn.ts';
import { openPlace, type StorePlace } from './client/store.ts';
import { PRODUCT_VERSION } from './client/version.ts';
import { type Config, readConfig } from './config.ts';
import { type About, CONTRACT_VERSION } from './contract/about.ts';
import { openDatabase } from './database/database.ts';
import { PersonTokens } from './http/person-tokens.ts';
import { HttpServer, type ServerParts } from './http/server.ts';
import { Tokens } from './http/tokens.ts';
import { Activity } from './life/activity.ts';
import { lockStore, type StoreLock } from './life/lock.ts';
import { refuseNetworkVolume } from './life/volume.ts';
import { openLog } from './log.ts';
import { collectGarbage, whenQuiet } from './thrift.ts';

/** How long running requests may take to end when the daemon stops. */
const CLOSE_GRACE_MS = 3_000;
const PORT_TRIES = 20;

try {
  await main();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`modelthat: ${message}\n`);
  tell({ failed: message }, () => process.exit(1));
}

async function main(): Promise<void> {
  const config = readConfig(process.argv.slice(2));
  const place = openPlace(config.store, config.workspace);
  refuseNetworkVolume(place.store);
  const lock = lockStore(place);
  if (!lock) {
    if (config.foreground) throw new Error(`A daemon already serves ${place.store}; see modelthat status`);
    tell({ locked: true });
    process.exitCode = EXIT_LOCKED;
    return;
  }
  settle(place);
  const connection = await serve(config, place, lock);
  tell({ listening: connection });
  if (config.foreground) process.stdout.write(`modelthat ${PRODUCT_VERSION} at ${connection.url}\n`);
}

/** Prepares the store's folder, and leaves whatever folder the daemon was started in. */
function settle(place: StorePlace): void {
  fs.chmodSync(place.store, 0o700);
  const ignore = path.join(place.store, '.gitignore');
  // A link that leads nowhere is there, too: it is not written through.
  if (!fs.lstatSync(ignore, { throwIfNoEntry: false })) fs.writeFileSync(ignore, '*\n');
  const empty = path.join(place.state, 'cwd');
  fs.mkdirSync(empty, { recursive: true, mode: 0o700 });
  process.chdir(empty);
}

async function serve(config: Config, place: StorePlace, lock: StoreLock): Promise<Connection> {
  const log = openLog(place.state);
  const fail = (error: Error) => {
    log.fatal({ err: error }, 'the daemon cannot go on');
    // An orderly exit would close the database and so write to it, which must not happen after the disk has failed.
    process.kill(process.pid, 'SIGKILL');
  };
  process.on('uncaughtException', fail);
  process.on('warning', warning => log.warn({ err: warning }, 'a warning'));
  let secrets = keptSecrets(place.state);
  const tokens = new Tokens(secrets, new PersonTokens(place.state));
  const activity = new Activity(config.idleMinutes * 60_000);
  let release = collectGarbage;
  const notQuiet = whenQuiet(() => release());
  const server = await bind(config.port, secrets.port, {
    tokens,
    proofKey: secrets.proof,
    log,
    onRequest: () => {
      activity.touch();
      notQuiet();
    },
  });
  const url = `http://127.0.0.1:${server.port}`;
  if (server.port !== secrets.port) {
    log.warn(
      { kept: secrets.port, port: server.port },
      'the kept port is not used; from now on it is this one',
    );
    secrets = { ...secrets, port: server.port };
    writeSecrets(place.state, secrets);
  }
  const connection: Connection = {
    pid: process.pid,
    startTime: Math.round(performance.timeOrigin),
    port: server.port,
    url,
    version: PRODUCT_VERSION,
    contract: CONTRACT_VERSION,
    main: fileURLToPath(import.meta.url),
  };

  // In its own thread, meanwhile.
  const opening = openDatabase(path.join(place.store, 'modelthat.db'), fail);
  const [{ application, composeServices, mountLife }, database] = await Promise.all([loadRest(), opening]);
  const services = await composeServices({
    place,
    database,
    log,
    tokens,
    activity,
    url,
    testReset: config.testReset,
  });
  mountLife(services.router, {
    about: aboutOf(connection, place, lock),
    activity,
    stop: reason => setImmediate(() => void stop(reason)),
    cancelRunning: () => services.cancelRunning(),
    rotateTokens: () => {
      secrets = { ...secrets, owner: newToken(), tracking: newToken() };
      writeSecrets(place.state, secrets);
      tokens.replace(secrets);
    },
  });
  database.startReaders();
  release = () => {
    database.release();
    collectGarbage();
  };
  server.serve(application(services.router, log));
  writeConnection(place.state, connection);
  log.info({ ...connection, store: place.store }, 'listening');

  let stopping = false;
  async function stop(reason: string): Promise<void> {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, 'stopping');
    activity.stop();
    removeConnection(place.state);
    services.events.close();
    await server.close(CLOSE_GRACE_MS);
    await services.close();
    lock.release();
    log.info('stopped');
    process.exit(0);
  }
  activity.watch(reason => void stop(reason));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(signal));
  return connection;
}

/** The larger part of the program is loaded once `/health` can be answered, which it is in between. */
async function loadRest() {
  await turn();
  const { application } = await import('./http/application.ts');
  const { mountLife } = await import('./life/routes.ts');
  await turn();
  const { composeServices } = await import('./composition.ts');
  await turn();
  return { application, composeServices, mountLife };
}

/**
 * Listens on the asked-for port, or the kept one, or, where another program has that, on a new one.
 *
 * @throws Error when the asked-for port is taken
 */
async function bind(asked: number | undefined, kept: number, parts: ServerParts): Promise<HttpServer> {
  for (let tries = 0, port = asked ?? kept; ; tries += 1, port = randomPort()) {
    try {
      return await HttpServer.bind(port, parts);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries >= PORT_TRIES) throw error;
      if (asked !== undefined) {
        throw new Error(`Port ${asked} is taken by another program; choose another, or leave --port out`);
      }
    }
  }
}

function aboutOf(connection: Connection, place: StorePlace, lock: StoreLock): About {
  return {
    product: 'modelthat',
    version: connection.version,
    contract: connection.contract,
    pid: connection.pid,
    startTime: connection.startTime,
    store: place.store,
    workspace: place.workspace,
    url: connection.url,
    sqlite: lock.sqlite,
    node: process.versions.node,
  };
}

/** The starter goes its own way. */
function leave(): void {
  if (process.connected) process.disconnect();
}

/** Tells the starter, if one listens. */
function tell(message: StarterMessage, then: () => void = leave): void {
  if (process.connected) process.send?.(message, undefined, undefined, then);
  else then();
}
