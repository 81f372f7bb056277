import { type DrawnNode, GraphView } from '../ui/graph/graph-view.ts';
import { toneIcon } from '../ui/icons.ts';
import type { StepView } from './step-views.ts';

/** The steps as a graph. Tells `choose` (a step's name). */
export class StepGraph extends GraphView<StepView> {
  protected override readonly names = {
    graph: 'Graph of steps',
    keys: 'Arrow keys follow the edges, Enter shows the log, plus and minus zoom, 0 shows all.',
  };

  protected override draw({ name, tone, icon, state, facts, why, critical, progress }: StepView): DrawnNode {
    const label = [`Step ${name}`, state, facts, ...(critical ? ['on the critical path'] : [])];
    return {
      classes: [`tone-${tone}`, ...(critical ? ['strong'] : [])],
      label: label.filter(Boolean).join(', '),
      title: [name, why].filter(Boolean).join('\n'),
      icon: toneIcon(icon, tone),
      name,
      facts: [state, facts].filter(Boolean).join(' · '),
      progress,
    };
  }

  protected override get strong(): ReadonlySet<string> {
    return new Set(this.nodes.filter(({ critical }) => critical).map(({ name }) => name));
  }

  protected override get telling(): string | undefined {
    return this.nodes.find(({ tone }) => tone === 'failed' || tone === 'running' || tone === 'lost')?.name;
  }
}

customElements.define('modelthat-step-graph', StepGraph);
