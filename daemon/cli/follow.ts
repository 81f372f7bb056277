/** Watching an execution to its end, and asking it to end by Ctrl-C. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { formatProgress } from '../contract/display.ts';
import { ApiError } from '../contract/errors.ts';
import { cancelExecution, type Execution, getExecution, type StepExecution } from '../contract/pipelines.ts';
import type { Context } from './context.ts';
import { formatDuration, formatNumber, say, style } from './output.ts';

/** Elapsed times and metrics move all the time: there is nothing to gain from waiting for events. */
const LOOK_EVERY_MS = 250;

/** Shows an execution again and again. */
interface Display {
  show(execution: Execution): void;
  /** Says a line that stays. */
  note(line: string): void;
  /** Leaves the terminal as it is now. */
  end(): void;
}

/**
 * Shows an execution until it has ended. The first Ctrl-C cancels it, the second ends it by force. When the daemon goes
 * down, another is started, which takes the execution over.
 *
 * @returns the execution as it ended
 */
export async function follow(context: Context, executionId: string): Promise<Execution> {
  const display = context.json ? quiet() : isTerminal() ? liveTable() : plainLines();
  const stopListening = cancelOnSignals(context, executionId, display);
  let client = await context.client();
  try {
    for (;;) {
      try {
        const execution = await client.call(getExecution, { params: { executionId } });
        display.show(execution);
        if (execution.exitCode !== null) return execution;
      } catch (error) {
        if (!isGone(error)) throw error;
        display.note('The daemon is gone; another one takes over.');
        client = await context.client();
      }
      await sleep(LOOK_EVERY_MS);
    }
  } finally {
    display.end();
    stopListening();
  }
}

/** @returns a function that ends the listening */
function cancelOnSignals(context: Context, executionId: string, display: Display): () => void {
  let asked = 0;
  const cancel = async () => {
    asked += 1;
    display.note(asked === 1 ? 'Cancelling; Ctrl-C again ends it by force.' : 'Ending it by force.');
    try {
      const client = await context.client();
      await client.call(cancelExecution, { params: { executionId }, body: { force: asked > 1 } });
    } catch (error) {
      display.note(`It could not be cancelled: ${(error as Error).message}`);
    }
  };
  const listener = () => void cancel();
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, listener);
  return () => {
    for (const signal of signals) process.off(signal, listener);
  };
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'TEMPORARILY_UNAVAILABLE';
}

/** Whether progress can be drawn over and over in the same place. */
function isTerminal(): boolean {
  return process.stderr.isTTY === true && process.stderr.rows > 0 && !process.env.NO_COLOR && !process.env.CI;
}

function quiet(): Display {
  return { show: () => {}, note: say, end: () => {} };
}

const SPINNER = '⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏';

const MARKS: Readonly<Record<StepExecution['status'], string>> = {
  pending: style('dim', '·'),
  preparing: style('cyan', '…'),
  running: '',
  waiting: style('yellow', '?'),
  succeeded: style('green', '✔'),
  failed: style('red', '✘'),
  skipped: style('dim', '-'),
  cancelled: style('yellow', '■'),
  rejected: style('red', '✘'),
};

function liveTable(): Display {
  const update = createLogUpdate(process.stderr);
  return {
    show(execution) {
      const width = Math.max(...execution.steps.map(step => step.name.length));
      const frame = SPINNER[Math.floor(Date.now() / LOOK_EVERY_MS) % SPINNER.length] ?? '';
      const rows = execution.steps.map(step => {
        const mark = step.status === 'running' ? style('cyan', frame) : MARKS[step.status];
        return `  ${mark} ${step.name.padEnd(width)}  ${describe(step)}`.trimEnd();
      });
      const title = `${style('bold', execution.pipeline)}  ${execution.status}  ${elapsed(execution)}`;
      const message = execution.message === '' ? [] : [`  ${style('dim', execution.message)}`];
      const lines = [`${title}  ${style('dim', execution.id)}`, ...message, ...rows];
      update(lines.map(line => line.split('\n', 1)[0]).join('\n'));
    },
    note: line => update.persist(line),
    end: () => update.done(),
  };
}

const LINE_LENGTH = 120;

/** How often a line tells of an installer, which prints at every look, or nothing for a minute. */
const TELL_INSTALLER_EVERY_MS = 5_000;

/** Number of the stretch of time that an execution is in; each gets a line. */
function stretchOf({ startTime }: Execution): number {
  return Math.floor((Date.now() - startTime) / TELL_INSTALLER_EVERY_MS);
}

/** A line for each change: for logs, and for people who want no colours. */
function plainLines(): Display {
  const told = new Map<string, string>();
  const tell = (key: string, state: string, line: string) => {
    if (told.get(key) === state) return;
    told.set(key, state);
    say(line);
  };
  return {
    show(execution) {
      const { status, message } = execution;
      const line = [`${execution.pipeline} ${status}`, message].filter(Boolean).join(': ');
      if (status === 'preparing')
        tell('', `${status} ${stretchOf(execution)}`, `${shorten(line)}  ${elapsed(execution)}`.trimEnd());
      else if (execution.exitCode === null) tell('', line, line);
      for (const step of execution.steps) {
        if (step.status !== 'pending')
          tell(
            step.name,
            `${step.status} ${step.attempt}`,
            [step.name, wordOf(step), describe(step)].filter(Boolean).join(' ').trimEnd(),
          );
      }
    },
    note: say,
    end: () => {},
  };
}

/** What installers print may be longer than anyone wants to read. */
function shorten(line: string): string {
  return line.length <= LINE_LENGTH ? line : `${line.slice(0, LINE_LENGTH - 1)}…`;
}

function elapsed({ startTime, endTime }: { startTime: number | null; endTime: number | null }): string {
  return startTime === null ? '' : formatDuration((endTime ?? Date.now()) - startTime);
}

function describe(step: StepExecution): string {
  const metric = step.metric
    ? `${step.metric.key} ${formatNumber(step.metric.value)}${atStep(step.metric.step)}`
    : '';
  return [
    (step.reused ?? elapsed(step)).padStart(8),
    step.progress ? style('cyan', formatProgress(step.progress)) : '',
    metric,
    step.message === '' ? '' : style('dim', step.message),
  ]
    .filter(part => part.trim() !== '')
    .join('  ');
}

/** What a step's end is called; one that was spared says so in place of its time. */
function wordOf({ status, reused }: StepExecution): string {
  return status === 'succeeded' && reused ? '' : status;
}

function atStep(step: number): string {
  return step === 0 ? '' : ` (step ${step})`;
}
