/** What a server has on disk. */
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

interface Store {
  readonly databaseFile: string;
}

/** How long files must stay as they are to count as settled, and how long that is waited for. */
const QUIET_MS = 3_000;
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 250;

/** Bytes of the database and of what is still in its log. */
export function storeSize(store: Store): number {
  return filesOf(store).reduce((sum, file) => sum + file.size, 0);
}

/** Waits until a server has put away what was logged: the daemon seals metric points when it has nothing else to do. */
export async function settled(store: Store, signal: AbortSignal): Promise<void> {
  const now = () =>
    filesOf(store)
      .map(({ size, mtimeMs }) => `${size} ${mtimeMs}`)
      .join();
  let last = now();
  let since = Date.now();
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < Math.min(deadline, since + QUIET_MS); ) {
    await pause(LOOK_EVERY_MS, undefined, { signal });
    const state = now();
    if (state !== last) since = Date.now();
    last = state;
  }
}

function filesOf({ databaseFile }: Store): fs.Stats[] {
  return [databaseFile, `${databaseFile}-wal`].flatMap(
    file => fs.statSync(file, { throwIfNoEntry: false }) ?? [],
  );
}
