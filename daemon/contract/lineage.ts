/** Where data, runs, versions and deployments come from, and what came of them. */
import * as z from 'zod';
import { Stage } from './models.ts';
import { CodeVersion, StepStatus } from './pipelines.ts';
import { route } from './route.ts';
import { RunStatus } from './runs.ts';
import { QueryInt, StringMap, Time } from './values.ts';

/** The kinds of nodes, in the order in which things come of each other. */
export const LINEAGE_KINDS = ['data', 'step', 'run', 'model', 'evaluation', 'deployment'] as const;
export type LineageKind = (typeof LINEAGE_KINDS)[number];

/** How nodes are named, as messages tell it. */
export const NODE_FORMS =
  'data:PATH[@DIGEST], step:EXECUTION/STEP, run:ID, model:NAME/VERSION (or /STAGE, or NAME@ALIAS), ' +
  'evaluation:RUN or deployment:NAME/STAGE';

const node = <Kind extends LineageKind>(kind: Kind) =>
  z.object({
    /** Its name: `data:raw/sales.csv@2c26b4…`, `model:sales/3`. */
    id: z.string(),
    kind: z.literal(kind),
    /** What people call it. */
    label: z.string(),
  });

/** A column of a table, or a field of other data. */
export const DataField = z.object({ name: z.string(), type: z.string() });
export type DataField = z.infer<typeof DataField>;

/** What a file or a folder held. */
export const DataNode = node('data').extend({
  /** Relative to the workspace, with `/`; absolute outside of it; the address of data that is no file here. */
  path: z.string(),
  /** SHA-256 in hexadecimal digits; DVC's MD5, which is its version there; else what the client gave. Null = not known. */
  digest: z.string().nullable(),
  /** DVC's name of the version, where DVC keeps it. */
  dvc: z.string().nullable(),
  /** Bytes, where known. */
  size: z.number().nullable(),
  rows: z.number().nullable(),
  /** Null where it could not be read cheaply, and was not logged. */
  schema: z.array(DataField).nullable(),
  /** Absolute path of the file or folder in the workspace; null when it is elsewhere. */
  file: z.string().nullable(),
});
export type DataNode = z.infer<typeof DataNode>;

/** A step of an execution, with all that it depended on besides data. */
export const StepNode = node('step').extend({
  executionId: z.string(),
  /** `store-sales #3`. */
  executionName: z.string(),
  /** Of the execution's own run. */
  executionRunId: z.string(),
  /** Absolute path of the pipeline's file. */
  file: z.string(),
  step: z.string(),
  status: StepStatus,
  startTime: Time.nullable(),
  endTime: Time.nullable(),
  command: z.string().nullable(),
  code: CodeVersion.nullable(),
  /** Leaves of the parameters that it saw, by dotted name. */
  params: z.record(z.string(), z.unknown()),
  /** Hash of the Python environment's lock; null without one. */
  environment: z.string().nullable(),
});
export type StepNode = z.infer<typeof StepNode>;

export const RunNode = node('run').extend({
  runId: z.string(),
  /** Null when the run was permanently deleted. */
  status: RunStatus.nullable(),
  startTime: Time.nullable(),
  endTime: Time.nullable(),
  user: z.string(),
  /** Of code outside of pipelines, as its client said. */
  commit: z.string().nullable(),
  source: z.string().nullable(),
  params: StringMap,
});
export type RunNode = z.infer<typeof RunNode>;

export const VersionNode = node('model').extend({
  name: z.string(),
  version: z.number().int(),
  stage: Stage,
  aliases: z.array(z.string()),
  createdAt: Time,
});
export type VersionNode = z.infer<typeof VersionNode>;

export const EvaluationNode = node('evaluation').extend({
  runId: z.string(),
  status: RunStatus,
  startTime: Time,
  endTime: Time.nullable(),
});
export type EvaluationNode = z.infer<typeof EvaluationNode>;

/** Where predictions of a version are had. */
export const DeploymentNode = node('deployment').extend({
  name: z.string(),
  version: z.number().int(),
  /** Null of a version that is asked for by its number. */
  stage: Stage.nullable(),
  /** Path of requests, with their query. */
  path: z.string(),
  /** `on demand` = its process starts with the first request. */
  state: z.enum(['on demand', 'starting', 'ready', 'failed']),
});
export type DeploymentNode = z.infer<typeof DeploymentNode>;

export const LineageNode = z.discriminatedUnion('kind', [
  DataNode,
  StepNode,
  RunNode,
  VersionNode,
  EvaluationNode,
  DeploymentNode,
]);
export type LineageNode = z.infer<typeof LineageNode>;

/** What the first came to for the second. */
export const LineageRelation = z.enum([
  /** Data, by a step, a run or an evaluation. */ 'read by',
  /** Data, of a step. */ 'made',
  /** A run, of a step. */ 'logged',
  /** A run below a run. */ 'has child',
  /** A logged model, by a run. */ 'used by',
  /** A version, of a run. */ 'registered as',
  /** A version, in an evaluation. */ 'evaluated in',
  /** A version, as the champion in an evaluation. */ 'compared in',
  /** A version, by the gates of a step, in its run. */ 'judged in',
  /** A version, by a deployment. */ 'served by',
]);
export type LineageRelation = z.infer<typeof LineageRelation>;

export const LineageEdge = z.object({ from: z.string(), to: z.string(), relation: LineageRelation });
export type LineageEdge = z.infer<typeof LineageEdge>;

export const LineageDirection = z.enum(['upstream', 'downstream']);
export type LineageDirection = z.infer<typeof LineageDirection>;

/** Neighbours of a node that are not in the graph, for its bounds. */
export const LeftOut = z.object({ node: z.string(), direction: LineageDirection, count: z.number().int() });
export type LeftOut = z.infer<typeof LeftOut>;

export const LineageGraph = z.object({
  /** The node that was asked for: of what was said loosely, the one that was meant. */
  start: z.string(),
  nodes: z.array(LineageNode),
  edges: z.array(LineageEdge),
  /** Empty when it is all there. */
  leftOut: z.array(LeftOut),
  /** What a person should know of it. */
  remarks: z.array(z.string()),
});
export type LineageGraph = z.infer<typeof LineageGraph>;

export const LINEAGE_DEPTH = { default: 30, most: 100 } as const;
export const LINEAGE_NODES = { default: 300, most: 2000 } as const;

export const getLineage = route({
  method: 'GET',
  path: '/api/v1/lineage',
  access: 'tracking',
  summary:
    'What something came from, and what came of it: data, steps, runs, versions, evaluations, deployments',
  query: z.object({
    /** One of `NODE_FORMS`. */
    node: z.string().min(1).max(4096),
    /** Absent = both. */
    direction: LineageDirection.optional(),
    depth: QueryInt.min(0).max(LINEAGE_DEPTH.most).default(LINEAGE_DEPTH.default),
    /** Nodes at most. */
    limit: QueryInt.min(1).max(LINEAGE_NODES.most).default(LINEAGE_NODES.default),
  }),
  reply: LineageGraph,
});

/** How a version depends on data: it was made from it, or what it was judged by was. */
export const AffectedBy = z.enum(['made from it', 'judged by it']);
export type AffectedBy = z.infer<typeof AffectedBy>;

export const AffectedVersion = VersionNode.extend({
  by: AffectedBy,
  /** Names of the nodes from the data to the version. */
  way: z.array(z.string()),
});
export type AffectedVersion = z.infer<typeof AffectedVersion>;

export const Affected = z.object({
  /** The versions of data that were meant, newest first. */
  data: z.array(DataNode),
  /** Those in Production first. */
  versions: z.array(AffectedVersion),
  deployments: z.array(DeploymentNode),
  /** How many of each there are besides. */
  steps: z.number().int(),
  runs: z.number().int(),
  leftOut: z.array(LeftOut),
  remarks: z.array(z.string()),
});
export type Affected = z.infer<typeof Affected>;

export const getAffected = route({
  method: 'GET',
  path: '/api/v1/lineage/affected',
  access: 'tracking',
  summary: 'The versions and deployments that would be affected if a file is wrong',
  query: z.object({
    /** A path, absolute or relative to the workspace, or a digest or its beginning. */
    what: z.string().min(1).max(4096),
  }),
  reply: Affected,
});

/** Metadata of OpenLineage, each kind with a schema of its own, which it names. */
const Facets = z.record(z.string(), z.looseObject({ _producer: z.string(), _schemaURL: z.string() }));

const OpenLineageDataset = z.object({
  namespace: z.string(),
  name: z.string(),
  facets: Facets,
  inputFacets: Facets.optional(),
  outputFacets: Facets.optional(),
});

/** A RunEvent of OpenLineage. */
export const OpenLineageEvent = z.object({
  eventType: z.enum(['START', 'COMPLETE', 'ABORT', 'FAIL']),
  /** ISO 8601. */
  eventTime: z.string(),
  producer: z.string(),
  schemaURL: z.string(),
  run: z.object({ runId: z.string(), facets: Facets }),
  job: z.object({ namespace: z.string(), name: z.string(), facets: Facets }),
  inputs: z.array(OpenLineageDataset),
  outputs: z.array(OpenLineageDataset),
});
export type OpenLineageEvent = z.infer<typeof OpenLineageEvent>;

/** Nodes of a whole store that events are made of, at most. */
export const EXPORTED_NODES = 20_000;

export const getOpenLineage = route({
  method: 'GET',
  path: '/api/v1/lineage/openlineage',
  access: 'tracking',
  summary:
    'Events of OpenLineage: of what a node came from and led to, or of all steps, runs and evaluations',
  query: z.object({ node: z.string().min(1).max(4096).optional() }),
  reply: z.object({
    /** In the order of time. */
    events: z.array(OpenLineageEvent),
    /** Nodes that were left out. */
    leftOut: z.number().int(),
    remarks: z.array(z.string()),
  }),
});

export const sendOpenLineage = route({
  method: 'POST',
  path: '/api/v1/lineage/openlineage',
  access: 'owner',
  summary: 'Send these events to an address, one request each',
  body: z.object({
    node: z.string().min(1).max(4096).optional(),
    /** Of the receiver; `/api/v1/lineage` is added to one without a path. */
    url: z.string().max(2048),
    /** Sent as a bearer token, and not kept. */
    apiKey: z.string().max(10_000).optional(),
  }),
  reply: z.object({ sent: z.number().int(), leftOut: z.number().int(), remarks: z.array(z.string()) }),
});
