/**
 * The answer to MLflow's `metrics/get-history`. A page may have a million points: it gets its wire form in the reader
 * thread that serialises it, not in the thread that all requests pass.
 */
import type { Database as Connection } from 'better-sqlite3';
import type { Double } from '../contract/values.ts';
import { snapshot } from '../database/snapshot.ts';
import { metricHistory } from './store/history.ts';

const historyPage = snapshot(metricHistory);

/** A page of a metric's points as MLflow's clients read it. */
export function metricHistoryBody(
  connection: Connection,
  input: Parameters<typeof metricHistory>[1],
): { metrics?: object[]; next_page_token?: string } {
  const { items, nextPageToken } = historyPage(connection, input);
  const metrics = items.map(({ key, value, timestamp, step }) => ({
    key,
    value: toWireDouble(value),
    timestamp,
    step,
  }));
  return {
    ...(metrics.length > 0 && { metrics }),
    ...(nextPageToken !== undefined && { next_page_token: nextPageToken }),
  };
}

/** Infinities come back as the largest double, with their sign, as from MLflow's own stores. */
export function toWireDouble(value: Double): number | 'NaN' {
  if (value === 'Infinity') return Number.MAX_VALUE;
  return value === '-Infinity' ? -Number.MAX_VALUE : value;
}
