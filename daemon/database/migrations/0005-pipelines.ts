/** Executions of pipelines and their steps: JSON records, with columns for what is searched. Times are milliseconds. */
export const pipelines = `
CREATE TABLE execution (
  id TEXT PRIMARY KEY,
  file TEXT NOT NULL,
  status TEXT NOT NULL,
  start_time INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX execution_by_start ON execution (start_time);
CREATE INDEX execution_unfinished ON execution (status) WHERE status IN ('preparing', 'running', 'waiting', 'cancelling');

CREATE TABLE step (
  execution TEXT NOT NULL REFERENCES execution ON DELETE CASCADE,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,
  record TEXT NOT NULL,
  PRIMARY KEY (execution, name)
) STRICT, WITHOUT ROWID;
`;
