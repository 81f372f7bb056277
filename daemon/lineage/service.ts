/** Lineage as the store knows it, with what is served at the moment. */
import { ApiError, missing } from '../contract/errors.ts';
import {
  type Affected,
  type DeploymentNode,
  EXPORTED_NODES,
  LINEAGE_DEPTH,
  LINEAGE_NODES,
  type LineageDirection,
  type LineageGraph,
  type LineageNode,
  type OpenLineageEvent,
  type VersionNode,
} from '../contract/lineage.ts';
import type { RunOrigin, VersionDifferences } from '../contract/origins.ts';
import type { Endpoint } from '../contract/serving.ts';
import type { Database } from '../database/database.ts';
import type { CodeOfRuns } from './code.ts';
import type { DataFacts } from './data-facts.ts';
import { deploymentOfVersion } from './describe.ts';
import { SERVED_STAGES, versionId } from './model.ts';
import { eventsOf } from './openlineage.ts';
import type { FoundOrigin } from './origins.ts';
import { compareVersions, runOf } from './version-differences.ts';

/** What serves a model at the moment. */
export type FindEndpoint = (model: string) => Promise<Pick<Endpoint, 'processes'>>;

export interface LineageParts {
  readonly database: Database;
  readonly facts: DataFacts;
  readonly findEndpoint: FindEndpoint;
  /** Absolute path. */
  readonly workspace: string;
  readonly deliver: Deliver;
  readonly code: CodeOfRuns;
  /** The lock of the environment of an execution, by its run; undefined when none was recorded. */
  readonly findLock: (executionRunId: string) => Promise<string | undefined>;
}

/**
 * Posts JSON to an address outside.
 *
 * @returns why it was not taken; undefined when it was
 * @throws ApiError INVALID_PARAMETER_VALUE for an address that may not be reached
 */
export type Deliver = (request: {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly body: string;
}) => Promise<string | undefined>;

interface SendRequest {
  readonly node?: string | undefined;
  readonly url: string;
  readonly apiKey?: string | undefined;
}

interface Exported {
  readonly events: OpenLineageEvent[];
  readonly leftOut: number;
  readonly remarks: string[];
}

/** What is asked for. */
export interface LineageRequest {
  readonly node: string;
  readonly direction?: LineageDirection | undefined;
  readonly depth: number;
  readonly limit: number;
}

/** As far as a graph can go. */
const BOTH_WAYS = {
  directions: ['upstream', 'downstream'],
  depth: LINEAGE_DEPTH.most,
  limit: LINEAGE_NODES.most,
} as const;

/** Versions of data whose rows and columns are looked for, for an export. */
const EXPORTED_FACTS = 1_000;

export class LineageService {
  readonly #parts: LineageParts;

  constructor(parts: LineageParts) {
    this.#parts = parts;
  }

  /** @throws ApiError INVALID_PARAMETER_VALUE when the text names no node, RESOURCE_DOES_NOT_EXIST when there is none */
  async graph({ direction, ...request }: LineageRequest): Promise<LineageGraph> {
    const { database, workspace, facts } = this.#parts;
    const directions = direction === undefined ? (['upstream', 'downstream'] as const) : [direction];
    const found = await database.read('lineage.graph', { ...request, directions, workspace });
    const graph = { ...found, nodes: await facts.complete(found.nodes) };
    return this.#withProcesses(graph, directions.includes('downstream'));
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST when nothing is known to have read or made it */
  async affected(what: string): Promise<Affected> {
    const { database, workspace } = this.#parts;
    const found = await database.read('lineage.affected', { what, workspace });
    const live = await this.#processesOf(found.versions);
    const deployments = found.deployments.map(each => withState(each, live));
    return { ...found, deployments: [...deployments, ...unnamed(found.versions, deployments, live)] };
  }

  /** What runs were made from, in their order, without those that are gone. */
  async origins(runIds: readonly string[]): Promise<RunOrigin[]> {
    const found = await this.#parts.database.read('lineage.origins', runIds);
    const runs = new Set(found.flatMap(({ executionRunId }) => executionRunId ?? []));
    const locks = new Map(
      await Promise.all([...runs].map(async run => [run, linesOf(await this.#parts.findLock(run))] as const)),
    );
    return found.map(({ executionRunId, pipeline: _, ...origin }) => ({
      ...origin,
      packages: (executionRunId === null ? null : locks.get(executionRunId)) ?? null,
    }));
  }

  /** The files in which the code of two runs differs. @throws ApiError RESOURCE_DOES_NOT_EXIST when one is gone */
  async codeChanges(from: string, to: string) {
    const [before, now] = await Promise.all([this.#origin(from), this.#origin(to)]);
    return this.#parts.code.changes(before, now);
  }

  /** A file of the code of a run. @throws ApiError as `CodeOfRuns.read` does */
  async codeFile(run: string, path: string): Promise<{ text: string }> {
    return { text: await this.#parts.code.read(await this.#origin(run), path) };
  }

  async #origin(run: string): Promise<FoundOrigin> {
    const [found] = await this.#parts.database.read('lineage.origins', [run]);
    if (!found) throw missing(`There is no run “${run}”.`);
    return found;
  }

  /**
   * What differs between what led to a version and what led to another of its model.
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such version
   */
  async differences(model: string, version: number, against: number): Promise<VersionDifferences> {
    const [before, now] = await Promise.all([this.#upstream(model, against), this.#upstream(model, version)]);
    const { code, more, remarks } = await this.#codeBetween(runOf(before), runOf(now));
    const cut = before.leftOut.length + now.leftOut.length > 0;
    const bounds = cut ? ['More led to them than was looked at.'] : [];
    const further = more > 0 ? [`${more} further files of code differ.`] : [];
    return { against, ...compareVersions(before, now), code, remarks: [...remarks, ...further, ...bounds] };
  }

  /** Null where it cannot be told. */
  async #codeBetween(before: string | undefined, now: string | undefined) {
    if (before === now) return { code: [], more: 0, remarks: [] };
    if (before === undefined || now === undefined)
      return {
        code: null,
        more: 0,
        remarks: ['Of one of them, the run is not known: its code cannot be compared.'],
      };
    const { changes, ...rest } = await this.codeChanges(before, now);
    return { code: changes, ...rest };
  }

  #upstream(model: string, version: number): Promise<LineageGraph> {
    const { database, workspace } = this.#parts;
    const node = versionId(model, version);
    return database.read('lineage.graph', { ...BOTH_WAYS, node, directions: ['upstream'], workspace });
  }

  /**
   * Events of OpenLineage: of the graph around a node, or of everything.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE, RESOURCE_DOES_NOT_EXIST
   */
  async events(node: string | undefined): Promise<Exported> {
    const { database, workspace, facts } = this.#parts;
    const graph =
      node === undefined
        ? await database.read('lineage.all', { workspace, limit: EXPORTED_NODES })
        : await database.read('lineage.graph', { node, workspace, ...BOTH_WAYS });
    const nodes = await facts.complete(graph.nodes, EXPORTED_FACTS);
    return {
      events: eventsOf({ ...graph, nodes }),
      leftOut: graph.leftOut.reduce((sum, { count }) => sum + count, 0),
      remarks: graph.remarks,
    };
  }

  /**
   * Sends these events, one after the other.
   *
   * @throws ApiError INVALID_PARAMETER_VALUE for an address that may not be reached, BAD_REQUEST when one is not taken:
   * sending all again does no harm, for they are the same
   */
  async send({
    node,
    url,
    apiKey,
  }: SendRequest): Promise<{ sent: number; leftOut: number; remarks: string[] }> {
    const { events, leftOut, remarks } = await this.events(node);
    for (const [sent, event] of events.entries()) {
      const why = await this.#parts.deliver({ url: receiver(url), apiKey, body: JSON.stringify(event) });
      if (why !== undefined)
        throw new ApiError('BAD_REQUEST', `${sent} of ${events.length} events were sent; then: ${why}`);
    }
    return { sent: events.length, leftOut, remarks };
  }

  async #withProcesses(graph: LineageGraph, downstream: boolean): Promise<LineageGraph> {
    const live = await this.#processesOf(graph.nodes.filter(isVersion));
    const nodes = graph.nodes.map(node => (node.kind === 'deployment' ? withState(node, live) : node));
    const more = downstream
      ? unnamed(
          nodes.filter(isVersion),
          nodes.filter(node => node.kind === 'deployment'),
          live,
        )
      : [];
    const edges = more.map(({ id, name, version }) => ({
      from: `model:${name}/${version}`,
      to: id,
      relation: 'served by' as const,
    }));
    return { ...graph, nodes: [...nodes, ...more], edges: [...graph.edges, ...edges] };
  }

  /** Live processes by name and version of what they serve. */
  async #processesOf(versions: readonly { readonly name: string }[]): Promise<Processes> {
    const names = [...new Set(versions.map(({ name }) => name))];
    const found = await Promise.all(
      names.map(async name => {
        const { processes } = await this.#parts.findEndpoint(name);
        return processes.map(each => [`${name}/${each.version}`, each.state] as const);
      }),
    );
    return new Map(found.flat());
  }
}

/** Where receivers of OpenLineage take events, unless the address says another place. */
const RECEIVER_PATH = '/api/v1/lineage';

function receiver(text: string): string {
  const url = URL.parse(text);
  if (url?.pathname !== '/') return text;
  url.pathname = RECEIVER_PATH;
  return url.href;
}

/** The packages in a lock, without markers, hashes and comments; null without a lock. */
function linesOf(lock: string | undefined): string[] | null {
  if (lock === undefined) return null;
  return lock
    .split('\n')
    .filter(line => /^[^\s#-]/.test(line))
    .map(line => line.replace(/\s+(\\|--hash|#|;).*$/, '').trim());
}

type Processes = ReadonlyMap<string, Endpoint['processes'][number]['state']>;

function isVersion(node: LineageNode): node is Extract<LineageNode, { kind: 'model' }> {
  return node.kind === 'model';
}

function withState(node: DeploymentNode, live: Processes): DeploymentNode {
  return { ...node, state: live.get(`${node.name}/${node.version}`) ?? node.state };
}

/** Versions that are served by their number, which no stage has. */
function unnamed(
  versions: readonly Pick<VersionNode, 'name' | 'version' | 'stage'>[],
  deployments: readonly DeploymentNode[],
  live: Processes,
): DeploymentNode[] {
  const served = new Set(deployments.map(({ name, version }) => `${name}/${version}`));
  return versions
    .filter(
      ({ name, version, stage }) =>
        live.has(`${name}/${version}`) && !served.has(`${name}/${version}`) && !SERVED_STAGES.includes(stage),
    )
    .map(({ name, version }) => withState(deploymentOfVersion(name, version), live));
}
