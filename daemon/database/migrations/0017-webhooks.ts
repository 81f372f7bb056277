/** Who is told of changes of the registry. The secrets that deliveries are signed with are in the user's state folder. */
export const webhooks = `
CREATE TABLE webhook (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  url TEXT NOT NULL,
  events TEXT NOT NULL,
  active INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  -- Number of the newest entry of the audit log that it was told of.
  told INTEGER NOT NULL
) STRICT;
`;
