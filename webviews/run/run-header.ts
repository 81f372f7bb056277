import { html, nothing, type TemplateResult } from 'lit';
import { formatAge, formatDuration } from '../../daemon/contract/display.ts';
import type { RunAction, RunSnapshot } from '../../daemon/contract/messages.ts';
import { icon, statusIcon } from '../ui/icons.ts';
import { TickingElement } from '../ui/ticking-element.ts';

const ACTIONS: Record<RunAction, { readonly title: string; readonly icon: string }> = {
  stop: { title: 'Stop execution', icon: 'debug-stop' },
  forceStop: { title: 'Force stop execution', icon: 'stop-circle' },
  close: { title: 'Close run…', icon: 'circle-slash' },
  promote: { title: 'Promote…', icon: 'arrow-up' },
  register: { title: 'Register model…', icon: 'package' },
  reproduce: { title: 'Reproduce', icon: 'history' },
  showLineage: { title: 'Show lineage', icon: 'references' },
  copyId: { title: 'Copy ID', icon: 'copy' },
};

/** The run's name, state and what can be done with it. Tells `act`. */
export class RunHeader extends TickingElement {
  static override properties = { snapshot: { attribute: false } };
  declare snapshot: RunSnapshot;

  protected override render() {
    const { run, experiment } = this.snapshot;
    const now = Date.now();
    const facts = [
      experiment,
      `started ${formatAge(run.startTime, now)}`,
      `${run.endTime === null ? 'for' : 'took'} ${formatDuration((run.endTime ?? now) - run.startTime)}`,
      ...(run.user ? [`by ${run.user}`] : []),
    ];
    return html`
      <header>
        <div class="title-row">
          <h1>${run.name}</h1>
          <span class="pill">${statusIcon(run.status)} ${run.status.toLowerCase()}</span>
          <div class="actions">${this.snapshot.actions.map(action => this.#button(action))}</div>
        </div>
        <p class="facts">${facts.map((fact, index) => html`${index > 0 ? html`<span class="dot">·</span>` : nothing}<span>${fact}</span>`)}</p>
        ${this.#silence(now)}
        ${this.#reproduced(now)}
      </header>
    `;
  }

  #button(action: RunAction): TemplateResult {
    const { title, icon: name } = ACTIONS[action];
    return html`
      <modelthat-button appearance=${action === 'promote' ? 'primary' : 'secondary'} @click=${() => this.tell('act', action)}>
        <span slot="start" class="codicon codicon-${name}"></span>${title}
      </modelthat-button>
    `;
  }

  #reproduced(now: number): TemplateResult | typeof nothing {
    const { reproduced } = this.snapshot;
    if (reproduced === null) return nothing;
    const { verdict, message, startTime } = reproduced;
    return html`
      <p class="facts" role="status">
        ${icon(verdict === 'different' ? 'warning' : 'history')} Reproduced ${formatAge(startTime, now)}: ${message}
      </p>
    `;
  }

  #silence(now: number): TemplateResult | typeof nothing {
    const { silentSince } = this.snapshot;
    if (silentSince === null) return nothing;
    return html`
      <p class="notice" role="status">
        ${icon('warning')} Nothing was logged since ${formatAge(silentSince, now)}. If its script no longer runs, close it.
      </p>
    `;
  }
}

customElements.define('modelthat-run-header', RunHeader);
