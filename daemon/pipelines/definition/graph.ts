import path from 'node:path';
import { PathIndex } from './path-index.ts';

/** What the order of steps depends on. */
export interface Node {
  readonly name: string;
  /** Names of steps, checked to exist. */
  readonly after: readonly string[];
  /** Absolute paths. */
  readonly deps: readonly string[];
  /** Absolute paths of everything the step writes. */
  readonly makes: readonly string[];
}

/** Whether `child` lies below `parent`. */
export function isInside(child: string, parent: string): boolean {
  const relative = path.relative(parent, child);
  return (
    relative !== '' &&
    relative !== '..' &&
    !relative.startsWith(`..${path.sep}`) &&
    !path.isAbsolute(relative)
  );
}

/** The steps whose data each step needs (a dependency equals, contains or lies in an output). */
export function makersOf(nodes: readonly Node[]): Map<string, string[]> {
  // By position, so that they come as in the file whatever the order of the dependencies.
  const makers = new PathIndex<number>();
  for (const [position, node] of nodes.entries()) for (const out of node.makes) makers.add(out, position);
  return new Map(
    nodes.map(({ name, deps }) => {
      const positions = [...new Set(deps.flatMap(dep => makers.touching(dep)))].sort((a, b) => a - b);
      return [name, positions.map(position => nodes[position]?.name ?? name).filter(maker => maker !== name)];
    }),
  );
}

/** Pairs of steps that write the same place: the later step with its output, and the earlier step. */
export function clashes(
  nodes: readonly Node[],
): { step: string; out: string; other: string; otherOut: string }[] {
  const written = new PathIndex<{ other: string; otherOut: string }>();
  return nodes.flatMap(node => {
    const found = node.makes.flatMap(out => {
      const firstOfEach = new Map(written.touching(out).map(earlier => [earlier.other, earlier]));
      return [...firstOfEach.values()].map(earlier => ({ step: node.name, out, ...earlier }));
    });
    for (const out of node.makes) written.add(out, { other: node.name, otherOut: out });
    return found;
  });
}

/** One cycle among the steps, as a path that ends where it begins; undefined when there is none. */
export function findCycle(needs: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const trail: string[] = [];
  const visit = (name: string): string[] | undefined => {
    if (done.has(name)) return undefined;
    const seen = trail.indexOf(name);
    if (seen >= 0) return [...trail.slice(seen), name];
    trail.push(name);
    for (const need of needs.get(name) ?? []) {
      const cycle = visit(need);
      if (cycle) return cycle;
    }
    trail.pop();
    done.add(name);
    return undefined;
  };
  for (const name of needs.keys()) {
    const cycle = visit(name);
    if (cycle) return cycle;
  }
  return undefined;
}
