/** What a long task is at, in a line that is written anew: in a terminal, and not with `--json`. */
import { createLogUpdate } from 'log-update';
import type { Context } from './context.ts';

/** Does work, showing its progress; Ctrl-C ends it in order, and a second time at once. */
export async function withProgress<Result>(
  context: Context,
  work: (progress: (message: string) => void, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const show = !context.json && process.stderr.isTTY;
  const line = createLogUpdate(process.stderr);
  const controller = new AbortController();
  const cancel = () => controller.abort();
  process.once('SIGINT', cancel);
  try {
    return await work(message => {
      if (show) line(message);
    }, controller.signal);
  } finally {
    if (show) line.clear();
    process.off('SIGINT', cancel);
  }
}
