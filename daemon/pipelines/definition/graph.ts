import path from 'node:path';

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

/** Whether two paths are the same or one lies inside the other. */
function overlap(one: string, other: string): boolean {
  return one === other || isInside(one, other) || isInside(other, one);
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

/** The steps that each step needs, by `after` and by data (a dependency equals, contains or lies in an output). */
export function needsOf(nodes: readonly Node[]): Map<string, string[]> {
  return new Map(
    nodes.map(node => {
      const makers = nodes.filter(
        maker => maker !== node && node.deps.some(dep => maker.makes.some(out => overlap(dep, out))),
      );
      return [node.name, [...new Set([...node.after, ...makers.map(maker => maker.name)])]];
    }),
  );
}

/** Pairs of steps that write the same place: the later step with its output, and the earlier step. */
export function clashes(
  nodes: readonly Node[],
): { step: string; out: string; other: string; otherOut: string }[] {
  return nodes.flatMap((node, index) =>
    nodes.slice(0, index).flatMap(earlier =>
      node.makes.flatMap(out => {
        const otherOut = earlier.makes.find(other => overlap(out, other));
        return otherOut === undefined ? [] : [{ step: node.name, out, other: earlier.name, otherOut }];
      }),
    ),
  );
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
