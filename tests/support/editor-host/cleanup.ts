/** Last things to do when this process ends, however it ends (but for SIGKILL). */

const pending = new Set<() => void>();
let installed = false;

/**
 * Runs `task` (synchronous) when this process exits or is told to.
 *
 * @returns a function that takes the task off the list again
 */
export function onProcessEnd(task: () => void): () => void {
  if (!installed) install();
  installed = true;
  pending.add(task);
  return () => pending.delete(task);
}

function install(): void {
  process.once('exit', () => {
    for (const task of pending) task();
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(130));
  }
  // Whoever read our output has gone (EPIPE), as with `| head`.
  process.stdout.on('error', () => process.exit(1));
}
