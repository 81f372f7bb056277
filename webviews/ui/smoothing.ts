/**
 * Exponential moving average that starts without a bias towards zero.
 *
 * @param values gaps (NaN) stay gaps and do not count
 * @param weight 0 (as it is) to just under 1 (almost flat)
 */
export function smooth(values: readonly number[], weight: number): number[] {
  if (weight === 0) return [...values];
  let average = 0;
  let seen = 0;
  return values.map(value => {
    if (!Number.isFinite(value)) return value;
    average = average * weight + value * (1 - weight);
    seen += 1;
    return average / (1 - weight ** seen);
  });
}
