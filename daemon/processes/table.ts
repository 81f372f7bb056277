/** The machine's processes, so that one can be told from another that got its number later. */
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** A process beyond doubt: its number alone may be used again. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, as the system writes it: clock ticks since boot on Linux. */
  readonly startTime: string;
  /** Linux's boot id; empty where start times are absolute. */
  readonly bootId: string;
}

/** One line of the process table. A zombie has ended and is not listed. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Session on Linux, process group elsewhere; 0 where there is neither. */
  readonly session: number;
  readonly startTime: string;
}

const run = promisify(execFile);

/** @returns the live processes by pid */
export async function listProcesses(): Promise<Map<number, ProcessEntry>> {
  const entries =
    process.platform === 'linux'
      ? listLinux()
      : process.platform === 'win32'
        ? await listWindows()
        : await listUnix();
  return new Map(entries.map(entry => [entry.pid, entry]));
}

/** @returns the identity of a live process; undefined when it has ended */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const entry = process.platform === 'linux' ? readLinux(pid) : (await listProcesses()).get(pid);
  return entry && { pid, startTime: entry.startTime, bootId: bootId() };
}

/** Whether exactly this process still runs. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  if (identity.bootId !== bootId()) return false;
  return (await identify(identity.pid))?.startTime === identity.startTime;
}

/** The running boot of the machine, where start times count from it. */
export function bootId(): string {
  return process.platform === 'linux' ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() : '';
}

/** One variable of the environment that a process was started with; undefined when it cannot be read. Linux only. */
export function environmentHas(pid: number, assignment: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0').includes(assignment);
  } catch {
    return false;
  }
}

/**
 * Reads a line of `/proc/<pid>/stat`. The name in parentheses may itself hold parentheses and spaces, so fields are
 * counted from the last one on.
 */
export function parseStat(stat: string): ProcessEntry | undefined {
  const [state, parent, , session, ...rest] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .trim()
    .split(' ');
  const startTime = rest[15];
  if (startTime === undefined || state === 'Z' || state === 'X') return undefined;
  return { pid: Number.parseInt(stat, 10), parent: Number(parent), session: Number(session), startTime };
}

function readLinux(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

function listLinux(): ProcessEntry[] {
  return readdirSync('/proc').flatMap(name => (/^\d+$/.test(name) ? (readLinux(Number(name)) ?? []) : []));
}

async function listUnix(): Promise<ProcessEntry[]> {
  const { stdout } = await run('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], { env: { LC_ALL: 'C' } });
  return stdout.split('\n').flatMap(line => {
    const [, pid, parent, group, state = '', startTime = ''] =
      /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (pid === undefined || state.startsWith('Z')) return [];
    return [{ pid: Number(pid), parent: Number(parent), session: Number(group), startTime }];
  });
}

async function listWindows(): Promise<ProcessEntry[]> {
  const query =
    'Get-CimInstance Win32_Process | ForEach-Object { "$($_.ProcessId) $($_.ParentProcessId) $($_.CreationDate.Ticks)" }';
  const { stdout } = await run('powershell.exe', ['-NoProfile', '-NonInteractive', '-Command', query]);
  return stdout.split('\n').flatMap(line => {
    const [pid, parent, startTime] = line.trim().split(' ');
    return startTime ? [{ pid: Number(pid), parent: Number(parent), session: 0, startTime }] : [];
  });
}
