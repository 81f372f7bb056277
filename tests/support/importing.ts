/** Imports, as a client of the native API asks for them. */
import { setTimeout as pause } from 'node:timers/promises';
import type * as z from 'zod';
import { getImport, type Import, startImport } from '../../daemon/contract/imports.ts';
import type { TestDaemon } from './daemon.ts';

const POLL_MS = 20;

/** Imports a store and waits for the end. */
export async function importStore(
  daemon: TestDaemon,
  path: string,
  options: Omit<z.input<typeof startImport.body & object>, 'path'> = {},
): Promise<Import> {
  const started = await daemon.client.call(startImport, { body: { path, ...options } });
  return importEnd(daemon, started.id);
}

/** An import, once it has ended. */
export async function importEnd(daemon: TestDaemon, importId: string): Promise<Import> {
  for (;;) {
    const now = await daemon.client.call(getImport, { params: { importId } });
    if (now.state !== 'running') return now;
    await pause(POLL_MS);
  }
}
