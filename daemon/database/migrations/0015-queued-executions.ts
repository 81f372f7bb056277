/** Executions that wait for others are found at the start of a daemon, too. */
export const queuedExecutions = `
DROP INDEX execution_unfinished;
CREATE INDEX execution_unfinished ON execution (status)
  WHERE status IN ('queued', 'preparing', 'running', 'waiting', 'cancelling');
`;
