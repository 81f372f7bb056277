/** What all parts of the page show. */
import type { CompareView, ToComparePage } from '../../daemon/contract/compare-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';

/** The runs, and what is better. */
export type Compared = Extract<ToComparePage, { type: 'compared' }>;

/** What a part tells as `view`: what a person chose in it. */
export type ViewChange = Partial<CompareView>;

/** The run that all others are set against: the first, unless a person pinned another or none. */
export function baselineOf(
  runs: readonly Run[],
  { baseline }: Pick<CompareView, 'baseline'>,
): Run | undefined {
  if (baseline === null) return undefined;
  return runs.find(({ id }) => id === baseline) ?? runs[0];
}
