/** The parts of the run page that only show: tables of names and values, and links. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatDuration, formatMetric } from '../../daemon/contract/display.ts';
import type { RunLink, RunSnapshot } from '../../daemon/contract/messages.ts';
import type { MetricSummary } from '../../daemon/contract/runs.ts';
import { icon, statusIcon } from '../ui/icons.ts';

/** Columns of metrics in the table of the runs below. */
const CHILD_METRICS = 4;

/** Every metric with its last, lowest and highest value: what the charts show, as text. */
export function metricsTable(
  metrics: Readonly<Record<string, MetricSummary>>,
): TemplateResult | typeof nothing {
  const entries = Object.entries(metrics).sort(([a], [b]) => a.localeCompare(b));
  if (entries.length === 0) return nothing;
  return html`
    <section aria-labelledby="metrics-title">
      <div class="section-head"><h2 id="metrics-title">Metrics</h2></div>
      <table class="grid">
        <thead>
          <tr><th scope="col">Metric</th><th scope="col">Last</th><th scope="col">Min</th><th scope="col">Max</th><th scope="col">Points</th></tr>
        </thead>
        <tbody>
          ${entries.map(
            ([key, metric]) => html`
              <tr>
                <th scope="row">${key}</th>
                <td>${formatMetric(metric.last)}</td>
                <td>${formatMetric(metric.min)}</td>
                <td>${formatMetric(metric.max)}</td>
                <td>${metric.count.toLocaleString()}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    </section>
  `;
}

/** Names and values in two columns. */
export function factList(
  title: string,
  facts: readonly (readonly [name: string, value: unknown])[],
): TemplateResult | typeof nothing {
  if (facts.length === 0) return nothing;
  return html`
    <section>
      <h2>${title}</h2>
      <dl>
        ${facts.map(([name, value]) => html`<div><dt title=${name}>${name}</dt><dd>${value}</dd></div>`)}
      </dl>
    </section>
  `;
}

type OpenRun = (run: RunLink) => void;

const runLink = (run: RunLink, open: OpenRun) => html`
  ${statusIcon(run.status)}
  <button class="link" @click=${() => open(run)} aria-label="${run.name}, ${run.status.toLowerCase()}">${run.name}</button>
`;

/** The run that this one is a part of. */
export function parentRun({ parent }: RunSnapshot, open: OpenRun): TemplateResult | typeof nothing {
  if (!parent) return nothing;
  return html`
    <section>
      <h2>Part of</h2>
      <p>${runLink(parent, open)}</p>
    </section>
  `;
}

/** The runs below this one, with the metrics that most of them have. */
export function childRuns(
  { children, moreChildren }: RunSnapshot,
  open: OpenRun,
): TemplateResult | typeof nothing {
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
                ${columns.map(key => html`<td>${run.metrics[key] === undefined ? '' : formatMetric(run.metrics[key])}</td>`)}
                <td>${formatDuration(run.duration)}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
      ${moreChildren ? html`<p class="faint">The first ${children.length} are shown; the tree has all.</p>` : nothing}
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

/** The versions of models that came from this run. */
export function modelVersions({ versions }: RunSnapshot): TemplateResult | typeof nothing {
  if (versions.length === 0) return nothing;
  return html`
    <section>
      <h2>Models</h2>
      <ul class="runs">
        ${versions.map(
          ({ name, version, stage }) => html`
            <li>${icon('package')} ${name} <span class="faint">version ${version}</span>
              ${stage === 'None' ? nothing : html`<span class="tag stage-${stage.toLowerCase()}">${stage}</span>`}
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}
