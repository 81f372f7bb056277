/** What was uploaded: size, time and content of each file as it was when its upload completed. */
export const artifacts = `
CREATE TABLE artifact (
  path TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  -- Of the file, in milliseconds: with the size it tells whether the file is still the one that was hashed.
  modified_at REAL NOT NULL,
  sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;
