/** What is known of the version that is shown. */
import { html, nothing, type TemplateResult } from 'lit';
import type { ApprovalRequest } from '../../daemon/contract/approvals.ts';
import { formatAge, formatBytes, formatMetric, formatStamp } from '../../daemon/contract/display.ts';
import type { ModelSnapshot, VersionDetail } from '../../daemon/contract/model-messages.ts';
import type { Transition, VersionFiles } from '../../daemon/contract/models.ts';
import { factList } from '../ui/fact-list.ts';
import { icon } from '../ui/icons.ts';
import { answerText } from './approval-card.ts';
import { changeOf, metricsOf } from './timeline.ts';
import { changeText, gateList, stageTag } from './words.ts';

/** Tags that clients set themselves, or that the card shows. */
const INTERNAL_TAG = /^(mlflow\.|modelthat\.|card\.(purpose|limits)$)/;

/** Facts beside the timeline. */
export function versionFacts(detail: VersionDetail, openRun: () => void): TemplateResult {
  const { version, files, runName } = detail;
  const run =
    version.runId === null
      ? 'unknown'
      : runName === null
        ? html`<span class="faint">gone (${version.runId})</span>`
        : html`<button class="link" @click=${openRun} aria-label="Run ${runName}">${runName}</button>`;
  const facts: (readonly [string, unknown])[] = [
    ['Stage', version.stage === 'None' ? 'None' : stageTag(version.stage)],
    ['Registered', formatStamp(version.createdAt)],
    ['Run', run],
    ['Aliases', version.aliases.map(alias => `@${alias}`).join(' ')],
    ['Size', files.size === null ? 'its files are not here' : formatBytes(files.size)],
    ['Description', version.description],
  ];
  const tags = Object.entries(version.tags).filter(([name]) => !INTERNAL_TAG.test(name));
  return html`
    ${factList(
      `Version ${version.version}`,
      facts.filter(([, value]) => value !== ''),
    )}
    ${signature(files.signature)}
    ${factList('Tags', tags)}
  `;
}

function signature(known: VersionFiles['signature']): TemplateResult {
  const fields = (title: string, list: NonNullable<VersionFiles['signature']>['inputs'] | undefined) =>
    list && list.length > 0
      ? html`
          <h3>${title}</h3>
          <ul class="fields">
            ${list.map(
              field =>
                html`<li><code>${field.name ?? 'value'}</code> <span class="faint">${typeText(field.type)}${field.required === false ? ', optional' : ''}</span></li>`,
            )}
          </ul>
        `
      : nothing;
  return html`
    <section aria-labelledby="signature-title">
      <h2 id="signature-title">Signature</h2>
      ${known ? [fields('Takes', known.inputs), fields('Gives', known.outputs)] : html`<p class="faint">The model does not say what it takes and gives. Log it with <code>signature=</code>.</p>`}
    </section>
  `;
}

function typeText(type: unknown): string {
  return typeof type === 'string' ? type : JSON.stringify(type);
}

/** All metrics of the version, beside those of Production. */
export function versionMetrics({ champion, goals }: ModelSnapshot, { version }: VersionDetail) {
  const keys = metricsOf([version], Object.keys(goals));
  if (keys.length === 0) return nothing;
  const other = champion && champion.version !== version.version ? champion : null;
  return html`
    <section aria-labelledby="metrics-title">
      <h2 id="metrics-title">Metrics of version ${version.version}</h2>
      <div class="scroll">
        <table class="grid">
          <thead>
            <tr>
              <th scope="col">Metric</th><th scope="col">v${version.version}</th>
              ${other ? html`<th scope="col">Production v${other.version}</th><th scope="col">Change</th>` : nothing}
            </tr>
          </thead>
          <tbody>
            ${keys.map(key => {
              const value = version.metrics[key];
              const before = other?.metrics[key];
              return html`
                <tr>
                  <th scope="row">${key}</th>
                  <td>${value === undefined ? '' : formatMetric(value)}</td>
                  ${
                    other
                      ? html`<td>${before === undefined ? '' : formatMetric(before)}</td>
                          <td>${changeText(changeOf(value, before, goals[key]))}</td>`
                      : nothing
                  }
                </tr>
              `;
            })}
          </tbody>
        </table>
      </div>
    </section>
  `;
}

/** What the steps that judged the version found. */
export function versionGates({ version }: VersionDetail): TemplateResult | typeof nothing {
  if (version.gates.length === 0) return nothing;
  return html`
    <section aria-labelledby="gates-title">
      <h2 id="gates-title">Gates of version ${version.version}</h2>
      ${gateList(version.gates)}
    </section>
  `;
}

const REQUEST_TEXT: Record<ApprovalRequest['state'], string> = {
  pending: 'waits',
  approved: 'approved',
  rejected: 'rejected',
  void: 'void',
};

/** Requests for approval that were answered, with who answered and why. */
export function closedRequests({ requests }: VersionDetail): TemplateResult | typeof nothing {
  const closed = requests.filter(({ state }) => state !== 'pending');
  if (closed.length === 0) return nothing;
  return html`
    <section aria-labelledby="requests-title">
      <h2 id="requests-title">Approvals</h2>
      <ul class="history">
        ${closed.map(
          request => html`
            <li>
              <span>Request ${request.id} for ${request.stage}: ${REQUEST_TEXT[request.state]}${request.note ? `, ${request.note}` : ''}</span>
              <span class="faint">asked by ${request.requestedBy.subject} ${formatAge(request.requestedAt, Date.now())}${request.reason ? ` · ${request.reason}` : ''}</span>
              ${request.answers.map(answer => html`<span>${answerText(answer)}</span>`)}
            </li>
          `,
        )}
      </ul>
    </section>
  `;
}

/** Who moved which version where, newest first. */
export function stageHistory(
  transitions: readonly Transition[],
  choose: (version: number) => void,
): TemplateResult | typeof nothing {
  if (transitions.length === 0) return nothing;
  return html`
    <section aria-labelledby="history-title">
      <h2 id="history-title">Stage history</h2>
      <ol class="history">
        ${transitions.map(
          ({ version, from, to, at, by, reason }) => html`
            <li>
              <span>
                <button class="link" @click=${() => choose(version)}>v${version}</button>
                ${from} ${icon('arrow-right')}<span class="spoken">to</span> ${to === 'None' ? 'None' : stageTag(to)}
              </span>
              <span class="faint" title=${new Date(at).toLocaleString()}>${formatAge(at, Date.now())} by ${by}${reason ? html` · ${reason}` : nothing}</span>
            </li>
          `,
        )}
      </ol>
    </section>
  `;
}
