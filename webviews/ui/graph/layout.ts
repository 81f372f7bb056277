/** Where the nodes and edges of a graph are drawn. */
import { Graph, layout, type Point } from '@dagrejs/dagre';

export const NODE = { width: 216, height: 52 } as const;

/** The way in which the graph grows: to the right or downwards. */
export type Direction = 'LR' | 'TB';

/** A node's place: its middle. */
export interface PlacedNode extends Point {
  readonly name: string;
}

export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  /** The `d` of an SVG path. */
  readonly path: string;
}

export interface Layout {
  readonly direction: Direction;
  readonly width: number;
  readonly height: number;
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly edges: readonly PlacedEdge[];
}

/** What the layout depends on. */
export interface GraphNode {
  readonly name: string;
  /** Names of the nodes that edges come from. */
  readonly needs: readonly string[];
}

/** Lays out the nodes, each after those it needs. */
export function layOut(nodes: readonly GraphNode[], direction: Direction): Layout {
  const graph = new Graph();
  graph.setGraph({
    rankdir: direction,
    nodesep: 18,
    ranksep: direction === 'LR' ? 56 : 40,
    marginx: 8,
    marginy: 8,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { name } of nodes) graph.setNode(name, { ...NODE });
  for (const { name, needs } of nodes)
    for (const need of needs) if (graph.hasNode(need)) graph.setEdge(need, name);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    direction,
    width,
    height,
    nodes: new Map(
      nodes.map(({ name }) => {
        const { x = 0, y = 0 } = graph.node(name);
        return [name, { name, x, y }];
      }),
    ),
    edges: graph
      .edges()
      .map(({ v, w }) => ({ from: v, to: w, path: curve(graph.edge(v, w).points, direction) })),
  };
}

/** Larger graphs are laid out once only: that alone takes a while. */
const LAID_OUT_TWICE = 100;

/** The layout in the direction in which more of it can be read in a window of this size. */
export function fittingLayout(
  nodes: readonly GraphNode[],
  { width, height }: { width: number; height: number },
): Layout {
  if (nodes.length > LAID_OUT_TWICE) return layOut(nodes, 'LR');
  const both = (['LR', 'TB'] as const).map(direction => layOut(nodes, direction));
  const scale = (laid: Layout) => Math.min(width / laid.width, height / laid.height);
  return both.reduce((one, other) => (scale(other) > scale(one) ? other : one));
}

/** A line through the points that leaves and arrives in the graph's direction. */
function curve(points: readonly Point[], direction: Direction): string {
  const [first, ...rest] = points;
  if (!first) return '';
  let from = first;
  const parts = rest.map(to => {
    const [mx, my] = [(from.x + to.x) / 2, (from.y + to.y) / 2];
    const controls = direction === 'LR' ? `${mx} ${from.y}, ${mx} ${to.y}` : `${from.x} ${my}, ${to.x} ${my}`;
    from = to;
    return `C ${controls}, ${to.x} ${to.y}`;
  });
  return `M ${first.x} ${first.y} ${parts.join(' ')}`;
}
