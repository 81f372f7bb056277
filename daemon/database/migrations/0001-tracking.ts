/**
 * Experiments, runs and what runs log. Times are milliseconds since the epoch. Ids that clients see are `experiment.id`
 * and `run.uuid`; everything that points to a run uses its integer id.
 */
export const tracking = `
CREATE TABLE experiment (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  artifact_location TEXT NOT NULL,
  lifecycle TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'deleted')),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE experiment_tag (
  experiment INTEGER NOT NULL REFERENCES experiment ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (experiment, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
  id INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  experiment INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  user TEXT NOT NULL DEFAULT '',
  status TEXT NOT NULL CHECK (status IN ('RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED', 'LOST')),
  lifecycle TEXT NOT NULL DEFAULT 'active' CHECK (lifecycle IN ('active', 'deleted')),
  start_time INTEGER NOT NULL,
  end_time INTEGER,
  artifact_uri TEXT NOT NULL,
  last_write_at INTEGER NOT NULL,
  -- When the run's client last said that it lives; null = a client that never says so.
  heartbeat_at INTEGER,
  deleted_at INTEGER
) STRICT;
-- In the order of a page of runs, of one experiment and of all.
CREATE INDEX run_newest_of_experiment ON run (experiment, lifecycle, start_time DESC, uuid);
CREATE INDEX run_newest ON run (lifecycle, start_time DESC, uuid);
CREATE INDEX run_unfinished ON run (experiment, heartbeat_at) WHERE status = 'RUNNING';

CREATE TABLE param (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_tag (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_by_parent ON run_tag (value) WHERE key = 'mlflow.parentRunId';

CREATE TABLE metric (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE
) STRICT;

-- value: a double, or the text 'NaN', which SQLite has no double for.
-- No foreign keys: they would be checked for every point, and runs are never deleted without their points.
CREATE TABLE metric_point (
  run INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  step INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (run, metric, step, timestamp, value)
) WITHOUT ROWID;

-- The points that were measured on a logged model (each is a metric_point, too), and on which data set, if said.
CREATE TABLE model_point (
  model_id TEXT NOT NULL,
  dataset_name TEXT NOT NULL,
  dataset_digest TEXT NOT NULL,
  run INTEGER NOT NULL,
  metric INTEGER NOT NULL,
  step INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  value REAL NOT NULL,
  PRIMARY KEY (model_id, metric, run, step, timestamp, value, dataset_name, dataset_digest)
) WITHOUT ROWID;

-- What tables, sorting and search need to know of all points of a metric. last = greatest by (step, timestamp, value).
-- min and max are null until a point is a number.
CREATE TABLE metric_summary (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric INTEGER NOT NULL REFERENCES metric,
  last REAL NOT NULL,
  step INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  min REAL,
  max REAL,
  count INTEGER NOT NULL,
  PRIMARY KEY (run, metric)
) WITHOUT ROWID;

CREATE TABLE dataset (
  id INTEGER PRIMARY KEY,
  experiment INTEGER NOT NULL REFERENCES experiment,
  name TEXT NOT NULL,
  digest TEXT NOT NULL,
  source_type TEXT NOT NULL,
  source TEXT NOT NULL,
  schema TEXT,
  profile TEXT,
  UNIQUE (experiment, name, digest)
) STRICT;

CREATE TABLE run_dataset (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  dataset INTEGER NOT NULL REFERENCES dataset,
  -- JSON object of the input's tags.
  tags TEXT NOT NULL,
  PRIMARY KEY (run, dataset)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_dataset_by_dataset ON run_dataset (dataset);

CREATE TABLE run_model (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  direction TEXT NOT NULL CHECK (direction IN ('input', 'output')),
  model_id TEXT NOT NULL,
  step INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (run, direction, model_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_model_by_model ON run_model (model_id);

-- Code that names no experiment logs to the one with id 0.
INSERT INTO experiment (id, name, artifact_location, created_at, updated_at)
VALUES (0, 'Default', 'mlflow-artifacts:/0', CAST(unixepoch('subsec') * 1000 AS INTEGER),
        CAST(unixepoch('subsec') * 1000 AS INTEGER));
`;
