/** Where the arrow keys lead in the graph. */
import type { Layout, PlacedNode } from './layout.ts';

export type Arrow = 'ArrowUp' | 'ArrowDown' | 'ArrowLeft' | 'ArrowRight';

/**
 * The node that an arrow key leads to: along the edges in their direction and against it, and across them to the
 * nearest node of the same rank.
 *
 * @returns undefined when there is none that way
 */
export function walk({ direction, nodes, edges }: Layout, from: string, arrow: Arrow): string | undefined {
  const here = nodes.get(from);
  if (!here) return undefined;
  const [forward, back] = direction === 'LR' ? ['ArrowRight', 'ArrowLeft'] : ['ArrowDown', 'ArrowUp'];
  const [along, across] = direction === 'LR' ? (['x', 'y'] as const) : (['y', 'x'] as const);
  const named = (names: readonly string[]) => names.flatMap(name => nodes.get(name) ?? []);
  const nearest = (candidates: readonly PlacedNode[]) =>
    [...candidates].sort((a, b) => distance(a, here) - distance(b, here))[0]?.name;
  if (arrow === forward) return nearest(named(edges.filter(edge => edge.from === from).map(edge => edge.to)));
  if (arrow === back) return nearest(named(edges.filter(edge => edge.to === from).map(edge => edge.from)));
  const sign = arrow === 'ArrowDown' || arrow === 'ArrowRight' ? 1 : -1;
  return nearest(
    [...nodes.values()].filter(
      node => Math.abs(node[along] - here[along]) < 1 && (node[across] - here[across]) * sign > 0,
    ),
  );
}

function distance(one: PlacedNode, other: PlacedNode): number {
  return Math.hypot(one.x - other.x, one.y - other.y);
}
