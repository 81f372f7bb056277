/** Parts of the registry for those who show them: models and versions a page at a time, versions of a run. */
import type { Database as Connection } from 'better-sqlite3';
import type { ModelSummary, ModelVersion, Stage } from '../../contract/models.ts';
import { statement } from '../../database/statements.ts';
import { type Page, pageOf } from '../../tracking/pages.ts';
import { PROMPT_TAG } from '../model.ts';
import { describe } from './described.ts';
import {
  MODEL_COLUMNS,
  type ModelRow,
  requireModel,
  toVersion,
  VERSION_COLUMNS,
  VERSION_TABLES,
  type VersionRow,
} from './rows.ts';

/** Which part of a list. */
interface Part {
  readonly limit: number;
  readonly offset: number;
}

export const reads = {
  /** Models that are no prompts, by name. */
  'registry.modelSummaries': (
    connection: Connection,
    { name, limit, offset }: Part & { name?: string | undefined },
  ): Page<ModelSummary> => {
    const rows = statement<ModelRow>(
      connection,
      `SELECT ${MODEL_COLUMNS} FROM registered_model m WHERE (@name IS NULL OR m.name = @name) AND NOT EXISTS (
         SELECT 1 FROM registered_model_tag t WHERE t.model = m.id AND t.key = @prompt AND t.value = 'true'
       ) ORDER BY m.name LIMIT @limit OFFSET @offset`,
    ).all({ name: name ?? null, prompt: PROMPT_TAG, limit: limit + 1, offset });
    const page = pageOf(rows, limit, offset);
    return { ...page, items: page.items.map(row => summarise(connection, row)) };
  },

  /** Versions of a model, of one stage or of all, newest first. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.versionPage': (
    connection: Connection,
    { name, stage, limit, offset }: Part & { name: string; stage?: Stage | undefined },
  ): Page<ModelVersion> => {
    const { id } = requireModel(connection, name);
    const inStage = stage === undefined ? '' : 'AND v.stage = @stage';
    const rows = statement<VersionRow>(
      connection,
      `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES} WHERE v.model = @id AND v.deleted_at IS NULL ${inStage}
       ORDER BY v.version DESC LIMIT @limit OFFSET @offset`,
    ).all({ id, limit: limit + 1, offset, ...(stage && { stage }) });
    const page = pageOf(rows, limit, offset);
    return { ...page, items: page.items.map(row => describe(connection, toVersion(connection, row))) };
  },

  /** Versions that came from a run. */
  'registry.versionsOfRun': (
    connection: Connection,
    { runId }: { runId: string },
  ): { items: ModelVersion[] } => ({
    items: statement<VersionRow>(
      connection,
      `SELECT ${VERSION_COLUMNS} FROM ${VERSION_TABLES} WHERE v.run_id = ? AND v.deleted_at IS NULL
       ORDER BY m.name, v.version`,
    )
      .all(runId)
      .map(row => describe(connection, toVersion(connection, row))),
  }),
};

function summarise(connection: Connection, { id, ...model }: ModelRow): ModelSummary {
  const stages = statement<ModelSummary['stages'][number]>(
    connection,
    `SELECT stage, count(*) AS count, max(version) AS newest FROM model_version
     WHERE model = ? AND deleted_at IS NULL GROUP BY stage`,
  ).all(id);
  return { ...model, stages };
}
