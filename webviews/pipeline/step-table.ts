import { html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { PageElement } from '../ui/element.ts';
import { toneIcon } from '../ui/icons.ts';
import type { StepView } from './step-views.ts';

/** The steps as a table: all that the graph says, in words. Tells `choose` (a step's name). */
export class StepViewTable extends PageElement {
  static override properties = { steps: { attribute: false }, chosen: { attribute: false } };
  declare steps: readonly StepView[];
  declare chosen: string | null;

  protected override render() {
    return html`
      <div class="table-view">
        <table class="grid step-views" aria-label="Steps">
          <thead>
            <tr><th scope="col">Step</th><th scope="col">State</th><th scope="col">Facts</th><th scope="col">After</th></tr>
          </thead>
          <tbody>
            ${repeat(
              this.steps,
              step => step.name,
              step => this.#row(step),
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  #row({ name, icon, tone, state, facts, why, needs, critical }: StepView) {
    return html`
      <tr class=${name === this.chosen ? 'chosen' : ''}>
        <th scope="row">
          ${toneIcon(icon, tone)}
          <button class="link" aria-pressed=${name === this.chosen} @click=${() => this.tell('choose', name)}>${name}</button>
        </th>
        <td>${state}${critical ? html` <span class="faint">· critical path</span>` : ''}</td>
        <td class="words" title=${why}>${facts}</td>
        <td class="words" title=${needs.join(', ')}>${needs.join(', ')}</td>
      </tr>
    `;
  }
}

customElements.define('modelthat-step-view-table', StepViewTable);
