import type { MetricSummary } from '../../daemon/contract/runs.ts';

/** Metrics whose names begin alike: `lightgbm/rmspe` and `lightgbm/mae` are in the group `lightgbm`. */
export interface MetricGroup {
  /** Empty for metrics without a prefix; these come first. */
  readonly name: string;
  readonly keys: readonly string[];
}

/** The metrics that are curves, in groups: one point is a number, not a curve. */
export function curveGroups(metrics: Readonly<Record<string, MetricSummary>>): MetricGroup[] {
  const groups = new Map<string, string[]>();
  for (const key of Object.keys(metrics).sort()) {
    if ((metrics[key]?.count ?? 0) < 2) continue;
    const name = prefixOf(key);
    groups.set(name, [...(groups.get(name) ?? []), key]);
  }
  return [...groups].map(([name, keys]) => ({ name, keys })).sort((a, b) => a.name.localeCompare(b.name));
}

/** The part of a metric's name that its group does not say already. */
export function shortName(key: string): string {
  return key.slice(prefixOf(key).length).replace(/^\//, '');
}

function prefixOf(key: string): string {
  return key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
}
