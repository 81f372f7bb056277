/** How what led to one version differs from what led to another, by their graphs: pure rules. */
import type { DataNode, LineageGraph, StepNode } from '../contract/lineage.ts';
import type { VersionDifferences } from '../contract/origins.ts';

/** What can be told by the graphs alone. */
export type GraphDifferences = Pick<VersionDifferences, 'data' | 'params' | 'sameEnvironment'>;

/** Both graphs are upstream of a version. */
export function compareVersions(before: LineageGraph, now: LineageGraph): GraphDifferences {
  const [first, second] = [makerOf(before), makerOf(now)];
  const sameEnvironment =
    first.environment === undefined || second.environment === undefined
      ? null
      : first.environment === second.environment;
  return {
    data: compareData(before, now),
    params: compareTexts(first.params, second.params).map(({ key, ...values }) => ({ name: key, ...values })),
    sameEnvironment,
  };
}

function compareData(before: LineageGraph, now: LineageGraph): VersionDifferences['data'] {
  const made = new Set(
    [...before.edges, ...now.edges].filter(({ relation }) => relation === 'made').map(({ to }) => to),
  );
  const [first, second] = [dataIn(before), dataIn(now)];
  const isMade = (path: string) =>
    [...(first.get(path) ?? []), ...(second.get(path) ?? [])].some(({ id }) => made.has(id));
  const differing = compareTexts(digestsOf(first), digestsOf(second));
  return differing
    .map(({ key, ...digests }) => ({ path: key, ...digests, made: isMade(key) }))
    .sort((a, b) => Number(a.made) - Number(b.made));
}

/** The data of a graph by path; of one path, several contents can have been read. */
function dataIn({ nodes }: LineageGraph): Map<string, DataNode[]> {
  return Map.groupBy(
    nodes.filter(node => node.kind === 'data'),
    ({ path }) => path,
  );
}

function digestsOf(data: ReadonlyMap<string, readonly DataNode[]>): Record<string, string> {
  return Object.fromEntries(
    [...data].map(([path, nodes]) => [
      path,
      nodes
        .map(({ digest }) => digest ?? 'unknown')
        .toSorted()
        .join(', '),
    ]),
  );
}

interface Maker {
  /** Undefined when it is not known; null when there was none. */
  readonly environment: string | null | undefined;
  readonly params: Readonly<Record<string, string>>;
}

/** Id of the run that a version is of, by the graph upstream of it. */
export function runOf({ nodes, edges, start }: LineageGraph): string | undefined {
  const from = edges.find(({ to, relation }) => to === start && relation === 'registered as')?.from;
  const run = nodes.find(node => node.id === from);
  return run?.kind === 'run' ? run.runId : undefined;
}

/** What made a version: the newest step before it, else the run that it is of. */
function makerOf(graph: LineageGraph): Maker {
  const { nodes } = graph;
  const steps = nodes.filter(node => node.kind === 'step');
  const last = steps.toSorted((a, b) => (b.startTime ?? 0) - (a.startTime ?? 0))[0];
  if (last)
    return {
      environment: last.environment,
      params: Object.assign({}, ...steps.map(paramsOf)),
    };
  const id = runOf(graph);
  const run = nodes.find(node => node.kind === 'run' && node.runId === id);
  if (run?.kind !== 'run') return { environment: undefined, params: {} };
  return { environment: undefined, params: run.params };
}

function paramsOf({ params }: StepNode): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : JSON.stringify(value),
    ]),
  );
}

/** The keys whose texts differ, by name. */
function compareTexts(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): { key: string; before: string | null; now: string | null }[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].toSorted();
  return keys
    .filter(key => before[key] !== now[key])
    .map(key => ({ key, before: before[key] ?? null, now: now[key] ?? null }));
}
