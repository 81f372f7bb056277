/** Pipelines run by a real daemon, in tests. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENTS_PATH } from '../../daemon/contract/events.ts';
import { type Execution, getExecution, getStepLog, startExecution } from '../../daemon/contract/pipelines.ts';
import type { TestDaemon } from './daemon.ts';

/** Writes a file of the workspace, folders included. @returns its absolute path */
export function write(daemon: Pick<TestDaemon, 'place'>, name: string, ...lines: string[]): string {
  const file = path.join(daemon.place.workspace, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

/** Writes `modelthat.yaml` with these lines and starts it. */
export function start(
  daemon: TestDaemon,
  lines: readonly string[],
  more: { set?: Record<string, string>; only?: string[]; from?: string[]; force?: boolean } = {},
): Promise<Execution> {
  const file = write(daemon, 'modelthat.yaml', ...lines);
  return daemon.client.call(startExecution, { body: { file, ...more } });
}

export function get(daemon: Pick<TestDaemon, 'client'>, executionId: string): Promise<Execution> {
  return daemon.client.call(getExecution, { params: { executionId } });
}

/** Shorter than the time of a test, so that it fails with what it waited for. */
export const PATIENCE_MS = 50_000;

/** Waits until an execution is as described. */
export async function until(
  daemon: Pick<TestDaemon, 'client'>,
  executionId: string,
  reached: (execution: Execution) => boolean,
  patience = PATIENCE_MS,
): Promise<Execution> {
  const giveUp = Date.now() + patience;
  for (;;) {
    const execution = await get(daemon, executionId);
    if (reached(execution)) return execution;
    if (execution.exitCode !== null) throw new Error(`it ended first: ${JSON.stringify(execution, null, 2)}`);
    if (Date.now() > giveUp) throw new Error(`it stays as it is: ${JSON.stringify(execution, null, 2)}`);
    await sleep(20);
  }
}

/** Waits until an execution has ended. */
export function ended(
  daemon: Pick<TestDaemon, 'client'>,
  executionId: string,
  patience?: number,
): Promise<Execution> {
  return until(daemon, executionId, execution => execution.exitCode !== null, patience);
}

/** Runs a pipeline to its end. */
export async function run(
  daemon: TestDaemon,
  lines: readonly string[],
  more: { set?: Record<string, string>; only?: string[]; from?: string[]; force?: boolean } = {},
): Promise<Execution> {
  return ended(daemon, (await start(daemon, lines, more)).id);
}

export function statuses(execution: Execution): Record<string, string> {
  return Object.fromEntries(execution.steps.map(step => [step.name, step.status]));
}

export function step(execution: Execution, name: string): Execution['steps'][number] {
  const found = execution.steps.find(candidate => candidate.name === name);
  if (!found) throw new Error(`no step ${name}`);
  return found;
}

export async function log(daemon: TestDaemon, executionId: string, name: string): Promise<string> {
  const params = { executionId, step: name };
  return (await daemon.client.call(getStepLog, { params, query: {} })).text;
}

/** The daemon's event stream, as it comes. */
export interface Listening {
  /** Waits until an event came whose JSON has this in it. */
  tells(text: string): Promise<void>;
  stop(): void;
}

/** Listens to the daemon's event stream. */
export async function listen(daemon: TestDaemon): Promise<Listening> {
  const controller = new AbortController();
  const response = await daemon.client.fetch(EVENTS_PATH, { signal: controller.signal });
  let seen = '';
  void (async () => {
    for await (const chunk of response.body ?? []) seen += Buffer.from(chunk).toString();
  })().catch(() => {});
  return {
    async tells(text) {
      const giveUp = Date.now() + PATIENCE_MS;
      while (!seen.includes(text)) {
        if (Date.now() > giveUp) throw new Error(`“${text}” did not come, but ${seen}`);
        await sleep(20);
      }
    },
    stop: () => controller.abort(),
  };
}
