/** The processes of steps, as Linux lists them: each has the step's mark in its environment. */
import { readdirSync, readFileSync } from 'node:fs';

const MARK = 'MODELTHAT_STEP=';

/** A process of a step. */
export interface StepProcess {
  readonly pid: number;
  readonly executionId: string;
  readonly step: string;
}

/** Live processes of the steps of these executions, wherever they went. Linux only. */
export function stepProcesses(executionIds: readonly string[]): StepProcess[] {
  return readdirSync('/proc').flatMap(name => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // A zombie's environment is empty: it is none of them.
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      const [executionId = '', step = ''] =
        environment
          .find(each => each.startsWith(MARK))
          ?.slice(MARK.length)
          .split('/') ?? [];
      return executionIds.includes(executionId) ? [{ pid: Number(name), executionId, step }] : [];
    } catch {
      return [];
    }
  });
}

/** Ends them at once. @returns the names of their steps */
export function killSteps(processes: readonly StepProcess[]): string[] {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
  return [...new Set(processes.map(({ step }) => step))];
}

/** Why processes cannot be looked for here. */
export function needsProc(): string | undefined {
  return process.platform === 'linux' ? undefined : 'it finds the processes of steps in /proc';
}
