/** What the timeline of a model's versions shows, apart from what draws it. */
import { formatChange } from '../../daemon/contract/display.ts';
import { judgingMetric, type ModelVersion, metricNames } from '../../daemon/contract/models.ts';
import type { Goal } from '../../daemon/contract/pipelines.ts';

/** A version that has the metric. */
export interface TimelinePoint {
  readonly version: number;
  readonly value: number;
  readonly stage: ModelVersion['stage'];
}

/** The versions that have the metric, oldest first. */
export function timelineOf(versions: readonly ModelVersion[], metric: string): TimelinePoint[] {
  return versions
    .flatMap(({ version, metrics, stage }) => {
      const value = Number(metrics[metric]);
      return Number.isFinite(value) ? [{ version, value, stage }] : [];
    })
    .sort((a, b) => a.version - b.version);
}

/** What the versions are measured by: goals first, then by name, those of groups (`lightgbm/rmspe`) last. */
export function metricsOf(versions: readonly ModelVersion[], goals: readonly string[]): string[] {
  const rank = (name: string) => {
    const goal = goals.indexOf(name);
    if (goal >= 0) return goal;
    return goals.length + (name.includes('/') ? 1 : 0);
  };
  return metricNames(versions).sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

/** The metric that is shown until a person chooses another. */
export function firstMetric(versions: readonly ModelVersion[], goals: readonly string[]): string {
  for (const version of versions) {
    const judged = judgingMetric(version, goals);
    if (judged) return judged;
  }
  return metricsOf(versions, goals)[0] ?? '';
}

/** A difference in percent, and whether it is for the better; neither without a goal. */
export interface Change {
  readonly text: string;
  readonly tone: 'better' | 'worse' | '';
}

/** How a version's metric stands beside the champion's. */
export function changeOf(
  value: ModelVersion['metrics'][string] | null | undefined,
  champion: ModelVersion['metrics'][string] | null | undefined,
  goal: Goal | undefined,
): Change {
  const text =
    value === undefined || value === null || champion === undefined || champion === null
      ? ''
      : formatChange(value, champion);
  const difference = Number(value) - Number(champion);
  if (text === '' || !goal || difference === 0) return { text, tone: '' };
  return { text, tone: difference < 0 === (goal === 'minimize') ? 'better' : 'worse' };
}
