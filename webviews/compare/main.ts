import '../ui/controls.ts';
import '../ui/page.css';
import './compare.css';
import { html, nothing, type TemplateResult } from 'lit';
import type {
  ComparePageMessage,
  ComparePageState,
  ToComparePage,
} from '../../daemon/contract/compare-messages.ts';
import type { Run } from '../../daemon/contract/runs.ts';
import { PageElement } from '../ui/element.ts';
import { Host } from '../ui/host.ts';
import { icon, statusIcon } from '../ui/icons.ts';
import { type ComparedRow, metricRows, parameterRows } from './rows.ts';

/** The page that compares runs. Holds what the host sent, and passes on what a person does. */
export class ComparePage extends PageElement {
  static override properties = { compared: { state: true }, all: { state: true }, problem: { state: true } };
  declare compared: Extract<ToComparePage, { type: 'compared' }> | undefined;
  declare all: boolean;
  declare problem: string;
  readonly #host = new Host<ComparePageMessage, ToComparePage, ComparePageState>();

  constructor() {
    super();
    this.all = this.#host.kept.all ?? false;
    this.problem = '';
    this.#host.listen(message => this.#receive(message));
    this.#host.send({ type: 'ready' });
  }

  protected override render() {
    const { compared, problem } = this;
    const notice = problem ? html`<p class="notice" role="alert">${problem}</p>` : nothing;
    if (!compared)
      return html`<main class="compare">${notice || html`<p class="faint">Loading the runs…</p>`}</main>`;
    const { runs, runIds, goals } = compared;
    const metrics = metricRows(runs, goals);
    const parameters = parameterRows(runs);
    const same = [...metrics, ...parameters].filter(row => row.same).length;
    const left = runIds.length - runs.length;
    return html`
      <main class="compare">
        ${notice}
        <header>
          <h1>${runs.length} runs compared</h1>
          <modelthat-checkbox ?checked=${!this.all} @change=${(event: Event) => this.#show(!(event.target as HTMLInputElement).checked)}>
            Differences only
          </modelthat-checkbox>
        </header>
        <p class="faint" role="status">
          ${this.all ? '' : `${same} ${same === 1 ? 'row that is' : 'rows that are'} the same in all runs left out. `}
          ${left > 0 ? `${left} of the ${runIds.length} selected runs left out: too many to stand beside each other, or deleted for good.` : ''}
        </p>
        <div class="scroll" tabindex="0" role="region" aria-label="Comparison">
          <table class="grid">
            <thead>
              <tr><th scope="col">Run</th>${runs.map(run => this.#head(run))}</tr>
            </thead>
            ${this.#rows('Metrics', metrics)}${this.#rows('Parameters', parameters)}
          </table>
        </div>
      </main>
    `;
  }

  #head({ id, name, status }: Run): TemplateResult {
    return html`<th scope="col">${statusIcon(status)} <button class="link" @click=${() => this.#host.send({ type: 'open', runId: id })}>${name}</button></th>`;
  }

  #rows(title: string, all: readonly ComparedRow[]): TemplateResult {
    const rows = all.filter(({ same }) => this.all || !same);
    const columns = (this.compared?.runs.length ?? 0) + 1;
    return html`
      <tbody>
        <tr class="part"><th scope="rowgroup" colspan=${columns}>${title}${rows.length === 0 ? html` <span class="faint">no difference</span>` : nothing}</th></tr>
        ${rows.map(
          ({ key, values, best }) => html`
            <tr>
              <th scope="row" title=${key}>${key}</th>
              ${values.map((value, place) => html`<td title=${value}>${best.includes(place) ? html`<span class="best">${icon('star-full')}<span class="hidden">best </span>${value}</span>` : value}</td>`)}
            </tr>
          `,
        )}
      </tbody>
    `;
  }

  #receive(message: ToComparePage): void {
    if (message.type === 'problem') {
      this.problem = message.message;
      return;
    }
    this.compared = message;
    this.problem = '';
    this.#keep();
  }

  #show(all: boolean): void {
    this.all = all;
    this.#keep();
  }

  #keep(): void {
    if (!this.compared) return;
    const { store, runIds } = this.compared;
    this.#host.keep({ store, runIds: [...runIds], all: this.all });
  }
}

customElements.define('modelthat-compare', ComparePage);
