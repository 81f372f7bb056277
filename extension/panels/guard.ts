import type { LogOutputChannel } from 'vscode';

/** What a page is told when something did not work. */
interface Problem {
  readonly type: 'problem';
  readonly message: string;
}

/** Does what a page asked for. What goes wrong is logged, and told to the page. */
export async function guard(
  work: () => unknown,
  log: LogOutputChannel,
  tell: (problem: Problem) => void,
): Promise<void> {
  try {
    await work();
  } catch (error) {
    const problem = error instanceof Error ? error : new Error(String(error));
    log.error(problem);
    tell({ type: 'problem', message: problem.message });
  }
}
