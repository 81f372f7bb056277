/** What people approved: a JSON record by the hash of what it was about. */
export const approvals = `
CREATE TABLE approval (
  subject TEXT PRIMARY KEY,
  record TEXT NOT NULL
) STRICT;
`;
