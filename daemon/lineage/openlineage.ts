/** Events of OpenLineage 2-0-2 from a graph: pure. Names follow its conventions (`spec/Naming.md`). */
import { createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { PRODUCT_VERSION } from '../client/version.ts';
import type {
  DataNode,
  EvaluationNode,
  LineageEdge,
  LineageGraph,
  LineageNode,
  OpenLineageEvent,
  RunNode,
  StepNode,
  VersionNode,
} from '../contract/lineage.ts';

const SPEC = 'https://openlineage.io/spec';
const PRODUCER = `urn:modelthat:${PRODUCT_VERSION}`;
/** Of jobs and models: those of one project, which the name of its store's folder would not tell apart. */
const NAMESPACE = 'modelthat';

/** The facets that are made, with the versions of their schemas. */
const FACETS = {
  SchemaDatasetFacet: '1-2-0',
  DatasourceDatasetFacet: '1-0-1',
  DatasetVersionDatasetFacet: '1-0-1',
  InputStatisticsInputDatasetFacet: '1-0-0',
  OutputStatisticsOutputDatasetFacet: '1-0-2',
  SourceCodeLocationJobFacet: '1-1-0',
  JobTypeJobFacet: '2-0-4',
  ParentRunFacet: '1-2-0',
  NominalTimeRunFacet: '1-0-1',
  ProcessingEngineRunFacet: '1-1-1',
  ExecutionParametersRunFacet: '1-0-0',
} as const;

type Dataset = OpenLineageEvent['inputs'][number];
type Facet = Dataset['facets'][string];

function facet(name: keyof typeof FACETS, content: Record<string, unknown>): Facet {
  const schema = `${SPEC}/facets/${FACETS[name]}/${name}.json#/$defs/${name}`;
  return { ...content, _producer: PRODUCER, _schemaURL: schema };
}

/** What has events: it began, and what it began can end. */
type Job = StepNode | RunNode | EvaluationNode;

/** A START for each step, run and evaluation that began, and how it ended; in the order of time. */
export function eventsOf(graph: Pick<LineageGraph, 'nodes' | 'edges'>): OpenLineageEvent[] {
  const context = new Surroundings(graph);
  return graph.nodes
    .filter((node): node is Job => ['step', 'run', 'evaluation'].includes(node.kind))
    .filter(node => !(node.kind === 'run' && context.stepOf(node.id)))
    .flatMap(node => jobEvents(node, context))
    .toSorted((a, b) => (a.eventTime < b.eventTime ? -1 : Number(a.eventTime > b.eventTime)));
}

/** A graph, by what is beside a node. */
class Surroundings {
  readonly #nodes: ReadonlyMap<string, LineageNode>;
  readonly #above = new Map<string, LineageEdge[]>();
  readonly #below = new Map<string, LineageEdge[]>();

  constructor({ nodes, edges }: Pick<LineageGraph, 'nodes' | 'edges'>) {
    this.#nodes = new Map(nodes.map(node => [node.id, node]));
    for (const edge of edges) {
      this.#above.set(edge.to, [...(this.#above.get(edge.to) ?? []), edge]);
      this.#below.set(edge.from, [...(this.#below.get(edge.from) ?? []), edge]);
    }
  }

  above<Kind extends LineageNode['kind']>(id: string, kind: Kind) {
    return this.#beside(this.#above.get(id), edge => edge.from, kind);
  }

  below<Kind extends LineageNode['kind']>(id: string, kind: Kind) {
    return this.#beside(this.#below.get(id), edge => edge.to, kind);
  }

  stepOf(run: string): StepNode | undefined {
    return this.above(run, 'step')[0];
  }

  #beside<Kind extends LineageNode['kind']>(
    edges: readonly LineageEdge[] | undefined,
    end: (edge: LineageEdge) => string,
    kind: Kind,
  ): Extract<LineageNode, { kind: Kind }>[] {
    return (edges ?? []).flatMap(edge => {
      const node = this.#nodes.get(end(edge));
      return node?.kind === kind ? [node as Extract<LineageNode, { kind: Kind }>] : [];
    });
  }
}

function jobEvents(node: Job, context: Surroundings): OpenLineageEvent[] {
  if (node.startTime === null) return [];
  // What a step logged to is a part of it.
  const runs = node.kind === 'step' ? context.below(node.id, 'run') : [];
  const ids = [node.id, ...runs.map(({ id }) => id)];
  const shared = {
    producer: PRODUCER,
    schemaURL: `${SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent`,
    run: { runId: runIdOf(node, runs[0]), facets: runFacets(node, context) },
    job: { namespace: NAMESPACE, name: jobName(node, context), facets: jobFacets(node) },
    inputs: [
      ...ids.flatMap(id => context.above(id, 'data')).map(data => dataset(data, 'input')),
      ...context.above(node.id, 'model').map(modelDataset),
    ],
    outputs: [
      ...context.below(node.id, 'data').map(data => dataset(data, 'output')),
      ...ids.flatMap(id => context.below(id, 'model')).map(modelDataset),
    ],
  };
  const start = { eventType: 'START' as const, eventTime: time(node.startTime), ...shared };
  const end = endOf(node);
  return end ? [start, { eventType: end, eventTime: time(endTimeOf(node)), ...shared }] : [start];
}

const ENDS: Readonly<Record<string, OpenLineageEvent['eventType']>> = {
  succeeded: 'COMPLETE',
  failed: 'FAIL',
  rejected: 'FAIL',
  cancelled: 'ABORT',
  skipped: 'ABORT',
  FINISHED: 'COMPLETE',
  FAILED: 'FAIL',
  KILLED: 'ABORT',
  LOST: 'ABORT',
};

function endOf({ status }: Job): OpenLineageEvent['eventType'] | undefined {
  return status === null ? undefined : ENDS[status];
}

function endTimeOf({ startTime, endTime }: Job): number {
  return endTime ?? startTime ?? 0;
}

function time(at: number): string {
  return new Date(at).toISOString();
}

/** Those of steps that logged, and of runs, are MLflow's ids, which are UUIDs without dashes. */
function runIdOf(node: Job, run: RunNode | undefined): string {
  if (node.kind !== 'step') return uuid(node.runId);
  return uuid(run ? run.runId : node.id);
}

/** The same for the same text: version 5 of RFC 9562 in form. */
function uuid(text: string): string {
  const hex = /^[0-9a-f]{32}$/.test(text) ? text : named(text);
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function named(text: string): string {
  const hash = createHash('sha1').update(`modelthat:${text}`).digest('hex').slice(0, 32);
  const variant = ((Number.parseInt(hash.charAt(16), 16) & 0x3) | 0x8).toString(16);
  return `${hash.slice(0, 12)}5${hash.slice(13, 16)}${variant}${hash.slice(17)}`;
}

function jobName(node: Job, context: Surroundings): string {
  if (node.kind === 'step') return `${pipelineOf(node)}.${node.step}`;
  if (node.kind === 'run') return node.source ?? node.label;
  const [model] = context.above(node.id, 'model');
  return `evaluate.${model?.name ?? node.label}`;
}

function pipelineOf({ executionName }: StepNode): string {
  return executionName.replace(/ #\d+$/, '');
}

function runFacets(node: Job, context: Surroundings): Record<string, Facet> {
  const facets: Record<string, Facet> = {
    processing_engine: facet('ProcessingEngineRunFacet', { name: 'modelthat', version: PRODUCT_VERSION }),
    nominalTime: facet('NominalTimeRunFacet', { nominalStartTime: time(node.startTime ?? 0) }),
  };
  if (node.kind === 'step')
    facets.parent = facet('ParentRunFacet', {
      run: { runId: uuid(node.executionRunId) },
      job: { namespace: NAMESPACE, name: pipelineOf(node) },
    });
  const [parent] = context.above(node.id, 'run');
  if (parent)
    facets.parent = facet('ParentRunFacet', {
      run: { runId: uuid(parent.runId) },
      job: { namespace: NAMESPACE, name: jobName(context.stepOf(parent.id) ?? parent, context) },
    });
  const params = node.kind === 'evaluation' ? [] : Object.entries(node.params);
  if (params.length > 0)
    facets.executionParameters = facet('ExecutionParametersRunFacet', {
      parameters: params.map(([key, value]) => ({
        key,
        value: typeof value === 'string' ? value : JSON.stringify(value),
      })),
    });
  return facets;
}

function jobFacets(node: Job): Record<string, Facet> {
  const jobType = facet('JobTypeJobFacet', {
    processingType: 'BATCH',
    integration: 'MODELTHAT',
    jobType: node.kind.toUpperCase(),
  });
  const code = node.kind === 'step' ? node.code : null;
  const url = code?.repository ? repositoryUrl(code.repository) : undefined;
  if (!code || url === undefined) return { jobType };
  const { commit, branch } = code;
  const sourceCodeLocation = facet('SourceCodeLocationJobFacet', {
    ...{ type: 'git', url, repoUrl: url },
    ...(commit !== null && { version: commit }),
    ...(branch !== null && { branch }),
  });
  return { jobType, sourceCodeLocation };
}

/** The short form that git and ssh share (`git@host:path`) is no URL. */
function repositoryUrl(repository: string): string | undefined {
  const [, host, place] = /^([^/:]+@[^/:]+):(?!\/\/)(.+)$/.exec(repository) ?? [];
  const text = host === undefined ? repository : `ssh://${host}/${place}`;
  return URL.canParse(text) ? text : undefined;
}

function dataset(node: DataNode, direction: 'input' | 'output'): Dataset {
  const { namespace, name, uri } = nameOf(node);
  const { rows, size, digest, schema } = node;
  const facets: Record<string, Facet> = {
    dataSource: facet('DatasourceDatasetFacet', { name: namespace, uri }),
    ...(digest !== null && { version: facet('DatasetVersionDatasetFacet', { datasetVersion: digest }) }),
    ...(schema !== null && {
      schema: facet('SchemaDatasetFacet', { fields: schema.map(field => ({ ...field })) }),
    }),
  };
  const statistics = { ...(rows !== null && { rowCount: rows }), ...(size !== null && { size }) };
  if (Object.keys(statistics).length === 0) return { namespace, name, facets };
  return direction === 'input'
    ? {
        ...{ namespace, name, facets },
        inputFacets: { inputStatistics: facet('InputStatisticsInputDatasetFacet', statistics) },
      }
    : {
        ...{ namespace, name, facets },
        outputFacets: { outputStatistics: facet('OutputStatisticsOutputDatasetFacet', statistics) },
      };
}

function nameOf({ file, path: place }: DataNode): { namespace: string; name: string; uri: string } {
  if (file !== null) return { namespace: 'file', name: file, uri: pathToFileURL(file).href };
  const url = URL.parse(place);
  if (!url || url.host === '')
    return { namespace: NAMESPACE, name: place, uri: `urn:modelthat:data:${encodeURIComponent(place)}` };
  return {
    namespace: `${url.protocol}//${url.host}`,
    name: url.pathname.replace(/^\//, '') || '/',
    uri: url.href,
  };
}

/** A registered version, as the version of a data set that the model is. */
function modelDataset({ name, version }: VersionNode): Dataset {
  return {
    namespace: NAMESPACE,
    name: `models/${name}`,
    facets: {
      version: facet('DatasetVersionDatasetFacet', { datasetVersion: String(version) }),
      dataSource: facet('DatasourceDatasetFacet', {
        name: NAMESPACE,
        uri: `models:/${encodeURIComponent(name)}/${version}`,
      }),
    },
  };
}
