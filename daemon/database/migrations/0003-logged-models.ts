/** Models that runs log (MLflow 3). Their metrics are metric points whose origin names them. */
export const loggedModels = `
CREATE TABLE logged_model (
  id INTEGER PRIMARY KEY,
  model_id TEXT NOT NULL UNIQUE,
  experiment INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  model_type TEXT NOT NULL,
  source_run_id TEXT,
  artifact_uri TEXT NOT NULL,
  status INTEGER NOT NULL CHECK (status IN (1, 2, 3)),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER
) STRICT;
CREATE INDEX logged_model_by_experiment ON logged_model (experiment, created_at) WHERE deleted_at IS NULL;
CREATE INDEX logged_model_by_run ON logged_model (source_run_id) WHERE source_run_id IS NOT NULL;

CREATE TABLE logged_model_param (
  model INTEGER NOT NULL REFERENCES logged_model ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE logged_model_tag (
  model INTEGER NOT NULL REFERENCES logged_model ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (model, key)
) STRICT, WITHOUT ROWID;
`;
