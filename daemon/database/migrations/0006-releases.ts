/** What is released is known by its content, and found by its place. */
export const releases = `
-- What the version's files came to when it was moved to Staging or Production; NULL when they could not be read.
ALTER TABLE stage_transition ADD COLUMN digest TEXT;

CREATE INDEX model_version_released ON model_version (stage)
  WHERE stage IN ('Staging', 'Production') AND deleted_at IS NULL;
`;
