/** Ending everything that a process started, also what tried to get away. */
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentHas, listProcesses, type ProcessEntry, type ProcessIdentity } from './table.ts';

/** How long processes that were asked to end may take. */
export const GRACE_MS = 10_000;

const POLL_MS = 50;

/** After SIGKILL a process is gone as soon as the system gets to it; longer means it hangs in the kernel. */
const KILL_LIMIT_MS = 5_000;

/** So long processes may take that end because their first one has. */
const LINGER_MS = 500;

/** What to end: the first process, and the variable that marks everything it started. */
export interface Tree {
  readonly root: ProcessIdentity;
  /** `NAME=value` in the environment of all its processes, and of no others. */
  readonly mark: string;
}

/** How a tree ended. */
export interface TreeEnd {
  /** Processes that were still there when the grace was over, and were ended by SIGKILL. */
  readonly forced: number;
  /** Processes that even SIGKILL did not end. */
  readonly left: number;
}

/**
 * The processes of a table that are a process's own: descendants, members of its session, and what else is marked. A
 * process that merely got the pid of an ended one is never among them.
 */
export function familyOf(
  table: ReadonlyMap<number, ProcessEntry>,
  root: ProcessIdentity,
  isMarked: (pid: number) => boolean = () => false,
): ProcessEntry[] {
  const holder = table.get(root.pid);
  // While a session has members its number is not given out again: a stranger with that pid means there are none.
  const reused = holder !== undefined && holder.startTime !== root.startTime;
  const members = new Map<number, ProcessEntry>();
  for (const entry of table.values()) {
    const ours = !reused && (entry.pid === root.pid || entry.session === root.pid);
    if (ours || isMarked(entry.pid)) members.set(entry.pid, entry);
  }
  for (let grown = true; grown; ) {
    grown = false;
    for (const entry of table.values()) {
      if (members.has(entry.pid) || !members.has(entry.parent)) continue;
      members.set(entry.pid, entry);
      grown = true;
    }
  }
  members.delete(process.pid);
  return [...members.values()];
}

/** The live processes of a tree, those included that left it (double fork, setsid) but still carry the mark. */
async function membersOf({ root, mark }: Tree): Promise<ProcessEntry[]> {
  return familyOf(await listProcesses(), root, pid => environmentHas(pid, mark));
}

/** Whether a process group has members, those that have ended and were not waited for among them. Not on Windows. */
export function groupIsAlive(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * The pids of what a tree has left running, its first process having ended. Helpers that end by themselves once it has,
 * as those of Python's process pools do, are waited for and are not among them.
 */
export async function remainsOf(tree: Tree): Promise<number[]> {
  for (const deadline = Date.now() + LINGER_MS; ; await sleep(POLL_MS)) {
    const members = await membersOf(tree);
    if (members.length === 0 || Date.now() >= deadline) return members.map(({ pid }) => pid);
  }
}

/**
 * Asks all processes of a tree to end (SIGTERM), and ends by SIGKILL what is left after the grace period.
 *
 * @param hurry aborted when the grace is to be cut short
 */
export async function endTree(tree: Tree, hurry: AbortSignal): Promise<TreeEnd> {
  if (!hurry.aborted) {
    const asked = new Set<number>();
    for (const deadline = Date.now() + GRACE_MS; Date.now() < deadline && !hurry.aborted; ) {
      const members = await membersOf(tree);
      if (members.length === 0) return { forced: 0, left: 0 };
      const fresh = members.filter(member => !asked.has(member.pid));
      signalAll(fresh, 'SIGTERM');
      for (const member of fresh) asked.add(member.pid);
      await sleep(POLL_MS);
    }
  }
  const forced = new Set<number>();
  for (const deadline = Date.now() + KILL_LIMIT_MS; Date.now() < deadline; ) {
    const members = await membersOf(tree);
    if (members.length === 0) return { forced: forced.size, left: 0 };
    signalAll(members, 'SIGKILL');
    for (const member of members) forced.add(member.pid);
    await sleep(POLL_MS);
  }
  return { forced: forced.size, left: (await membersOf(tree)).length };
}

function signalAll(members: readonly ProcessEntry[], signal: NodeJS.Signals): void {
  for (const { pid } of members) {
    try {
      // On Windows every signal ends a process at once; there is no asking.
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile, or belongs to another user and is not ours to end.
    }
  }
}
