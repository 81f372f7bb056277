/** The operations of lineage. Each sees the database as it is at one moment. */
import type { Database as Connection } from 'better-sqlite3';
import type { Affected, LineageGraph } from '../contract/lineage.ts';
import { findAffected } from './affected.ts';
import { traceAll, traceLineage } from './graph.ts';
import type { LineageQuery } from './model.ts';
import { type FoundOrigin, findOrigin } from './origins.ts';
import { LineageRows } from './store/rows.ts';

export const reads = {
  /** @throws ApiError INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST */
  'lineage.graph': (connection: Connection, query: LineageQuery): LineageGraph =>
    traceLineage(new LineageRows(connection), query),

  'lineage.all': (
    connection: Connection,
    { workspace, limit }: { workspace: string; limit: number },
  ): Omit<LineageGraph, 'start'> => traceAll(new LineageRows(connection), workspace, limit),

  /** In the order of the runs, without those that are gone. */
  'lineage.origins': (connection: Connection, runIds: readonly string[]): FoundOrigin[] => {
    const rows = new LineageRows(connection);
    return runIds.flatMap(id => findOrigin(rows, id) ?? []);
  },

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'lineage.affected': (connection: Connection, query: { what: string; workspace: string }): Affected =>
    findAffected(new LineageRows(connection), query),
};
