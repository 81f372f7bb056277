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

/** Steps in an order in which they can run: each after those it needs, otherwise as they come. */
export function inOrder<S extends { readonly name: string; readonly needs: readonly string[] }>(
  steps: readonly S[],
): S[] {
  const byName = new Map(steps.map(step => [step.name, step]));
  const ordered = new Set<S>();
  // Without recursion: a chain may have thousands of steps.
  const open = steps.toReversed();
  for (let step = open.at(-1); step; step = open.at(-1)) {
    const missing = ordered.has(step) ? [] : step.needs.map(need => byName.get(need) as S);
    const next = missing.filter(need => !ordered.has(need));
    if (next.length > 0) {
      open.push(...next.toReversed());
      continue;
    }
    ordered.add(step);
    open.pop();
  }
  return [...ordered];
}

/** One cycle among the steps, as a path that ends where it begins; undefined when there is none. */
export function findCycle(needs: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  for (const start of needs.keys()) {
    const cycle = done.has(start) ? undefined : cycleFrom(start, needs, done);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Depth first, without recursion. @param done names from which no cycle is reached; more are added */
function cycleFrom(
  start: string,
  needs: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): string[] | undefined {
  const leftOf = (name: string) => ({ name, left: [...(needs.get(name) ?? [])].reverse() });
  const trail = [leftOf(start)];
  const onTrail = new Set([start]);
  for (let at = trail.at(-1); at; at = trail.at(-1)) {
    const need = at.left.pop();
    if (need === undefined) {
      done.add(at.name);
      onTrail.delete(at.name);
      trail.pop();
    } else if (onTrail.has(need)) {
      const names = trail.map(({ name }) => name);
      return [...names.slice(names.indexOf(need)), need];
    } else if (!done.has(need)) {
      onTrail.add(need);
      trail.push(leftOf(need));
    }
  }
  return undefined;
}
