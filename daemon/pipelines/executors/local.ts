import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import {
  bootId,
  environmentHas,
  identify,
  isAlive,
  listProcesses,
  type ProcessIdentity,
  parseStat,
} from '../../processes/table.ts';
import { endTree, GRACE_MS, groupIsAlive, remainsOf, type Tree } from '../../processes/tree.ts';
import type { ExecutionFiles, StepFiles } from '../files.ts';
import type { Executor, Job, JobEnd, JobHandle, JobUsage } from './executor.ts';
import { LocalMeter } from './local-meter.ts';

const POLL_MS = 100;

/**
 * Runs `<status file> <identity file> (<count> <words>…)…`: writes who it is, runs each command until one fails, and
 * writes the exit code and the CPU times. Only indices are ever evaluated, never a word. Being asked to end, it waits for
 * the command that runs and starts no further one.
 */
const WRAPPER = `
status=$1 identity=$2; shift 2
if [ -r /proc/$$/stat ]; then
  read -r stat < /proc/$$/stat; read -r boot < /proc/sys/kernel/random/boot_id
  printf '%s\\n%s\\n' "$stat" "$boot" > "$identity"
fi
code=0 asked=
trap 'asked=1' TERM INT HUP
while [ $# -gt 0 ] && [ $code -eq 0 ] && [ -z "$asked" ]; do
  count=$1 words= index=1; shift
  while [ $index -le $count ]; do words="$words \\"\\\${$index}\\""; index=$((index + 1)); done
  eval "$words"; code=$?
  shift "$count"
done
printf '%s\\n' "$code" > "$status.new" && { times >> "$status.new" 2> /dev/null; mv "$status.new" "$status"; }
`;

/** The same for Windows, which has no `sh`, in what every daemon has: Node. */
const NODE_WRAPPER = `
const [status, commands] = process.argv.slice(1);
delete process.env.ELECTRON_RUN_AS_NODE;
let code = 0;
for (const [program, ...args] of JSON.parse(commands)) {
  // What a shell of DVC's is to read, it reads as it is.
  const windowsVerbatimArguments = args.slice(0, 3).join(' ') === '/d /s /c';
  const options = { stdio: 'inherit', windowsHide: true, windowsVerbatimArguments };
  const { status, error } = require('node:child_process').spawnSync(program, args, options);
  if (error) console.error(error.message);
  code = error ? 127 : (status ?? 1);
  if (code !== 0) break;
}
const { writeFileSync, renameSync } = require('node:fs');
writeFileSync(status + '.new', String(code));
renameSync(status + '.new', status);
`;

/** Name of the variable that marks every process of a step. */
const STEP_MARK = 'MODELTHAT_STEP';

const Identity = z.object({ pid: z.number(), startTime: z.string(), bootId: z.string() });

/** After a job that took less than this, in milliseconds, what left its process group is not looked for among all processes. */
const BRIEF_MS = 1_000;

/** Runs steps as processes of this machine, each in a session of its own. */
export class LocalExecutor implements Executor {
  readonly capacity = availableParallelism();
  readonly #files: ExecutionFiles;
  readonly #children = new Map<number, ChildProcess>();
  readonly #meter = new LocalMeter();

  constructor(files: ExecutionFiles) {
    this.#files = files;
  }

  async submit(job: Job): Promise<JobHandle> {
    const files = this.#files.ofStep(job.executionId, job.step);
    this.discard(job.executionId, job.step);
    const output = openSync(files.log, 'a', 0o600);
    try {
      const child = startWrapper(job, files, output);
      await once(child, 'spawn');
      child.unref();
      const pid = child.pid ?? 0;
      this.#children.set(pid, child);
      child.once('exit', () => this.#children.delete(pid));
      // A wrapper that has ended before it could be looked at is known by the exit event and its status file.
      return { ...((await identify(pid)) ?? { pid, startTime: '', bootId: bootId() }) };
    } finally {
      closeSync(output);
    }
  }

  discard(executionId: string, step: string): void {
    const { status, identity } = this.#files.ofStep(executionId, step);
    for (const file of [status, identity]) rmSync(file, { force: true });
  }

  async recover(executionId: string, step: string): Promise<JobHandle | undefined> {
    const text = readIfThere(this.#files.ofStep(executionId, step).identity);
    const [stat = '', boot = ''] = text?.split('\n') ?? [];
    const entry = parseStat(stat);
    if (entry) return { pid: entry.pid, startTime: entry.startTime, bootId: boot };
    // The earlier daemon went down between starting the wrapper and the wrapper's first line.
    const leader = [...(await listProcesses()).values()].find(
      ({ pid, session }) => pid === session && environmentHas(pid, markOf(executionId, step)),
    );
    return leader && { pid: leader.pid, startTime: leader.startTime, bootId: bootId() };
  }

  async isRunning(handle: JobHandle): Promise<boolean> {
    const identity = identityOf(handle);
    return this.#children.has(identity.pid) || (await isAlive(identity));
  }

  async watch(executionId: string, step: string, handle: JobHandle): Promise<JobEnd> {
    const identity = identityOf(handle);
    const child = this.#children.get(identity.pid);
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    else while (await isAlive(identity)) await sleep(POLL_MS);
    return this.#end(executionId, step, child);
  }

  usage(handle: JobHandle): Promise<JobUsage | undefined> {
    return this.#meter.measure(identityOf(handle));
  }

  /** Its jobs write to the workspace itself. */
  async fetch(): Promise<void> {}

  async remains(executionId: string, step: string, handle: JobHandle, ranFor: number): Promise<string> {
    // Windows keeps no sessions, and listing its processes takes a second.
    if (process.platform === 'win32') return '';
    const root = identityOf(handle);
    // What it left before the machine was started anew is gone.
    if (root.bootId !== bootId()) return '';
    if (ranFor < BRIEF_MS && !groupIsAlive(root.pid)) return '';
    // A table of processes that cannot be read is no reason to say anything of a job that ended well.
    const left = await remainsOf({ root, mark: markOf(executionId, step) }).catch(() => []);
    if (left.length === 0) return '';
    const what =
      left.length === 1 ? '1 process that it started runs' : `${left.length} processes that it started run`;
    return `${what} on (pid ${left.join(', ')})`;
  }

  async cancel(executionId: string, step: string, handle: JobHandle, hurry: AbortSignal): Promise<string> {
    const tree: Tree = { root: identityOf(handle), mark: markOf(executionId, step) };
    const { forced, left } = await endTree(tree, hurry);
    if (left > 0) return `${left} of its processes did not end even by SIGKILL`;
    if (forced === 0) return 'ended after SIGTERM';
    const why = hurry.aborted ? 'at once' : `${GRACE_MS / 1000} s after SIGTERM`;
    return `ended by force (SIGKILL) ${why}`;
  }

  #end(executionId: string, step: string, child: ChildProcess | undefined): JobEnd {
    const { status } = this.#files.ofStep(executionId, step);
    const text = readIfThere(status);
    if (text !== undefined) {
      const [code, ...times] = text.trim().split('\n');
      const exitCode = Number(code);
      const at = Math.round(statSync(status).mtimeMs);
      return { exitCode, at, message: describeExit(exitCode), cpuSeconds: sumOfTimes(times) };
    }
    const signal = child?.signalCode;
    const message = signal
      ? `its process was ended by ${signal}`
      : 'its process ended without recording its exit code (it was ended by force, or the machine went down)';
    return { exitCode: null, at: Date.now(), message, cpuSeconds: null };
  }
}

function identityOf(handle: JobHandle): ProcessIdentity {
  return Identity.parse(handle);
}

/** Adds up what `times` of a shell says: two lines of `0m1.230s 0m0.450s`, with the decimal sign of the language. */
function sumOfTimes(lines: readonly string[]): number | null {
  const times = lines.flatMap(line => [...line.matchAll(/(\d+)m([\d.,]+)s/g)]);
  if (times.length === 0) return null;
  return times.reduce(
    (sum, [, minutes, seconds = '']) => sum + Number(minutes) * 60 + Number(seconds.replace(',', '.')),
    0,
  );
}

/** What the environment of all processes of a step holds, and of no others. */
function markOf(executionId: string, step: string): string {
  return `${STEP_MARK}=${executionId}/${step}`;
}

function startWrapper(job: Job, files: StepFiles, output: number): ChildProcess {
  const options: SpawnOptions = {
    cwd: job.cwd,
    env: { ...job.env, [STEP_MARK]: `${job.executionId}/${job.step}` },
    detached: true,
    windowsHide: true,
    stdio: ['ignore', output, output],
  };
  if (process.platform === 'win32') {
    const args = ['-e', NODE_WRAPPER, files.status, JSON.stringify(job.commands)];
    return spawn(process.execPath, args, { ...options, env: { ...options.env, ELECTRON_RUN_AS_NODE: '1' } });
  }
  const words = job.commands.flatMap(command => [String(command.length), ...command]);
  return spawn('/bin/sh', ['-c', WRAPPER, 'sh', files.status, files.identity, ...words], options);
}

/** What a person is told of an exit code; the shell's conventions for 126 and up. */
function describeExit(exitCode: number): string {
  if (exitCode === 0) return '';
  if (exitCode === 127) return 'exit code 127: the program was not found; see the log';
  if (exitCode === 126) return 'exit code 126: the program cannot be executed; see the log';
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  return signal ? `its process was ended by ${signal}` : `exit code ${exitCode}`;
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
