/** What was permanently deleted. */
export const housekeeping = `
-- Kept when the thing itself is gone: asking for it is answered with when it went, and its number is not given again.
CREATE TABLE purged (
  kind TEXT NOT NULL CHECK (kind IN ('experiment', 'run', 'model')),
  -- The id that clients see.
  thing TEXT NOT NULL,
  name TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- The folder with its files among the artifacts; null when they are kept elsewhere.
  folder TEXT,
  -- 0 = there may be something left of it.
  finished INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, thing)
) STRICT, WITHOUT ROWID;
CREATE INDEX purged_unfinished ON purged (kind) WHERE finished = 0;
`;
