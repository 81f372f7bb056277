/**
 * What many consecutive blocks of a metric come to, so that a chart reads few rows of a very long one. A span goes when
 * any of its blocks does, and is made anew later: it never says what no longer holds.
 */
export const metricSpans = `
CREATE TABLE metric_span (
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
  metric INTEGER NOT NULL REFERENCES metric,
  -- The first point of its first block and the last of its last.
  step INTEGER NOT NULL,
  timestamp INTEGER NOT NULL,
  value REAL NOT NULL,
  last_step INTEGER NOT NULL,
  last_timestamp INTEGER NOT NULL,
  last_value REAL NOT NULL,
  count INTEGER NOT NULL,
  -- What some blocks together, each block, and each long stretch of a block come to.
  coarse BLOB NOT NULL,
  medium BLOB NOT NULL,
  fine BLOB NOT NULL,
  UNIQUE (run, metric, step, timestamp, value)
);

-- How many of the points are in spans.
ALTER TABLE metric_summary ADD COLUMN spanned INTEGER NOT NULL DEFAULT 0;
CREATE TRIGGER metric_span_is_counted AFTER INSERT ON metric_span BEGIN
  UPDATE metric_summary SET spanned = spanned + NEW.count WHERE run = NEW.run AND metric = NEW.metric;
END;
CREATE TRIGGER metric_span_is_discounted AFTER DELETE ON metric_span BEGIN
  UPDATE metric_summary SET spanned = spanned - OLD.count WHERE run = OLD.run AND metric = OLD.metric;
END;

CREATE TRIGGER metric_span_goes_with_its_blocks AFTER DELETE ON metric_block BEGIN
  DELETE FROM metric_span WHERE run = OLD.run AND metric = OLD.metric
    AND (step, timestamp, value) <= (OLD.step, OLD.timestamp, OLD.value)
    AND (last_step, last_timestamp, last_value) >= (OLD.step, OLD.timestamp, OLD.value);
END;
CREATE TRIGGER metric_span_has_no_other_blocks AFTER INSERT ON metric_block BEGIN
  DELETE FROM metric_span WHERE run = NEW.run AND metric = NEW.metric
    AND (step, timestamp, value) <= (NEW.step, NEW.timestamp, NEW.value)
    AND (last_step, last_timestamp, last_value) >= (NEW.step, NEW.timestamp, NEW.value);
END;

-- Spans are made of what was sealed before, too.
UPDATE run SET unsealed = 1 WHERE id IN (SELECT run FROM metric_summary WHERE packed >= 262144);
`;
