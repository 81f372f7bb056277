import { type DrawnNode, GraphView } from '../ui/graph/graph-view.ts';
import { toneIcon } from '../ui/icons.ts';
import { type NodeView, SIDE_WORDS } from './lineage-views.ts';

/** Nodes as a graph, in which what belongs to the chosen one stands out. Tells `choose` and `open` (a node's id). */
export class LineageGraphView extends GraphView<NodeView> {
  protected override readonly names = {
    graph: 'Graph of lineage',
    keys: 'Arrow keys follow the edges, Enter chooses and opens, plus and minus zoom, 0 shows all.',
  };

  protected override draw({ kind, icon, tone, title, facts, side }: NodeView): DrawnNode {
    return {
      classes: [`tone-${tone}`, side === 'none' ? 'beside' : 'strong'],
      // As it is to be seen, so that who speaks to the editor can say what stands there.
      label: [title, kind, facts, SIDE_WORDS[side]].filter(Boolean).join(', '),
      title: `${kind} ${title}\n${facts}`,
      icon: toneIcon(icon, tone),
      name: title,
      facts: [kind, facts].filter(Boolean).join(' · '),
      progress: null,
    };
  }

  protected override get strong(): ReadonlySet<string> {
    return new Set(this.nodes.filter(({ side }) => side !== 'none').map(({ name }) => name));
  }

  protected override get telling(): string | undefined {
    return this.nodes.find(({ side }) => side === 'chosen')?.name;
  }
}

customElements.define('modelthat-lineage-graph', LineageGraphView);
