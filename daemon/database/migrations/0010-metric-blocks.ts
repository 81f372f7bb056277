/**
 * Metric points in sealed blocks. A block holds consecutive points of one metric of one run in the order of (step,
 * timestamp, value); no two blocks of a metric overlap. Points that are not sealed yet are in `metric_point`.
 */
export const metricBlocks = `
-- Clustered like the points, and narrow: charts of long metrics read these rows alone.
CREATE TABLE metric_block (
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric INTEGER NOT NULL REFERENCES metric,
  -- Its first point and its last.
  step INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  value REAL NOT NULL,
  last_step INTEGER NOT NULL,
  last_timestamp INTEGER NOT NULL,
  last_value REAL NOT NULL,
  min_timestamp INTEGER NOT NULL,
  max_timestamp INTEGER NOT NULL,
  count INTEGER NOT NULL,
  -- Of the points that are numbers: how many, and what they come to (null without any, and for the sum of both infinities).
  numbers INTEGER NOT NULL,
  sum REAL,
  min REAL,
  max REAL,
  -- 1 = as it was logged, to be merged with its neighbours and compressed.
  loose INTEGER NOT NULL,
  content INTEGER NOT NULL,
  PRIMARY KEY (run, metric, step, timestamp, value)
) WITHOUT ROWID;

CREATE TABLE metric_block_content (
  id INTEGER PRIMARY KEY,
  points BLOB NOT NULL,
  -- What stretches of the block come to; null for a short one.
  rollups BLOB
) STRICT;
CREATE TRIGGER metric_block_content_goes_with_its_block AFTER DELETE ON metric_block
  BEGIN DELETE FROM metric_block_content WHERE id = OLD.content; END;

-- How many of the points are in blocks, and how many of them in full ones.
ALTER TABLE metric_summary ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE metric_summary ADD COLUMN packed INTEGER NOT NULL DEFAULT 0;

-- 1 = may have points that are to be sealed; 2 = is being gone through for the last time, unless it is written to.
ALTER TABLE run ADD COLUMN unsealed INTEGER NOT NULL DEFAULT 1;
CREATE INDEX run_unsealed ON run (id) WHERE unsealed > 0;
`;
