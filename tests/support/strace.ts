/** What processes ask of the kernel, seen with strace. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';

/** Calls that make a process, or another program of one. */
const STARTING = 'execve,clone,clone3,fork,vfork';

/** Why processes cannot be traced here; undefined when they can. */
export function straceObstacle(): string | undefined {
  if (process.platform !== 'linux') return 'strace is there on Linux alone';
  return spawnSync('strace', ['-V']).error ? 'strace is not installed' : undefined;
}

/** A program that was started. */
export interface StartedProgram {
  /** Path of its file. */
  readonly program: string;
  /** Its arguments as strace prints them. */
  readonly args: string;
  readonly pid: number;
  /** The process that it was started from, the one before that, and so on. */
  readonly ancestors: readonly number[];
}

/** Follows a running process and all that it will start. @returns a way to end that, with what was started */
export async function traceStarts(pid: number, file: string): Promise<() => Promise<StartedProgram[]>> {
  const args = ['-f', '-s', '400', '-o', file, '-e', `trace=${STARTING}`, '-p', String(pid)];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(strace, 'close');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on('data', chunk => {
      said += chunk;
      if (/attached/.test(said)) resolve();
    });
    strace.once('exit', () => reject(new Error(`strace cannot follow process ${pid}: ${said}`)));
  });
  return async () => {
    strace.kill('SIGINT');
    await ended;
    return startedPrograms(fs.readFileSync(file, 'utf8'));
  };
}

function startedPrograms(trace: string): StartedProgram[] {
  const parents = new Map<number, number>();
  const programs: StartedProgram[] = [];
  for (const line of trace.split('\n')) {
    const [, parent, child] = /^(\d+) .*?(?:clone3?|v?fork)\b.* = (\d+)$/.exec(line) ?? [];
    if (child) parents.set(Number(child), Number(parent));
    // Also one that failed, or whose end is on another line: it was tried.
    const [, pid, program = '', args = ''] = /^(\d+) +execve\("([^"]*)", (\[.*?\](?=, )|.*)/.exec(line) ?? [];
    if (pid) programs.push({ program, args, pid: Number(pid), ancestors: [] });
  }
  return programs.map(started => ({ ...started, ancestors: ancestorsOf(started.pid, parents) }));
}

function ancestorsOf(pid: number, parents: ReadonlyMap<number, number>): number[] {
  const ancestors: number[] = [];
  for (let parent = parents.get(pid); parent !== undefined; parent = parents.get(parent))
    ancestors.push(parent);
  return ancestors;
}
