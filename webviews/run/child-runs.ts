/** The runs below a run: as a table, and those whose charts stand in for charts of its own. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatDuration, formatMetric } from '../../daemon/contract/display.ts';
import type { RunLink, RunSnapshot } from '../../daemon/contract/messages.ts';
import { type OpenRun, runLink } from './facts.ts';
import { curveGroups } from './metric-groups.ts';

/** Columns of metrics in the table. */
const CHILD_METRICS = 4;
/** More charts than these runs have are looked at on the runs' own pages. */
const RUNS_WITH_CHARTS = 4;

/** The runs whose charts a run shows that has no curve of its own. */
export function childrenWithCharts({ run, children }: RunSnapshot): readonly RunLink[] {
  if (curveGroups(run.metrics).length > 0) return [];
  return children.filter(child => curveGroups(child.metrics).length > 0).slice(0, RUNS_WITH_CHARTS);
}

/** The runs below this one that are no steps, with the metrics that most of them have. */
export function childRuns(
  { steps, children: all, moreChildren }: RunSnapshot,
  open: OpenRun,
): TemplateResult | typeof nothing {
  const ofSteps = new Set(steps.map(step => step.runId));
  const children = all.filter(child => !ofSteps.has(child.id));
  if (children.length === 0) return nothing;
  const columns = commonMetrics(children);
  return html`
    <section aria-labelledby="children-title">
      <div class="section-head"><h2 id="children-title">Runs below it</h2></div>
      <table class="grid">
        <thead>
          <tr><th scope="col">Run</th>${columns.map(key => html`<th scope="col">${key}</th>`)}<th scope="col">Duration</th></tr>
        </thead>
        <tbody>
          ${children.map(
            run => html`
              <tr>
                <th scope="row">${runLink(run, open)}</th>
                ${columns.map(key => html`<td>${run.metrics[key] === undefined ? '' : formatMetric(run.metrics[key].last)}</td>`)}
                <td>${formatDuration(run.duration)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
      ${moreChildren ? html`<p class="faint">The first ${all.length} are shown; the tree has all.</p>` : nothing}
    </section>
  `;
}

function commonMetrics(runs: readonly RunLink[]): string[] {
  const counts = new Map<string, number>();
  for (const key of runs.flatMap(run => Object.keys(run.metrics)))
    counts.set(key, (counts.get(key) ?? 0) + 1);
  const depth = (key: string) => key.split('/').length;
  return [...counts]
    .sort(([a, m], [b, n]) => n - m || depth(a) - depth(b) || a.localeCompare(b))
    .slice(0, CHILD_METRICS)
    .map(([key]) => key);
}
