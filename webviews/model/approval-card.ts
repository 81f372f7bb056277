import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import type { ApprovalAnswer, ApprovalEvidence, Decision } from '../../daemon/contract/approvals.ts';
import { formatAge, formatMetric } from '../../daemon/contract/display.ts';
import type { Goal } from '../../daemon/contract/pipelines.ts';
import { PageElement } from '../ui/element.ts';
import { icon } from '../ui/icons.ts';
import { originDifferences } from './origin-differences.ts';
import { changeOf, metricsOf } from './timeline.ts';
import { changeText, gateList } from './words.ts';

/** A person's answer. */
export interface Answer {
  readonly request: number;
  readonly decision: Decision;
  readonly reason: string;
}

/** A request for approval with the evidence, and the place to answer it. Tells `decide` (an `Answer`). */
export class ApprovalCard extends PageElement {
  static override properties = {
    evidence: { attribute: false },
    goals: { attribute: false },
    reason: { state: true },
    wanting: { state: true },
  };
  declare evidence: ApprovalEvidence;
  declare goals: Readonly<Record<string, Goal>>;
  declare reason: string;
  /** Whether a rejection was tried without a reason. */
  declare wanting: boolean;

  constructor() {
    super();
    this.reason = '';
    this.wanting = false;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('evidence');
    // What was written about one request is not said about another.
    if (before && before.request.id !== this.evidence.request.id) this.reason = '';
  }

  protected override render() {
    const { request, needed, changed, obstacle, conditions } = this.evidence;
    const given = request.answers.filter(({ approved }) => approved);
    return html`
      <section class="approval" aria-labelledby="approval-title">
        <h2 id="approval-title">${icon('person')} Version ${request.version} waits for approval to ${request.stage}</h2>
        <p class="facts">
          Asked by ${request.requestedBy.subject}${request.requestedBy.claimed ? ' (claimed)' : ''}
          ${formatAge(request.requestedAt, Date.now())}
          · ${given.length} of ${needed} approval${needed === 1 ? '' : 's'} given
        </p>
        ${request.reason ? html`<blockquote>${request.reason}</blockquote>` : nothing}
        ${given.map(answer => html`<p>${answerText(answer)}</p>`)}
        ${changed ? html`<p class="notice" role="alert">${icon('warning')} Its files are not those that approval was asked for: an answer voids the request.</p>` : nothing}
        <div class="evidence">
          <div>
            <h3>Metrics beside Production</h3>
            ${this.#metrics()}
            ${this.#slices()}
            ${this.evidence.differences ? originDifferences(this.evidence.differences) : nothing}
          </div>
          <div>
            <h3>What the rules ask</h3>
            ${conditions.length > 0 ? gateList(conditions) : html`<p class="faint">Nothing but the approval.</p>`}
          </div>
        </div>
        ${obstacle ? html`<p class="notice" role="status">${icon('lock')} ${obstacle}.</p>` : nothing}
        ${this.#form(obstacle !== null)}
      </section>
    `;
  }

  #metrics(): TemplateResult {
    const { metrics, champion, version } = this.evidence;
    if (metrics.length === 0) return html`<p class="faint">Neither version has metrics.</p>`;
    const order = metricsOf(
      [version, champion].filter(each => each !== null),
      Object.keys(this.goals),
    );
    const sorted = [...metrics].sort((a, b) => order.indexOf(a.key) - order.indexOf(b.key));
    return html`
      <table class="grid">
        <thead>
          <tr>
            <th scope="col">Metric</th><th scope="col">v${this.evidence.request.version}</th>
            <th scope="col">${champion ? `Production v${champion.version}` : 'Production'}</th><th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          ${sorted.map(
            ({ key, candidate, champion: before }) => html`
              <tr>
                <th scope="row">${key}</th>
                <td>${candidate === null ? '' : formatMetric(candidate)}</td>
                <td>${before === null ? '' : formatMetric(before)}</td>
                <td>${changeText(changeOf(candidate, before, this.goals[key]))}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    `;
  }

  #slices(): TemplateResult | typeof nothing {
    const { slices, champion, request } = this.evidence;
    const [first] = slices;
    if (!first) return nothing;
    return html`
      <h3>${first.metric} by slices of ${first.data}</h3>
      <table class="grid">
        <thead>
          <tr>
            <th scope="col">Slice</th><th scope="col">Rows</th><th scope="col">v${request.version}</th>
            <th scope="col">${champion ? `Production v${champion.version}` : 'Production'}</th><th scope="col">Change</th>
          </tr>
        </thead>
        <tbody>
          ${slices.map(
            ({ column, value, rows, metric, candidate, champion: before }) => html`
              <tr>
                <th scope="row">${column} = ${value}</th>
                <td>${rows}</td>
                <td>${candidate === null ? '' : formatMetric(candidate)}</td>
                <td>${before === null ? '' : formatMetric(before)}</td>
                <td>${changeText(changeOf(candidate, before, this.goals[metric]))}</td>
              </tr>
            `,
          )}
        </tbody>
      </table>
    `;
  }

  #form(blocked: boolean): TemplateResult {
    return html`
      <label for="reason">Reason</label>
      <textarea id="reason" rows="2" placeholder="Kept with the request" .value=${this.reason}
        aria-invalid=${this.wanting} aria-describedby="reason-problem"
        @input=${(event: InputEvent) => {
          this.reason = (event.target as HTMLTextAreaElement).value;
          this.wanting = false;
        }}></textarea>
      <p id="reason-problem" class="status-failed" role="alert">${this.wanting ? 'Say what speaks against it.' : nothing}</p>
      <div class="answers">
        <modelthat-button appearance="primary" ?disabled=${blocked} @click=${() => this.#decide('approve')}>
          <span slot="start" class="codicon codicon-check"></span>Approve
        </modelthat-button>
        <modelthat-button appearance="secondary" @click=${() => this.#decide('reject')}>
          <span slot="start" class="codicon codicon-close"></span>Reject
        </modelthat-button>
      </div>
    `;
  }

  #decide(decision: Decision): void {
    const reason = this.reason.trim();
    if (decision === 'reject' && reason === '') {
      this.wanting = true;
      this.querySelector('textarea')?.focus();
      return;
    }
    const answer: Answer = { request: this.evidence.request.id, decision, reason };
    this.tell('decide', answer);
  }
}

/** Who answered what, when and why. */
export function answerText({ approved, by, at, reason }: ApprovalAnswer): TemplateResult {
  return html`
    ${icon(approved ? 'pass' : 'thumbsdown', approved ? 'status-finished' : 'status-failed')}
    ${approved ? 'approved' : 'rejected'} by ${by.subject}${by.claimed ? ' (claimed)' : ''}
    <span class="faint">${formatAge(at, Date.now())}${reason ? html` · ${reason}` : nothing}</span>
  `;
}

customElements.define('modelthat-approval-card', ApprovalCard);
