/** A database in a temporary folder, and a tracking service on it. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ChangeEvent } from '../../daemon/contract/events.ts';
import { type Database, openDatabase } from '../../daemon/database/database.ts';
import { EventBus } from '../../daemon/events/bus.ts';
import { TrackingService } from '../../daemon/tracking/service.ts';

/** A folder that is removed by `remove`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'modelthat-')));
  return { path: folder, remove: () => fs.rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

/** Tracking without a daemon around it. */
export interface TestTracking {
  readonly file: string;
  readonly database: Database;
  readonly tracking: TrackingService;
  /** Every event so far. */
  readonly events: readonly ChangeEvent[];
  close(): Promise<void>;
}

export async function openTracking(): Promise<TestTracking> {
  const folder = temporaryFolder();
  const file = path.join(folder.path, 'modelthat.db');
  const database = await openDatabase(file, error => {
    throw error;
  });
  database.startReaders();
  const bus = new EventBus();
  const events: ChangeEvent[] = [];
  bus.subscribe(event => events.push(event));
  return {
    file,
    database,
    tracking: new TrackingService(database, bus),
    events,
    close: async () => {
      await database.close();
      folder.remove();
    },
  };
}
