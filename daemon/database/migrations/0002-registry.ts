/** Registered models and their versions. Times are milliseconds since the epoch; runs and logged models go by the ids that clients see. */
export const registry = `
-- AUTOINCREMENT: an id is never used again, so the history of a deleted model never becomes that of a new one.
CREATE TABLE registered_model (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE registered_model_tag (
  model INTEGER NOT NULL REFERENCES registered_model ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;

-- A deleted version keeps its row, emptied, so that its number is not given again.
CREATE TABLE model_version (
  model INTEGER NOT NULL REFERENCES registered_model ON DELETE CASCADE,
  version INTEGER NOT NULL,
  stage TEXT NOT NULL DEFAULT 'None' CHECK (stage IN ('None', 'Staging', 'Production', 'Archived')),
  description TEXT NOT NULL,
  source TEXT NOT NULL,
  storage_location TEXT NOT NULL,
  run_id TEXT,
  run_link TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (model, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_version_by_run ON model_version (run_id) WHERE run_id IS NOT NULL;
CREATE INDEX model_version_by_stage ON model_version (model, stage, version) WHERE deleted_at IS NULL;

CREATE TABLE model_version_tag (
  model INTEGER NOT NULL,
  version INTEGER NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, version, key),
  FOREIGN KEY (model, version) REFERENCES model_version ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE model_alias (
  model INTEGER NOT NULL,
  alias TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (model, alias),
  FOREIGN KEY (model, version) REFERENCES model_version ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX model_alias_by_version ON model_alias (model, version);

-- What a version was found to be: JSON of GateResult[] and of metric -> Double. Later entries stand over earlier ones.
CREATE TABLE version_evaluation (
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL,
  version INTEGER NOT NULL,
  run_id TEXT,
  at INTEGER NOT NULL,
  gates TEXT NOT NULL,
  metrics TEXT NOT NULL,
  FOREIGN KEY (model, version) REFERENCES model_version ON DELETE CASCADE
) STRICT;
CREATE INDEX version_evaluation_by_version ON version_evaluation (model, version);

-- Who moved what where. It outlives the model, so it refers to it without a foreign key.
CREATE TABLE stage_transition (
  id INTEGER PRIMARY KEY,
  model INTEGER NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  from_stage TEXT NOT NULL,
  to_stage TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  reason TEXT NOT NULL
) STRICT;
CREATE INDEX stage_transition_by_model ON stage_transition (model, id);
CREATE TRIGGER stage_transition_is_append_only BEFORE UPDATE ON stage_transition
  BEGIN SELECT RAISE(ABORT, 'stage_transition is append-only'); END;
CREATE TRIGGER stage_transition_is_kept BEFORE DELETE ON stage_transition
  BEGIN SELECT RAISE(ABORT, 'stage_transition is append-only'); END;
`;
