/** Which source files logged which runs, and at which lines. */
export const sources = `
CREATE INDEX run_by_source ON run_tag (value) WHERE key IN ('mlflow.source.name', 'modelthat.source');

-- Where code logged a metric, as the Python package saw it: what the line said is kept, as lines move.
CREATE TABLE logged_at (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  key TEXT NOT NULL,
  -- Absolute path.
  file TEXT NOT NULL,
  -- From 1.
  line INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (run, key, file, line)
) STRICT, WITHOUT ROWID;
CREATE INDEX logged_at_by_file ON logged_at (file, run);
`;
