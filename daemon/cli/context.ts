/** What every command needs: the options that all have, the store, and its daemon. */
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import type { DaemonClient } from '../client/client.ts';
import type { Program } from '../client/spawn.ts';
import { type Attached, attach, ensureDaemon } from '../client/start.ts';
import { openPlace, type StorePlace, storeFor } from '../client/store.ts';
import { say } from './output.ts';

/** Exit codes of all commands but `run`, whose are in the contract (`EXIT`). */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;
/** `status` when no daemon runs. */
export const EXIT_NOT_RUNNING = 3;

/** Variable with the token of whoever calls commands. */
export const PERSON_TOKEN = 'MODELTHAT_TOKEN';

/** Options of every command. */
interface CommonOptions {
  readonly json?: boolean;
  readonly store?: string;
}

/** One invocation of a command. */
export class Context {
  /** Whether to print for machines. */
  readonly json: boolean;
  readonly #store: string | undefined;
  readonly #folder: string;

  /** @param folder whose store it is about, unless `--store` names another */
  constructor(command: Command, folder = process.cwd()) {
    this.#folder = folder;
    const { json, store } = command.optsWithGlobals<CommonOptions>();
    this.json = json === true;
    this.#store = store;
  }

  /** Path of the store that the command is about: `--store`, or the one that the folder belongs to. */
  get store(): string {
    return this.#store === undefined ? storeFor(this.#folder) : path.resolve(this.#store);
  }

  /** The store with what goes with it, made when it is not there. */
  get place(): StorePlace {
    return openPlace(this.store);
  }

  /** The running daemon, if there is one. Makes no store: none is asked for. */
  async running(): Promise<Attached | undefined> {
    return fs.existsSync(this.store) ? asPerson(await attach(this.place, say)) : undefined;
  }

  /** The daemon, started when it does not run. */
  async daemon(settings: Pick<Program, 'idleMinutes'> = {}): Promise<Attached> {
    return asPerson(await ensureDaemon(this.place, { ...daemonProgram(), ...settings }, say));
  }

  /** A client of the daemon, started when it does not run. */
  async client(): Promise<DaemonClient> {
    return (await this.daemon()).client;
  }
}

/** With the token of a person, where the environment has one, in place of the owner's. */
function asPerson<Found extends Attached | undefined>(attached: Found): Found {
  const token = process.env[PERSON_TOKEN];
  return attached && token ? { ...attached, client: attached.client.withToken(token) } : attached;
}

/** The daemon that belongs to this command: beside it in `dist/`, or in the sources. */
export function daemonProgram(): Program {
  const main = import.meta.url.endsWith('.ts') ? '../main.ts' : './daemon/main.mjs';
  return { main: fileURLToPath(new URL(main, import.meta.url)) };
}

/** The program that works while no daemon does: beside that in `dist/`, or in the sources. */
export function offlineProgram(): Program {
  const main = import.meta.url.endsWith('.ts') ? '../offline.ts' : './daemon/offline.mjs';
  return { main: fileURLToPath(new URL(main, import.meta.url)) };
}
