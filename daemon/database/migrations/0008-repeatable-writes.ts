/** What requests that carry an idempotency key have written, for as long as they may be repeated. */
export const repeatableWrites = `
CREATE TABLE repeatable_write (
  -- Who sent it, and under which key.
  principal TEXT NOT NULL,
  key TEXT NOT NULL,
  -- SHA-256 of the request, in hexadecimal digits: under one key, no other is taken.
  request TEXT NOT NULL,
  -- JSON of what the write came to.
  outcome TEXT NOT NULL,
  -- Milliseconds since the epoch.
  at INTEGER NOT NULL,
  PRIMARY KEY (principal, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX repeatable_write_by_age ON repeatable_write (at);
`;
