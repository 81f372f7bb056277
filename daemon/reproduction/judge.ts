/** What comparing all of it comes to, in a verdict and in words. */
import type { CauseCheck, Comparison, Reproduction, Verdict } from '../contract/reproductions.ts';
import { likelyCause } from './causes.ts';
import { worst } from './fields.ts';

type Judged = Pick<Reproduction, 'status' | 'verdict' | 'message' | 'comparisons' | 'causes' | 'cause'>;

/** How many things that differ a message names. */
const NAMED = 3;

/**
 * The verdict over what was compared.
 *
 * @param causesOf looks for the cause of the first difference; asked only when there is one
 */
export async function judgeComparisons(
  comparisons: Comparison[],
  causesOf: (first: Comparison) => Promise<CauseCheck[]>,
): Promise<Judged> {
  if (comparisons.length === 0) {
    const message =
      'Nothing was recorded that it could be compared with: its steps make no outputs, metrics or models.';
    return { status: 'failed', verdict: null, message, comparisons, causes: [], cause: null };
  }
  const verdict = worst(comparisons.map(({ result }) => result));
  const first = comparisons.find(({ result }) => result === 'different');
  const causes = first ? await causesOf(first) : [];
  const cause = likelyCause(causes);
  return {
    status: 'judged',
    verdict,
    message: summary(verdict, comparisons, cause),
    comparisons,
    causes,
    cause: cause?.kind ?? null,
  };
}

function summary(
  verdict: Verdict,
  comparisons: readonly Comparison[],
  cause: CauseCheck | undefined,
): string {
  const volatile = comparisons.reduce((total, each) => total + each.volatile.length, 0);
  const but = volatile === 0 ? '' : `, but for ${count(volatile, 'volatile field')}`;
  if (verdict === 'identical') return `identical: ${counts(comparisons)}${but}`;
  const farthest = comparisons.filter(({ result }) => result === verdict);
  const rest = farthest.length - NAMED;
  const named = farthest.slice(0, NAMED).map(({ name }) => name);
  const which = named.join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  if (verdict === 'equal')
    return `equal within the tolerance: ${counts(comparisons)}; not bit for bit: ${which}${but}`;
  return `different: ${which}${cause ? `; ${cause.message}` : ''}`;
}

function counts(comparisons: readonly Comparison[]): string {
  const of = (kind: Comparison['kind']) => comparisons.filter(each => each.kind === kind).length;
  return (['output', 'metric', 'model'] as const)
    .filter(kind => of(kind) > 0)
    .map(kind => count(of(kind), kind))
    .join(', ');
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
