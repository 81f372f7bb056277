/** Runs in the order of a metric's last value: the first page of a sorted search does not sort all of them. */
export const metricOrder = `
CREATE INDEX metric_summary_by_value ON metric_summary (metric, last);
`;
