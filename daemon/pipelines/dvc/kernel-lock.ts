/** The lock of a file by which processes of DVC keep out of each other's way. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inheritedEnvironment } from '../../processes/environment.ts';

/** How long it is between two attempts, in milliseconds. */
const RETRY_MS = 50;

/** What macOS and Windows open a file with to lock it, by libuv's numbers; Node names none of them. */
const LOCKING: Partial<Record<NodeJS.Platform, number>> = {
  darwin: 0x20 | constants.O_NONBLOCK,
  freebsd: 0x20 | constants.O_NONBLOCK,
  win32: 0x1000_0000,
};

/** Programs that lock a file that is open as their descriptor 3, for whoever else has it open. */
const LOCKERS: readonly (readonly [string, ...string[]])[] = [
  ['flock', '--exclusive', '--nonblock', '3'],
  ['python3', '-c', 'import fcntl; fcntl.flock(3, fcntl.LOCK_EX | fcntl.LOCK_NB)'],
];

/** How a lock is waited for. */
export interface LockWaiting {
  readonly signal?: AbortSignal | undefined;
  /** Told who holds the lock. */
  readonly busy?: (holder: string) => void;
}

/** Something that no attempt can help. */
export class LockError extends Error {
  override readonly name = 'LockError';
}

/**
 * Does work while no process of DVC does its own.
 *
 * @param file made when it is missing
 * @throws LockError where files cannot be locked, and what the signal was aborted with
 */
export async function locked<Result>(
  file: string,
  work: () => Promise<Result>,
  { signal, busy }: LockWaiting = {},
): Promise<Result> {
  mkdirSync(path.dirname(file), { recursive: true });
  let descriptor = await tryLock(file);
  while (descriptor === undefined) {
    busy?.(holderOf(file));
    await sleep(RETRY_MS, undefined, signal && { signal });
    descriptor = await tryLock(file);
  }
  try {
    // As DVC does, for whoever wants to know.
    ftruncateSync(descriptor);
    writeSync(descriptor, ` ${process.pid}\n`, 0);
    return await work();
  } finally {
    // The lock goes with it.
    closeSync(descriptor);
  }
}

/** @returns the descriptor that holds the lock; undefined while another process does */
async function tryLock(file: string): Promise<number | undefined> {
  const locking = LOCKING[process.platform];
  const flags = constants.O_RDWR | constants.O_CREAT;
  if (locking !== undefined) return openLocked(file, flags | locking);
  const descriptor = openSync(file, flags, 0o666);
  let isOurs = false;
  try {
    isOurs = await lockOpen(descriptor);
  } finally {
    if (!isOurs) closeSync(descriptor);
  }
  return isOurs ? descriptor : undefined;
}

function openLocked(file: string, flags: number): number | undefined {
  try {
    return openSync(file, flags, 0o666);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EAGAIN', 'EWOULDBLOCK', 'EBUSY'].includes(code)) return undefined;
    throw error;
  }
}

/** Locks an open file. Node cannot: a program does, and the lock stays with the file as it is open here. */
async function lockOpen(descriptor: number): Promise<boolean> {
  for (const [program, ...args] of LOCKERS) {
    const stdio = ['ignore', 'ignore', 'ignore', descriptor] as const;
    const child = spawn(program, args, { env: inheritedEnvironment(), stdio: [...stdio] });
    try {
      const [code] = (await once(child, 'exit')) as [number | null];
      return code === 0;
    } catch {
      // It is not installed: the next one.
    }
  }
  throw new LockError(
    'DVC’s lock cannot be taken: there is neither flock (of util-linux) nor python3 on the PATH',
  );
}

function holderOf(file: string): string {
  try {
    const pid = readFileSync(file, 'utf8').trim();
    return pid === '' ? 'another process' : `process ${pid}`;
  } catch {
    return 'another process';
  }
}
