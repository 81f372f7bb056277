import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge, formatMetric } from '../../daemon/contract/display.ts';
import type { ModelVersion } from '../../daemon/contract/models.ts';
import type { Goal } from '../../daemon/contract/pipelines.ts';
import { PageElement } from '../ui/element.ts';
import { changeOf } from './timeline.ts';
import { changeText, stageTag } from './words.ts';

/** The versions to choose from, newest first, with the metric beside Production's. Tells `choose` (a version) and `more`. */
export class VersionTable extends PageElement {
  static override properties = {
    versions: { attribute: false },
    more: { attribute: false },
    champion: { attribute: false },
    metric: { attribute: false },
    goal: { attribute: false },
    pending: { attribute: false },
    chosen: { attribute: false },
  };
  declare versions: readonly ModelVersion[];
  /** Whether there are earlier ones. */
  declare more: boolean;
  declare champion: ModelVersion | null;
  declare metric: string;
  declare goal: Goal | undefined;
  /** Versions that wait for approval. */
  declare pending: readonly number[];
  declare chosen: number | undefined;

  protected override render() {
    return html`
      <div class="scroll">
        <table class="grid versions">
          <thead>
            <tr>
              <th scope="col">Version</th><th scope="col">Stage</th><th scope="col">${this.metric || 'Metric'}</th>
              <th scope="col">vs Production</th><th scope="col">Registered</th>
            </tr>
          </thead>
          <tbody @keydown=${this.#key}>${repeat(
            this.versions,
            ({ version }) => version,
            version => this.#row(version),
          )}</tbody>
        </table>
      </div>
      ${this.more ? html`<button class="link" @click=${() => this.tell('more', undefined)}>Load more…</button>` : nothing}
    `;
  }

  #row(version: ModelVersion): TemplateResult {
    const { version: number, stage, metrics, aliases, gates, createdAt } = version;
    const chosen = number === this.chosen;
    const value = metrics[this.metric];
    const isChampion = number === this.champion?.version;
    const failed = gates.filter(({ passed }) => !passed).length;
    return html`
      <tr class=${chosen ? 'chosen' : ''} @click=${() => this.tell('choose', number)}>
        <th scope="row">
          <button class="link" data-version=${number} aria-pressed=${chosen}><span class="hidden">Version </span>v${number}</button>
          ${aliases.map(alias => html`<span class="faint">@${alias}</span> `)}
        </th>
        <td class="words">
          ${stageTag(stage)}
          ${this.pending.includes(number) ? html`<span class="status-lost">waits for approval</span>` : nothing}
          ${failed > 0 ? html`<span class="status-failed">${failed} failed gate${failed === 1 ? '' : 's'}</span>` : nothing}
        </td>
        <td>${value === undefined ? '' : formatMetric(value)}</td>
        <td>${isChampion ? '' : changeText(changeOf(value, this.champion?.metrics[this.metric], this.goal))}</td>
        <td title=${new Date(createdAt).toLocaleString()}>${formatAge(createdAt, Date.now())}</td>
      </tr>
    `;
  }

  /** Up and down go through the versions. */
  #key(event: KeyboardEvent): void {
    const numbers = this.versions.map(({ version }) => version);
    const at = numbers.indexOf(Number((event.target as HTMLElement).dataset.version));
    const target = { ArrowDown: numbers[at + 1], ArrowUp: numbers[at - 1] }[event.key];
    if (at < 0 || target === undefined) return;
    event.preventDefault();
    this.querySelector<HTMLElement>(`[data-version="${target}"]`)?.focus();
    this.tell('choose', target);
  }
}

customElements.define('modelthat-version-table', VersionTable);
