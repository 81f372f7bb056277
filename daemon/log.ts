/** The daemon's log: JSON lines in the store's private folder, rotated by size. Nothing secret goes in. */
import fs from 'node:fs';
import { type Logger, pino } from 'pino';
import { logFile } from './client/state.ts';

export type { Logger } from 'pino';

const ROTATE_AT_BYTES = 5 * 1024 * 1024;
const KEPT_FILES = 3;

/** Opens the log. @param state the store's private folder */
export function openLog(state: string): Logger {
  const file = logFile(state);
  if (sizeOf(file) > ROTATE_AT_BYTES) rotate(file);
  const destination = pino.destination({ dest: file, mode: 0o600, sync: true });
  let size = sizeOf(file);
  destination.on('write', (written: number) => {
    size += written;
    if (size <= ROTATE_AT_BYTES) return;
    size = 0;
    rotate(file);
    destination.reopen();
  });
  return pino(
    {
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['headers.authorization', 'token', 'owner', 'tracking', '*.authorization', '*.token'],
    },
    destination,
  );
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** `daemon.log` → `daemon.log.1` → `daemon.log.2` …; the oldest goes. */
function rotate(file: string): void {
  for (let n = KEPT_FILES - 1; n >= 1; n -= 1) {
    const older = `${file}.${n}`;
    if (fs.existsSync(older)) fs.renameSync(older, `${file}.${n + 1}`);
  }
  if (fs.existsSync(file)) fs.renameSync(file, `${file}.1`);
  fs.rmSync(`${file}.${KEPT_FILES + 1}`, { force: true });
}
