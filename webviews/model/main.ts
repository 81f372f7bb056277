import '../ui/controls.ts';
import '../ui/page.css';
import '../ui/record.css';
import './model.css';
import './approval-card.ts';
import './card-section.ts';
import './evaluation.ts';
import './version-chart.ts';
import './version-table.ts';
import { html, nothing, type TemplateResult } from 'lit';
import type {
  ModelAction,
  ModelPageMessage,
  ModelPageState,
  ModelSnapshot,
  ToModelPage,
  VersionDetail,
} from '../../daemon/contract/model-messages.ts';
import { PageElement } from '../ui/element.ts';
import { Host } from '../ui/host.ts';
import type { Answer } from './approval-card.ts';
import type { CardText } from './card-section.ts';
import { firstMetric, metricsOf, timelineOf } from './timeline.ts';
import {
  closedRequests,
  stageHistory,
  versionFacts,
  versionGates,
  versionMetrics,
} from './version-detail.ts';
import { stageTag } from './words.ts';

/** The page of a model. Holds what the host sent, and passes on what a person does. */
export class ModelPage extends PageElement {
  static override properties = {
    snapshot: { state: true },
    problem: { state: true },
    metric: { state: true },
  };
  declare snapshot: ModelSnapshot | undefined;
  declare problem: string;
  /** That a person chose; empty = the one that versions are judged by. */
  declare metric: string;
  readonly #host = new Host<ModelPageMessage, ToModelPage, ModelPageState>();
  #store = '';

  constructor() {
    super();
    const { metric = '', version = null } = this.#host.kept;
    this.metric = metric;
    this.problem = '';
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'ready', version });
  }

  protected override render() {
    const { snapshot, problem } = this;
    const notice = problem ? html`<p class="notice" role="alert">${problem}</p>` : nothing;
    if (!snapshot) return html`<main>${notice || html`<p class="faint">Loading the model…</p>`}</main>`;
    const { chosen, transitions } = snapshot;
    return html`
      <main>
        ${this.#header(snapshot)}
        ${notice}
        <div class="columns">
          <div class="wide">
            ${chosen?.evidence ? this.#approval(snapshot, chosen.evidence) : nothing}
            ${this.#versions(snapshot)}
            ${chosen ? [versionGates(chosen), this.#evaluations(chosen), versionMetrics(snapshot, chosen)] : nothing}
          </div>
          <aside>
            ${chosen ? [versionFacts(chosen, () => this.#act('openRun')), this.#card(chosen), closedRequests(chosen)] : nothing}
            ${stageHistory(transitions, version => this.#choose(version))}
          </aside>
        </div>
      </main>
    `;
  }

  #header({ model, champion, chosen }: ModelSnapshot): TemplateResult {
    const count = model.stages.reduce((sum, stage) => sum + stage.count, 0);
    const used = model.stages.filter(({ stage }) => stage === 'Production' || stage === 'Staging').reverse();
    return html`
      <header>
        <div class="title-row">
          <h1>${model.name}</h1>
          ${used.map(({ stage, newest }) => html`<span class="pill">${stageTag(stage)} v${newest}</span>`)}
          <div class="actions">
            ${chosen ? this.#button('promote', 'arrow-up', `Promote v${chosen.version.version}…`, 'primary') : nothing}
            ${champion ? this.#button('rollBack', 'discard', 'Roll back…') : nothing}
            ${chosen ? this.#button('showLineage', 'references', 'Show lineage') : nothing}
            ${chosen ? this.#button('copyUri', 'copy', 'Copy URI') : nothing}
          </div>
        </div>
        <p class="facts">${[`${count.toLocaleString()} version${count === 1 ? '' : 's'}`, model.description].filter(Boolean).join(' · ')}</p>
      </header>
    `;
  }

  #button(action: ModelAction, name: string, title: string, appearance = 'secondary'): TemplateResult {
    return html`
      <modelthat-button appearance=${appearance} @click=${() => this.#act(action)}>
        <span slot="start" class="codicon codicon-${name}"></span>${title}
      </modelthat-button>
    `;
  }

  #approval({ goals }: ModelSnapshot, evidence: NonNullable<VersionDetail['evidence']>): TemplateResult {
    return html`
      <modelthat-approval-card .evidence=${evidence} .goals=${goals}
        @decide=${(event: CustomEvent<Answer>) => {
          this.problem = '';
          this.#host.send({ type: 'decide', ...event.detail });
        }}></modelthat-approval-card>
    `;
  }

  #card({ version }: VersionDetail): TemplateResult {
    return html`
      <modelthat-card .version=${version} @show=${() => this.#act('showCard')}
        @write=${(event: CustomEvent<CardText>) => {
          this.problem = '';
          this.#host.send({ type: 'writeCard', ...event.detail });
        }}></modelthat-card>
    `;
  }

  #evaluations({ evaluations, version: { version } }: VersionDetail): TemplateResult {
    return html`
      <modelthat-evaluations .evaluations=${evaluations} .version=${version}
        @evaluate=${() => this.#act('evaluate')}></modelthat-evaluations>
    `;
  }

  #versions(snapshot: ModelSnapshot): TemplateResult {
    const { versions, moreVersions, champion, goals, pending, chosen } = snapshot;
    if (versions.length === 0) return html`<p class="empty">This model has no versions.</p>`;
    const names = metricsOf(versions, Object.keys(goals));
    const metric = names.includes(this.metric) ? this.metric : firstMetric(versions, Object.keys(goals));
    const points = timelineOf(versions, metric);
    const number = chosen?.version.version;
    const choose = (event: CustomEvent<number>) => this.#choose(event.detail);
    return html`
      <section aria-labelledby="versions-title">
        <div class="section-head">
          <h2 id="versions-title">Versions</h2>
          ${names.length > 1 ? this.#metricChoice(names, metric) : nothing}
        </div>
        ${
          points.length > 1
            ? html`<modelthat-version-chart class="chart-box timeline" .points=${points} .metric=${metric} .chosen=${number} @choose=${choose}></modelthat-version-chart>`
            : nothing
        }
        <modelthat-version-table .versions=${versions} .more=${moreVersions} .champion=${champion} .metric=${metric}
          .goal=${goals[metric]} .pending=${pending} .chosen=${number} @choose=${choose}
          @more=${() => this.#host.send({ type: 'listMore' })}></modelthat-version-table>
      </section>
    `;
  }

  #metricChoice(names: readonly string[], metric: string): TemplateResult {
    return html`
      <label class="choice">Metric
        <select @change=${(event: Event) => {
          this.metric = (event.target as HTMLSelectElement).value;
          this.#keep();
        }}>
          ${names.map(name => html`<option value=${name} ?selected=${name === metric}>${name}</option>`)}
        </select>
      </label>
    `;
  }

  #choose(version: number): void {
    this.problem = '';
    this.#host.send({ type: 'choose', version });
  }

  #act(action: ModelAction): void {
    this.problem = '';
    this.#host.send({ type: 'act', action });
  }

  #receive(message: ToModelPage): void {
    if (message.type === 'problem') {
      this.problem = message.message;
      return;
    }
    this.#store = message.store;
    this.snapshot = message.snapshot;
    this.#keep();
  }

  #keep(): void {
    if (!this.snapshot) return;
    const { model, chosen } = this.snapshot;
    this.#host.keep({
      store: this.#store,
      name: model.name,
      version: chosen?.version.version ?? null,
      metric: this.metric,
    });
  }
}

customElements.define('modelthat-model', ModelPage);
