import { html } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { LineageEdge } from '../../daemon/contract/lineage.ts';
import { PageElement } from '../ui/element.ts';
import { toneIcon } from '../ui/icons.ts';
import { type NodeView, SIDE_WORDS } from './lineage-views.ts';

/** Nodes as a table: all that the graph says, in words. Tells `choose` (a node's id). */
export class LineageTable extends PageElement {
  static override properties = {
    nodes: { attribute: false },
    edges: { attribute: false },
    chosen: { attribute: false },
  };
  declare nodes: readonly NodeView[];
  declare edges: readonly LineageEdge[];
  declare chosen: string;

  protected override render() {
    const titles = new Map(this.nodes.map(({ name, kind, title }) => [name, `${kind} ${title}`]));
    return html`
      <div class="table-view">
        <table class="grid lineage-nodes" aria-label="Lineage">
          <thead>
            <tr>
              <th scope="col">Node</th><th scope="col">Kind</th><th scope="col">Facts</th>
              <th scope="col">To the chosen one</th><th scope="col">Comes from</th>
            </tr>
          </thead>
          <tbody>
            ${repeat(
              this.nodes,
              node => node.name,
              node => this.#row(node, titles),
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  #row({ name, kind, icon, tone, title, facts, side }: NodeView, titles: ReadonlyMap<string, string>) {
    const chosen = name === this.chosen;
    const sources = this.edges
      .filter(({ to }) => to === name)
      .map(({ from, relation }) => `${titles.get(from) ?? from} (${relation})`);
    return html`
      <tr class=${chosen ? 'chosen' : ''}>
        <th scope="row">
          ${toneIcon(icon, tone)}
          <button class="link" aria-pressed=${chosen} @click=${() => this.tell('choose', name)}>${title}</button>
        </th>
        <td>${kind}</td>
        <td>${facts}</td>
        <td>${SIDE_WORDS[side]}</td>
        <td class="words" title=${sources.join('\n')}>${sources.join(', ')}</td>
      </tr>
    `;
  }
}

customElements.define('modelthat-lineage-table', LineageTable);
