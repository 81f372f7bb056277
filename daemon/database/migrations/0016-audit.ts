/** What was done to models: JSON of AuditFact, each entry tied to the one before it by its hash. */
export const audit = `
CREATE TABLE audit_entry (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  model TEXT NOT NULL,
  version INTEGER,
  fact TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_entry_by_model ON audit_entry (model, version, number);
CREATE TRIGGER audit_entry_is_append_only BEFORE UPDATE ON audit_entry
  BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry
  BEGIN SELECT RAISE(ABORT, 'audit_entry is append-only'); END;
`;
