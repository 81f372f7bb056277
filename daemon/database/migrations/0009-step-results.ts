/** How steps ended with which inputs: a JSON record by the hash of the inputs. Times are milliseconds. */
export const stepResults = `
CREATE TABLE step_result (
  key TEXT PRIMARY KEY,
  file TEXT NOT NULL,
  step TEXT NOT NULL,
  end_time INTEGER NOT NULL,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX step_result_newest ON step_result (file, step, end_time);
`;
