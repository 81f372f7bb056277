/** What running processes take of the machine. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { listProcesses, type ProcessEntry, type ProcessIdentity } from './table.ts';
import { familyOf } from './tree.ts';

/** What a process and all that it started take. */
export interface Usage {
  /** CPU time until now, that of processes that have ended included, in seconds. */
  readonly cpuSeconds: number;
  /** Resident memory, in bytes. What processes share counts for each. */
  readonly memory: number;
  readonly pids: readonly number[];
}

/** Clock ticks a second in `/proc`, on all architectures that Node runs on. */
const TICKS = 100;
const KIB = 1024;

/** Whoever asks within this time is told of the same table: many steps are measured at once. In milliseconds. */
const SAME_TABLE_MS = 200;

const run = promisify(execFile);

let newest = { at: -Infinity, table: listNothing() };

/** @returns undefined when it has ended, or where processes cannot be measured (Windows: asking takes a second) */
export async function usageOf(root: ProcessIdentity): Promise<Usage | undefined> {
  if (process.platform === 'win32') return undefined;
  let members = familyOf(await tableWithin(SAME_TABLE_MS), root);
  // It may have begun after that table was read.
  if (members.length === 0) members = familyOf(await tableWithin(0), root);
  const used = process.platform === 'linux' ? members.flatMap(readLinux) : await readUnix(members);
  if (used.length === 0) return undefined;
  return {
    cpuSeconds: used.reduce((sum, each) => sum + each.cpuSeconds, 0),
    memory: used.reduce((sum, each) => sum + each.memory, 0),
    pids: members.map(({ pid }) => pid),
  };
}

/** @param age how old it may be, in milliseconds */
function tableWithin(age: number): Promise<Map<number, ProcessEntry>> {
  const now = performance.now();
  if (now - newest.at > age) newest = { at: now, table: listProcesses() };
  return newest.table;
}

async function listNothing(): Promise<Map<number, ProcessEntry>> {
  return new Map();
}

type Used = Pick<Usage, 'cpuSeconds' | 'memory'>;

function readLinux({ pid }: ProcessEntry): Used[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const resident = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return [{ cpuSeconds: cpuTicks(stat) / TICKS, memory: Number(resident ?? 0) * KIB }];
  } catch {
    return []; // It has ended meanwhile.
  }
}

/** Own time and that of children that were waited for, in user mode and in the kernel's. */
function cpuTicks(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0);
}

async function readUnix(members: readonly ProcessEntry[]): Promise<Used[]> {
  if (members.length === 0) return [];
  const pids = members.map(({ pid }) => pid).join(',');
  // It ends with 1 when one of them is gone, having told of the others.
  const { stdout } = await run('ps', ['-o', 'rss=,time=', '-p', pids], { env: { LC_ALL: 'C' } }).catch(
    (error: { stdout?: string }) => ({ stdout: error.stdout ?? '' }),
  );
  return stdout.split('\n').flatMap(line => {
    const [resident, time] = line.trim().split(/\s+/);
    return time === undefined ? [] : [{ cpuSeconds: readTime(time), memory: Number(resident) * KIB }];
  });
}

/** `[[days-]hours:]minutes:seconds`, in seconds. */
function readTime(text: string): number {
  const [clock = '', days = '0'] = text.split('-').toReversed();
  return clock.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) + Number(days) * 86_400;
}
