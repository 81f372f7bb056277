/** What the page shows of nodes, in words: pure. */
import { formatAge } from '../../daemon/contract/display.ts';
import type { LineageEdge, LineageGraph, LineageKind, LineageNode } from '../../daemon/contract/lineage.ts';
import { STEP_ICON, type Tone } from '../ui/tones.ts';

/** What people call a kind, and its icon. */
export const KIND: Record<LineageKind, { readonly word: string; readonly icon: string }> = {
  data: { word: 'Data', icon: 'file' },
  step: { word: 'Step', icon: 'gear' },
  run: { word: 'Run', icon: 'graph-line' },
  model: { word: 'Version', icon: 'package' },
  evaluation: { word: 'Evaluation', icon: 'beaker' },
  deployment: { word: 'Deployment', icon: 'cloud' },
};

/** How a node stands to the one that was chosen. */
export type Side = 'chosen' | 'upstream' | 'downstream' | 'both' | 'none';

/** A node as the graph and the table show it. */
export interface NodeView {
  /** Its id. */
  readonly name: string;
  /** Ids of the nodes that it directly came from. */
  readonly needs: readonly string[];
  readonly node: LineageNode;
  readonly kind: string;
  readonly icon: string;
  readonly tone: Tone;
  readonly title: string;
  readonly facts: string;
  readonly side: Side;
}

/** @param chosen id of the node whose ways are told */
export function nodeViews({ nodes, edges }: LineageGraph, chosen: string, now: number): NodeView[] {
  const upstream = reached(chosen, edges, ({ from, to }) => [to, from]);
  const downstream = reached(chosen, edges, ({ from, to }) => [from, to]);
  const needs = new Map<string, string[]>();
  for (const { from, to } of edges) needs.set(to, [...(needs.get(to) ?? []), from]);
  return nodes.map(node => ({
    name: node.id,
    needs: needs.get(node.id) ?? [],
    node,
    kind: KIND[node.kind].word,
    icon: KIND[node.kind].icon,
    tone: toneOf(node),
    title: titleOf(node),
    facts: factsOf(node, now).join(' · '),
    side: sideOf(node.id, chosen, upstream, downstream),
  }));
}

/** All that can be reached from a node along edges. @param ends of an edge: where one is, and where it leads */
function reached(
  start: string,
  edges: readonly LineageEdge[],
  ends: (edge: LineageEdge) => readonly [at: string, next: string],
): Set<string> {
  const beside = new Map<string, string[]>();
  for (const edge of edges) {
    const [at, next] = ends(edge);
    beside.set(at, [...(beside.get(at) ?? []), next]);
  }
  const found = new Set<string>();
  const open = [...(beside.get(start) ?? [])];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(beside.get(id) ?? []));
  }
  return found;
}

function sideOf(
  id: string,
  chosen: string,
  upstream: ReadonlySet<string>,
  downstream: ReadonlySet<string>,
): Side {
  if (id === chosen) return 'chosen';
  if (upstream.has(id)) return downstream.has(id) ? 'both' : 'upstream';
  return downstream.has(id) ? 'downstream' : 'none';
}

/** What a person calls a node within its graph: without what its facts say. */
function titleOf(node: LineageNode): string {
  if (node.kind === 'step') return node.step;
  return node.kind === 'model' ? `${node.name} v${node.version}` : node.label;
}

function factsOf(node: LineageNode, now: number): string[] {
  switch (node.kind) {
    case 'data':
      return dataFacts(node);
    case 'step':
      return [node.executionName, ...(node.startTime === null ? [] : [formatAge(node.startTime, now)])];
    case 'run':
      return node.status === null
        ? ['permanently deleted']
        : [node.status.toLowerCase(), ...(node.startTime === null ? [] : [formatAge(node.startTime, now)])];
    case 'model':
      return [node.stage, ...node.aliases.map(alias => `@${alias}`)];
    case 'evaluation':
      return [node.status.toLowerCase(), formatAge(node.startTime, now)];
    case 'deployment':
      return [`v${node.version}`, node.state];
  }
}

function dataFacts({ digest, rows, schema, size }: Extract<LineageNode, { kind: 'data' }>): string[] {
  return [
    digest === null ? 'not known what it held' : digest.slice(0, 8),
    ...(rows === null ? [] : [counted(rows, 'row')]),
    ...(schema === null ? [] : [counted(schema.length, 'column')]),

    ...(rows === null && size !== null ? [counted(size, 'byte')] : []),
  ];
}

function counted(count: number, word: string): string {
  return `${count.toLocaleString()} ${word}${count === 1 ? '' : 's'}`;
}

const DEPLOYMENT_TONE: Record<Extract<LineageNode, { kind: 'deployment' }>['state'], Tone> = {
  'on demand': 'scheduled',
  starting: 'running',
  ready: 'finished',
  failed: 'failed',
};

/** The colour of its state, where it has one; a word always stands with it. */
function toneOf(node: LineageNode): Tone {
  switch (node.kind) {
    case 'step':
      return STEP_ICON[node.status][1];
    case 'run':
    case 'evaluation':
      return (node.status ?? 'LOST').toLowerCase() as Tone;
    case 'deployment':
      return DEPLOYMENT_TONE[node.state];
    case 'model':
      return node.stage === 'Production' ? 'finished' : node.stage === 'Staging' ? 'running' : 'scheduled';
    case 'data':
      return 'scheduled';
  }
}

/** In words, for a screen reader and the table. */
export const SIDE_WORDS: Record<Side, string> = {
  chosen: 'chosen',
  upstream: 'it came from this',
  downstream: 'came of it',
  both: 'on both sides of it',
  none: '',
};
