/** The processes of steps, as Linux lists them: each has the step's mark in its environment. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

const MARK = 'MODELTHAT_STEP=';

/** A process of a step. */
export interface StepProcess {
  readonly pid: number;
  readonly executionId: string;
  readonly step: string;
}

/** Live processes of the steps of these executions, wherever they went. Linux only. */
export function stepProcesses(executionIds: readonly string[]): StepProcess[] {
  return listProcesses(readdirSync('/proc')).filter(({ executionId }) => executionIds.includes(executionId));
}

/**
 * Live processes of steps that work in a folder, or below it: a daemon that is stopped leaves them to the next one, and
 * after a test there is none. Nothing where they cannot be looked for.
 */
export function stepsBelow(folder: string): StepProcess[] {
  if (needsProc() !== undefined) return [];
  const isBelow = (place: string) => place === folder || place.startsWith(`${folder}${path.sep}`);
  return listProcesses(readdirSync('/proc').filter(pid => isBelow(workingFolder(pid))));
}

function workingFolder(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}

function listProcesses(names: readonly string[]): StepProcess[] {
  return names.flatMap(name => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // A zombie's environment is empty: it is none of them.
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      const mark = environment.find(each => each.startsWith(MARK));
      if (mark === undefined) return [];
      const [executionId = '', step = ''] = mark.slice(MARK.length).split('/');
      return [{ pid: Number(name), executionId, step }];
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
