/** Going through the graph, within bounds: pure. */
import type { LeftOut, LineageDirection, LineageEdge, LineageRelation } from '../contract/lineage.ts';

/** A node beside another one. */
export interface Neighbour {
  readonly id: string;
  readonly relation: LineageRelation;
}

/** What is beside a node. @param from the node that it was reached from */
export type Neighbours = (id: string, direction: LineageDirection, from: string | undefined) => Neighbour[];

/** What was found from some nodes on. */
export interface Walked {
  /** Names of nodes, in the order in which they were found, each with the one it was first reached from. */
  readonly nodes: ReadonlyMap<string, string | undefined>;
  readonly edges: LineageEdge[];
  readonly leftOut: LeftOut[];
}

interface Bounds {
  /** Steps away from a start at most. */
  readonly depth: number;
  /** Nodes at most. */
  readonly limit: number;
}

/** Goes breadth first, so that what is nearest is there when not all of it can be. */
export function walk(
  starts: readonly string[],
  directions: readonly LineageDirection[],
  bounds: Bounds,
  neighbours: Neighbours,
): Walked {
  const walked = new Walk(starts, bounds, neighbours);
  for (const direction of directions) walked.go(direction);
  return walked.found;
}

class Walk {
  readonly #starts: readonly string[];
  readonly #bounds: Bounds;
  readonly #neighbours: Neighbours;
  readonly #nodes: Map<string, string | undefined>;
  readonly #edges = new Map<string, LineageEdge>();
  readonly #leftOut: LeftOut[] = [];

  constructor(starts: readonly string[], bounds: Bounds, neighbours: Neighbours) {
    this.#starts = starts;
    this.#bounds = bounds;
    this.#neighbours = neighbours;
    this.#nodes = new Map(starts.map(id => [id, undefined]));
  }

  get found(): Walked {
    return { nodes: this.#nodes, edges: [...this.#edges.values()], leftOut: this.#leftOut };
  }

  go(direction: LineageDirection): void {
    const seen = new Set(this.#starts);
    let level = this.#starts;
    for (let depth = 0; level.length > 0; depth += 1) {
      const isLast = depth >= this.#bounds.depth;
      const reached = level.flatMap(id => this.#step(id, direction, isLast));
      level = [...new Set(reached)].filter(id => !seen.has(id));
      for (const id of level) seen.add(id);
    }
  }

  /** @returns the neighbours to go on from */
  #step(id: string, direction: LineageDirection, isLast: boolean): string[] {
    const beside = this.#neighbours(id, direction, this.#nodes.get(id));
    const missed = beside.filter(({ id: other }) => !this.#take(other, id, isLast));
    if (missed.length > 0) this.#leftOut.push({ node: id, direction, count: missed.length });
    const taken = beside.filter(({ id: other }) => this.#nodes.has(other));
    for (const { id: other, relation } of taken) {
      const [from, to] = direction === 'upstream' ? [other, id] : [id, other];
      this.#edges.set(`${from}\n${to}\n${relation}`, { from, to, relation });
    }
    return isLast ? [] : taken.map(({ id: other }) => other);
  }

  /** @returns whether the node is in the graph, now or before */
  #take(id: string, from: string, isLast: boolean): boolean {
    if (this.#nodes.has(id)) return true;
    if (isLast || this.#nodes.size >= this.#bounds.limit) return false;
    this.#nodes.set(id, from);
    return true;
  }
}

/** The nodes from a start to one that was found, both included. */
export function wayTo(id: string, nodes: Walked['nodes']): string[] {
  const way: string[] = [];
  for (let at: string | undefined = id; at !== undefined && !way.includes(at); at = nodes.get(at))
    way.unshift(at);
  return way;
}
