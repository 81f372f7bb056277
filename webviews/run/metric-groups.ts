import { SYSTEM_METRICS } from '../../daemon/contract/messages.ts';
import type { MetricSummary } from '../../daemon/contract/runs.ts';

/** Metrics whose names begin alike: `lightgbm/rmspe` and `lightgbm/mae` are in the group `lightgbm`. */
export interface MetricGroup {
  /** Empty for metrics without a prefix; these come first. */
  readonly name: string;
  readonly keys: readonly string[];
}

/**
 * The metrics that are curves, in groups: one point is a number, not a curve. A group of one is none: its chart stands
 * with the others, so that charts stand side by side. What was measured of the machine comes last.
 */
export function curveGroups(metrics: Readonly<Record<string, MetricSummary>>): MetricGroup[] {
  const curves = Object.keys(metrics)
    .filter(key => (metrics[key]?.count ?? 0) >= 2)
    .sort();
  const byPrefix = Object.groupBy(curves, prefixOf);
  const isGroup = (prefix: string) => prefix === SYSTEM_METRICS || byPrefix[prefix]?.length !== 1;
  const groups = Object.groupBy(curves, key => (isGroup(prefixOf(key)) ? prefixOf(key) : ''));
  return Object.entries(groups)
    .map(([name, keys = []]) => ({ name, keys }))
    .sort((a, b) => Number(isSystem(a)) - Number(isSystem(b)) || a.name.localeCompare(b.name));
}

function isSystem({ name }: MetricGroup): boolean {
  return name === SYSTEM_METRICS;
}

/** What a group is called on the page. */
export function groupTitle(name: string): string {
  return name === SYSTEM_METRICS ? 'System metrics' : name;
}

/** The part of a metric's name that its group does not say already. */
export function shortName(key: string, group: string): string {
  return group === '' ? key : key.slice(group.length + 1);
}

function prefixOf(key: string): string {
  return key.includes('/') ? key.slice(0, key.indexOf('/')) : '';
}
