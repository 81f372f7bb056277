import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { formatAge, formatDuration } from '../../daemon/contract/display.ts';
import { NEXT } from '../../daemon/contract/execution-choice.ts';
import type { ExecutionLink } from '../../daemon/contract/pipeline-messages.ts';
import { icon, toneIcon } from '../ui/icons.ts';
import { TickingElement } from '../ui/ticking-element.ts';
import { EXECUTION_ICON } from '../ui/tones.ts';

/** The executions to choose from, before them the next one. Tells `choose` (an id, or `next`) and `more`. */
export class ExecutionList extends TickingElement {
  static override properties = {
    executions: { attribute: false },
    more: { attribute: false },
    chosen: { attribute: false },
  };
  declare executions: readonly ExecutionLink[];
  /** Whether there are earlier ones. */
  declare more: boolean;
  /** Id of the execution that is shown, or `next`. */
  declare chosen: string;

  protected override render() {
    const now = Date.now();
    return html`
      <h2 id="executions-title">Executions</h2>
      <div class="execution-list" role="listbox" aria-labelledby="executions-title" @keydown=${this.#key}>
        ${this.#option(NEXT, html`${icon('list-ordered')}<span class="execution-name">Next</span><span class="faint">plan</span>`)}
        ${repeat(
          this.executions,
          execution => execution.id,
          execution => this.#execution(execution, now),
        )}
      </div>
      ${this.more ? html`<button class="link" @click=${() => this.tell('more', undefined)}>Load more…</button>` : nothing}
    `;
  }

  #execution({ id, number, status, startTime, endTime, set }: ExecutionLink, now: number): TemplateResult {
    const overrides = Object.entries(set).map(([name, value]) => `${name}=${value}`);
    const when = endTime === null ? formatDuration(now - startTime) : formatAge(endTime, now);
    const title = [new Date(startTime).toLocaleString(), ...overrides].join('\n');
    return this.#option(
      id,
      html`${toneIcon(...EXECUTION_ICON[status])}<span class="execution-name">#${number}</span>
        <span class="faint execution-facts">${[status, when, ...overrides].join(' · ')}</span>`,
      title,
    );
  }

  #option(id: string, content: TemplateResult, title = ''): TemplateResult {
    const chosen = id === this.chosen;
    return html`
      <div role="option" class="execution ${chosen ? 'chosen' : ''}" data-id=${id} aria-selected=${chosen} title=${title}
        tabindex=${chosen ? 0 : -1} @click=${() => this.tell('choose', id)}>${content}</div>
    `;
  }

  #key(event: KeyboardEvent): void {
    const ids = [NEXT, ...this.executions.map(execution => execution.id)];
    const at = ids.indexOf((event.target as HTMLElement).dataset.id ?? '');
    const target = { ArrowDown: ids[at + 1], ArrowUp: ids[at - 1], Home: ids[0], End: ids.at(-1) }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.tell('choose', target);
    this.querySelector<HTMLElement>(`[data-id="${CSS.escape(target)}"]`)?.focus();
  }
}

customElements.define('modelthat-execution-list', ExecutionList);
