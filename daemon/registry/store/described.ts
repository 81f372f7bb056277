/** Models and versions as the native API tells them, with metrics and gates. */
import type { Database as Connection } from 'better-sqlite3';
import type { GateResult, ModelVersion, RegisteredModel } from '../../contract/models.ts';
import { type Double, encodeDouble } from '../../contract/values.ts';
import { statement } from '../../database/statements.ts';
import { fromColumn } from '../../tracking/store/doubles.ts';
import { evaluatedBy, OWN_RUN, PROMPT_TAG, type Version } from '../model.ts';
import { reads as models } from './models.ts';
import { reads as versions } from './versions.ts';

export const reads = {
  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.showVersion': (connection: Connection, input: { name: string; version: number }): ModelVersion =>
    describe(connection, versions['registry.getVersion'](connection, input)),

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'registry.showModel': (connection: Connection, input: { name: string }): RegisteredModel => {
    const model = models['registry.getModel'](connection, input);
    return {
      name: model.name,
      description: model.description,
      createdAt: model.createdAt,
      updatedAt: model.updatedAt,
      tags: model.tags,
      versions: versions['registry.listVersions'](connection, input).map(each => describe(connection, each)),
    };
  },

  /** Every model that is no prompt, by name. */
  'registry.listModels': (connection: Connection): { items: RegisteredModel[] } => ({
    items: statement<string>(
      connection,
      `SELECT name FROM registered_model m WHERE NOT EXISTS (
         SELECT 1 FROM registered_model_tag t WHERE t.model = m.id AND t.key = ? AND t.value = 'true'
       ) ORDER BY name`,
    )
      .pluck()
      .all(PROMPT_TAG)
      .map(name => reads['registry.showModel'](connection, { name: String(name) })),
  }),
};

/** A version with its metrics and gates. */
export function describe(connection: Connection, version: Version): ModelVersion {
  const { storageLocation: _storage, runLink: _link, ...fields } = version;
  const evaluations = versions['registry.evaluations'](connection, version);
  const gates = new Map<string, GateResult>();
  for (const evaluation of evaluations) for (const gate of evaluation.gates) gates.set(gate.gate, gate);
  return {
    ...fields,
    aliases: [...version.aliases],
    // Registering is one write: no version is ever seen half registered.
    status: 'READY',
    metrics: mergeMetrics(
      lastMetrics(connection, version.runId),
      evaluations.map(({ metrics }) => metrics),
    ),
    gates: [...gates.values()],
  };
}

/** The newest of each name; those of the run that others stand over are told as the run's. */
function mergeMetrics(
  own: Readonly<Record<string, Double>>,
  evaluated: readonly Readonly<Record<string, Double>>[],
): Record<string, Double> {
  const later: Record<string, Double> = Object.assign({}, ...evaluated);
  const hidden = Object.entries(own).filter(
    ([key]) => Object.hasOwn(later, key) && Object.keys(later).some(name => name.startsWith(`${key}@`)),
  );
  const kept = hidden.map(([key, value]) => [evaluatedBy(key, OWN_RUN), value]);
  return { ...own, ...later, ...Object.fromEntries(kept) };
}

function lastMetrics(connection: Connection, runId: string | null): Record<string, Double> {
  const rows = statement<{ key: string; last: number | string }>(
    connection,
    `SELECT metric.key, metric_summary.last FROM run
     JOIN metric_summary ON metric_summary.run = run.id JOIN metric ON metric.id = metric_summary.metric
     WHERE run.uuid = ?`,
  ).all(runId);
  return Object.fromEntries(rows.map(row => [row.key, encodeDouble(fromColumn(row.last))]));
}
