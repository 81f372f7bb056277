/** DVC's lock by hard links (`core.hardlink_lock`), for file systems on which the kernel's does not work. */
import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LockWaiting } from './kernel-lock.ts';
import { isAlive } from './process-alive.ts';

/** How long it is between two attempts, in milliseconds. */
const RETRY_MS = 50;

/** A lock is held for good, as DVC has it: others break one whose time is over. In seconds. */
const LIFETIME_S = 365 * 24 * 60 * 60;

/** Of a claim of ours; those of DVC's have hashes for names, which do not say whose they are. */
const OWN_CLAIM = /^modelthat-(.+)-(\d+)-[\da-f]+\.lock$/;

/**
 * Does work while no process of DVC does its own. As in flufl.lock, which DVC uses: a claim holds its own path, and the lock
 * is a hard link to it.
 *
 * @param file the lock
 * @param waiting.busy told who holds the lock, while it is waited for
 * @throws what the signal was aborted with, and what keeps files from being linked
 */
export async function lockedByLink<Result>(
  file: string,
  work: () => Promise<Result>,
  { signal, busy }: LockWaiting = {},
): Promise<Result> {
  mkdirSync(path.dirname(file), { recursive: true });
  const claim = path.join(path.dirname(file), ownClaim());
  writeFileSync(claim, claim);
  const expiry = Date.now() / 1000 + LIFETIME_S;
  utimesSync(claim, expiry, expiry);
  try {
    while (!link(claim, file)) {
      if (breakStale(file)) continue;
      busy?.(holderOf(file));
      await sleep(RETRY_MS, undefined, signal && { signal });
    }
    try {
      return await work();
    } finally {
      // Somebody who took it for a stale one may have broken it, and another may hold it by now.
      if (claimIn(file) === claim) rmSync(file, { force: true });
    }
  } finally {
    rmSync(claim, { force: true });
  }
}

function ownClaim(): string {
  return `modelthat-${os.hostname()}-${process.pid}-${randomBytes(4).toString('hex')}.lock`;
}

/** @returns whether the lock was free, and is ours now */
function link(claim: string, file: string): boolean {
  try {
    linkSync(claim, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Frees a lock that a daemon of ours held when it was killed. @returns whether it was one */
function breakStale(file: string): boolean {
  const claim = claimIn(file);
  const [, host, pid] = OWN_CLAIM.exec(path.basename(claim)) ?? [];
  if (host !== os.hostname() || isAlive(Number(pid))) return false;
  rmSync(file, { force: true });
  rmSync(claim, { force: true });
  return true;
}

function holderOf(file: string): string {
  const [, host, pid] = OWN_CLAIM.exec(path.basename(claimIn(file))) ?? [];
  if (pid === undefined) return `another process (if none is, remove ${file})`;
  return host === os.hostname() ? `process ${pid}` : `process ${pid} of ${host}`;
}

/** The claim that a lock is a link to; empty when it is free. */
function claimIn(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
