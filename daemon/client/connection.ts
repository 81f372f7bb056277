/** The two private files of a store: where its daemon listens, and the secrets that are kept over restarts. */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { Time } from '../contract/values.ts';
import { createPrivateFile, readPrivateFile, writePrivateFile } from './state.ts';

const Port = z.number().int().min(1).max(65_535);

/** Written by a daemon once it listens. Holds nothing secret. */
export const Connection = z.object({
  pid: z.number().int().positive(),
  startTime: Time,
  port: Port,
  url: z.url({ protocol: /^http$/ }),
  version: z.string(),
  contract: z.number().int(),
  /** Path of the main module it runs; empty where that is not known. */
  main: z.string(),
});
export type Connection = z.infer<typeof Connection>;

const Token = z.string().regex(/^[A-Za-z0-9_-]{43}$/);

/** Kept per store, so that terminals, notebooks and bookmarks go on working after a restart. */
export const Secrets = z.object({
  /** Everything; the editor's and the CLI's. */
  owner: Token,
  /** Terminals and notebooks: log, read, register. */
  tracking: Token,
  /** Proves to our clients that it is this store's daemon which listens. */
  proof: Token,
  /** Where the daemon listens, or will. */
  port: Port,
});
export type Secrets = z.infer<typeof Secrets>;

const connectionFile = (state: string) => path.join(state, 'connection.json');
const secretsFile = (state: string) => path.join(state, 'secrets.json');

/** What a connection file says: the connection, nothing (no daemon has run), or that the file is of no use. */
export type ConnectionReading =
  | { readonly found: 'connection'; readonly connection: Connection }
  | { readonly found: 'nothing' }
  | { readonly found: 'corrupt'; readonly message: string };

/** @param state the store's private folder */
export function readConnection(state: string): ConnectionReading {
  const text = readPrivateFile(connectionFile(state));
  if (text === undefined) return { found: 'nothing' };
  const parsed = parseJson(Connection, text);
  if (parsed) return { found: 'connection', connection: parsed };
  return {
    found: 'corrupt',
    message: `${connectionFile(state)} is damaged and is ignored; a daemon writes a new one when it starts`,
  };
}

export function writeConnection(state: string, connection: Connection): void {
  writePrivateFile(connectionFile(state), `${JSON.stringify(connection)}\n`);
}

export function removeConnection(state: string): void {
  fs.rmSync(connectionFile(state), { force: true });
}

/** The store's secrets, made at the first call. A damaged file is replaced: its tokens were lost anyway. */
export function keptSecrets(state: string): Secrets {
  const file = secretsFile(state);
  const kept = readSecrets(file);
  if (kept) return kept;
  if (fs.existsSync(file)) fs.rmSync(file);
  createPrivateFile(file, JSON.stringify(newSecrets()));
  // Another process may have been first; its file counts.
  const winner = readSecrets(file);
  if (!winner) throw new Error(`${file} cannot be read back; check the disk`);
  return winner;
}

function readSecrets(file: string): Secrets | undefined {
  const text = readPrivateFile(file);
  return text === undefined ? undefined : parseJson(Secrets, text);
}

/** Replaces the kept secrets. Only the daemon, which holds the store's lock, does this. */
export function writeSecrets(state: string, secrets: Secrets): void {
  writePrivateFile(secretsFile(state), JSON.stringify(secrets));
}

/** A new 256-bit token. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

function newSecrets(): Secrets {
  return { owner: newToken(), tracking: newToken(), proof: newToken(), port: randomPort() };
}

/** A port below the ranges that systems hand out to outgoing connections, so that it is free again after a restart. */
export function randomPort(): number {
  return 21_000 + (randomBytes(2).readUInt16BE() % 10_000);
}

/**
 * The daemon's answer to a nonce on `/health`. The port is part of it, so that a program on another port cannot pass
 * the question on to the real daemon.
 */
export function proofOf(key: string, nonce: string, port: number): string {
  return createHmac('sha256', key).update(`${nonce}:${port}`).digest('hex');
}

/** Whether `given` is the right proof, in constant time. */
export function proofHolds(given: string | null, expected: string): boolean {
  const a = Buffer.from(given ?? '');
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Header that carries the proof. */
export const PROOF_HEADER = 'x-modelthat-proof';

function parseJson<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
