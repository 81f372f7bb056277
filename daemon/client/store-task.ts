/** Tasks of a store as clients see them: asked of its daemon, or of a program of their own while there is none. */
import { fork } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import type { AuditVerification } from '../contract/audit.ts';
import { ApiError } from '../contract/errors.ts';
import {
  cancelStoreTask,
  getStoreTask,
  type OfflineMessage,
  type PythonFound,
  type StoreResult,
  type StoreTask,
  startStoreTask,
} from '../contract/housekeeping.ts';
import type { DaemonClient } from './client.ts';
import { daemonEnvironment, type Program } from './spawn.ts';
import type { Progress } from './start.ts';

const POLL_MS = 100;

/** A result by its kind. */
export type ResultOf<Kind extends StoreResult['kind']> = Extract<StoreResult, { kind: Kind }>;

/**
 * Has the daemon do a task, and waits for it.
 *
 * @param signal ends it early
 * @throws ApiError as the task ended
 */
export async function runStoreTask<Kind extends StoreTask['kind']>(
  client: DaemonClient,
  task: { readonly kind: Kind } & Omit<Extract<StoreTask, { kind: Kind }>, 'kind'>,
  progress: Progress,
  signal?: AbortSignal,
): Promise<ResultOf<Kind>> {
  let state = await client.call(startStoreTask, { body: task as StoreTask });
  const params = { taskId: state.id };
  const cancel = () => void client.call(cancelStoreTask, { params }).catch(() => {});
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    let told = '';
    while (!state.result && !state.error) {
      await pause(POLL_MS);
      state = await client.call(getStoreTask, { params });
      if (state.progress !== told) progress(state.progress);
      told = state.progress;
    }
  } finally {
    signal?.removeEventListener('abort', cancel);
  }
  if (state.error) throw ApiError.fromBody(state.error);
  return state.result as ResultOf<Kind>;
}

/** What can be done while no daemon serves a store. */
export type OfflineTask =
  /** Reads the database alone. */
  | { readonly kind: 'check'; readonly store: string }
  | { readonly kind: 'verify'; readonly store: string }
  /** Checks the audit log alone. */
  | { readonly kind: 'audit'; readonly store: string }
  | { readonly kind: 'restore'; readonly store: string; readonly backup: string; readonly force: boolean }
  /** Looks for Python where pipelines of a workspace look for it. */
  | { readonly kind: 'python'; readonly workspace: string };

/** What each of them comes to. */
interface OfflineResults {
  readonly check: ResultOf<'verify'>;
  readonly verify: ResultOf<'verify'>;
  readonly audit: AuditVerification;
  readonly restore: ResultOf<'restore'>;
  readonly python: PythonFound;
}

/**
 * Does a task in a process of its own. What concerns a store fails while a daemon serves it.
 *
 * @param program the one that works offline
 * @throws ApiError as the task ended
 */
export function runOffline<Task extends OfflineTask>(
  program: Program,
  task: Task,
  progress: Progress = () => {},
): Promise<OfflineResults[Task['kind']]> {
  const child = fork(program.main, toArguments(task), {
    execPath: program.node ?? process.execPath,
    execArgv: [],
    env: daemonEnvironment(),
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    child.on('message', (message: OfflineMessage) => {
      if ('progress' in message) progress(message.progress);
      else if ('result' in message) resolve(message.result as OfflineResults[Task['kind']]);
      else reject(ApiError.fromBody(message.error));
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`${program.main} ended before it was done`)));
  });
}

function toArguments({ kind, ...options }: OfflineTask): string[] {
  const named = Object.entries(options).flatMap(([name, value]: [string, string | boolean]) => {
    if (typeof value === 'string') return [`--${name}`, value];
    return value ? [`--${name}`] : [];
  });
  return [kind, ...named];
}
