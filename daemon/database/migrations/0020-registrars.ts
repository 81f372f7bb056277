/** Who registered a version stays known when its model is renamed. */
export const registrars = `
-- The subject of the actor; NULL for versions that were imported, or whose model was renamed before this was kept.
ALTER TABLE model_version ADD COLUMN registered_by TEXT;

UPDATE model_version SET registered_by = (
  SELECT json_extract(fact, '$.actor.subject') FROM audit_entry
  WHERE audit_entry.model = (SELECT name FROM registered_model WHERE id = model_version.model)
    AND audit_entry.version = model_version.version AND json_extract(fact, '$.action') = 'version.create'
  ORDER BY number DESC LIMIT 1
) WHERE deleted_at IS NULL;
`;
