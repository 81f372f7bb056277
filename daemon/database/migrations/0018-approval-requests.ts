/** Requests for approval of model versions, and what people answered. Actors are JSON of Actor. */
export const approvalRequests = `
-- They outlive the model, so they refer to it without a foreign key.
CREATE TABLE approval_request (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  model INTEGER NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  stage TEXT NOT NULL,
  digest TEXT,
  requested_by TEXT NOT NULL,
  requested_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  archive_existing INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'rejected', 'void')),
  closed_at INTEGER,
  note TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX approval_request_by_version ON approval_request (model, version, stage, id);

CREATE TABLE approval_answer (
  id INTEGER PRIMARY KEY,
  request INTEGER NOT NULL REFERENCES approval_request,
  subject TEXT NOT NULL,
  approved INTEGER NOT NULL,
  by TEXT NOT NULL,
  at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  UNIQUE (request, subject)
) STRICT;
`;
