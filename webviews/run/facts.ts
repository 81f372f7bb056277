/** The parts of the run page that only show: tables of names and values, and links. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatMetric } from '../../daemon/contract/display.ts';
import type { RunLink, RunSnapshot } from '../../daemon/contract/messages.ts';
import type { MetricSummary } from '../../daemon/contract/runs.ts';
import { icon, statusIcon } from '../ui/icons.ts';

/** What will stand here, for a run that has nothing to show yet; nothing for any other. */
export function emptiness({ run, steps, children }: RunSnapshot): TemplateResult | typeof nothing {
  if (steps.length > 0 || children.length > 0 || Object.keys(run.metrics).length > 0) return nothing;
  const text =
    run.status === 'RUNNING'
      ? 'No metrics yet. Each metric that this run logs appears here as a chart, while it is logged.'
      : 'This run logged no metrics. A run that does has a chart here for each of them.';
  return html`<p class="empty">${icon('graph-line')} ${text}</p>`;
}

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

/** What opens a run's page. */
export type OpenRun = (run: RunLink) => void;

/** A run's state and name; opens its page. */
export const runLink = (run: RunLink, open: OpenRun) => html`
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
