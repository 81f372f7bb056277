/**
 * What came of running executions again: a JSON record by the id of the execution that did, with what it is of beside it,
 * so that it is found from there.
 */
export const reproductions = `
CREATE TABLE reproduction (
  id TEXT PRIMARY KEY REFERENCES execution ON DELETE CASCADE,
  execution TEXT NOT NULL REFERENCES execution ON DELETE CASCADE,
  run TEXT,
  model TEXT,
  version INTEGER,
  start_time INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX reproduction_by_execution ON reproduction (execution);
CREATE INDEX reproduction_by_run ON reproduction (run);
CREATE INDEX reproduction_by_version ON reproduction (model, version);
`;
