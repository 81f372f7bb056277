/** The graph around a node, and what its nodes are. */
import { missing } from '../contract/errors.ts';
import type { LineageDirection, LineageGraph, LineageNode } from '../contract/lineage.ts';
import { describeNode } from './describe.ts';
import {
  dataId,
  deploymentId,
  evaluationId,
  type LineageQuery,
  type NodeName,
  parseNode,
  placeOf,
  runId,
  SERVED_STAGES,
  stepId,
  type Target,
  versionId,
} from './model.ts';
import { DataSources } from './sources.ts';
import type { StepFacts } from './step-index.ts';
import type { LineageRows, VersionDetail } from './store/rows.ts';
import { type Neighbour, type Neighbours, walk } from './walk.ts';

/** @throws ApiError INVALID_PARAMETER_VALUE when the text names no node, RESOURCE_DOES_NOT_EXIST when there is none */
export function traceLineage(rows: LineageRows, query: LineageQuery): LineageGraph {
  const sources = new DataSources(rows, query.workspace);
  const name = parseNode(query.node);
  const start = resolve(name, { rows, sources, workspace: query.workspace });
  const { nodes, edges, leftOut } = walk([start], query.directions, query, neighboursIn(rows, sources));
  const described = [...nodes.keys()].map((id): LineageNode => describeNode(id, rows, sources));
  const remarks = [...sources.remarks, ...remarkOfPart(name, start, query.workspace)];
  return { start, nodes: described, edges, leftOut, remarks };
}

/** All steps, and the runs that led to something, with what is right beside them. @param limit nodes at most */
export function traceAll(rows: LineageRows, workspace: string, limit: number): Omit<LineageGraph, 'start'> {
  const sources = new DataSources(rows, workspace);
  const runs = rows.runsOfInterest(limit).map(run => idOfRun(run, rows));
  const starts = new Set([...sources.steps.ids, ...runs].slice(0, limit));
  const { nodes, edges, leftOut } = walk(
    [...starts],
    ['upstream', 'downstream'],
    { depth: 1, limit },
    neighboursIn(rows, sources),
  );
  return {
    nodes: [...nodes.keys()].map(id => describeNode(id, rows, sources)),
    edges,
    // What is two steps away is no neighbour of anything that has events.
    leftOut: leftOut.filter(({ node }) => starts.has(node)),
    remarks: sources.remarks,
  };
}

interface Known {
  readonly rows: LineageRows;
  readonly sources: DataSources;
  readonly workspace: string;
}

/** The name of the node that is meant. @throws ApiError RESOURCE_DOES_NOT_EXIST */
function resolve(name: NodeName, known: Known): string {
  const { rows } = known;
  switch (name.kind) {
    case 'data':
      return resolveData(name, known);
    case 'step':
      if (rows.step(name.execution, name.step)) return stepId(name.execution, name.step);
      throw missing(`There is no step “${name.step}” in an execution “${name.execution}”.`);
    case 'run':
    case 'evaluation':
      if (rows.run(name.run)) return idOfRun(name.run, rows);
      throw missing(`There is no run “${name.run}”.`);
    case 'model': {
      const { name: model, version } = requireVersion(name.model, name.target, rows);
      return versionId(model, version);
    }
    case 'deployment': {
      const { name: model, version } = requireVersion(name.model, name.target, rows);
      return deploymentId(model, 'stage' in name.target ? name.target.stage : version);
    }
  }
}

function resolveData(
  { path: place, digest }: Extract<NodeName, { kind: 'data' }>,
  { sources, workspace }: Known,
): string {
  const wanted = placeOf(place, workspace);
  sources.addCode(wanted);
  const all = sources.versions;
  const versions = all.filter(each => each.path === wanted || each.path === place);
  // A name can have what looks like a digest at its end.
  const whole =
    digest === null ? [] : all.filter(each => each.path === placeOf(`${place}@${digest}`, workspace));
  // Of what lies in a folder that was read or made as a whole, the folder is known.
  const around = all
    .filter(each => digest === null && wanted.startsWith(`${each.path}/`))
    .toSorted((a, b) => b.path.length - a.path.length);
  const own = versions.find(each => digest === null || each.digest?.startsWith(digest));
  const found = own ?? whole[0] ?? around[0];
  if (found) return dataId(found.path, found.digest);
  throw missing(
    versions.length === 0
      ? `No step and no run is known to have read or made “${place}”.`
      : `“${place}” is not known with a digest that begins with ${digest}; there is ${versions
          .slice(0, 3)
          .map(each => each.digest)
          .join(', ')}${versions.length > 3 ? ' …' : ''}.`,
  );
}

/** That a file is told of by the folder around it. */
function remarkOfPart(name: NodeName, start: string, workspace: string): string[] {
  if (name.kind !== 'data' || name.digest !== null) return [];
  const wanted = placeOf(name.path, workspace);
  const around = /^data:(.+?)(?:@[^@/]+)?$/.exec(start)?.[1];
  return around !== undefined && wanted.startsWith(`${around}/`)
    ? [`${wanted} was read or made with all of ${around}, so that this is about the folder.`]
    : [];
}

function requireVersion(model: string, target: Target, rows: LineageRows): VersionDetail {
  if (!rows.modelExists(model)) throw missing(`There is no model “${model}”; see modelthat models ls.`);
  const found =
    'version' in target
      ? rows.version(model, target.version)
      : 'stage' in target
        ? rows.versionInStage(model, target.stage)
        : rows.versionOfAlias(model, target.alias);
  if (found) return found;
  const [what] = Object.entries(target).map(([key, value]) => `${key} ${value}`);
  throw missing(`The model “${model}” has no version of ${what}; see modelthat models show ${model}.`);
}

/** A run that evaluates a version is a node of its own kind. */
function idOfRun(run: string, rows: LineageRows): string {
  return (rows.run(run)?.model ?? null) === null ? runId(run) : evaluationId(run);
}

/** What is beside each node. */
export function neighboursIn(rows: LineageRows, sources: DataSources): Neighbours {
  const { steps } = sources;
  const nodeOf = ({ execution, step }: StepFacts) => stepId(execution, step);
  const runNode = (run: string) => idOfRun(run, rows);

  function ofData(id: string, direction: LineageDirection, from: string | undefined): Neighbour[] {
    if (direction === 'upstream') {
      const maker = steps.makerOf(id, from === undefined ? undefined : steps.step(from));
      return maker ? [{ id: nodeOf(maker), relation: 'made' }] : [];
    }
    return [...steps.readersOf(id).map(nodeOf), ...sources.runsReading(id).map(runNode)].map(
      (reader): Neighbour => ({ id: reader, relation: 'read by' }),
    );
  }

  function ofStep(id: string, direction: LineageDirection): Neighbour[] {
    const step = steps.step(id);
    if (!step) return [];
    if (direction === 'upstream')
      return [...step.reads].map(([path, digest]) => ({ id: dataId(path, digest), relation: 'read by' }));
    const logs = step.runId !== null && steps.ofRun(step.runId) === step;
    const made = [...step.makes].map(([path, { digest }]) => dataId(path, digest));
    const parts = steps.partsReadOf(step).map(({ path, digest }) => dataId(path, digest));
    return [
      ...(logs && step.runId !== null ? [{ id: runNode(step.runId), relation: 'logged' as const }] : []),
      ...[...new Set([...made, ...parts])].map(data => ({ id: data, relation: 'made' as const })),
    ];
  }

  function ofRun(run: string, direction: LineageDirection): Neighbour[] {
    const detail = rows.run(run);
    return direction === 'upstream' ? aboveRun(run, detail) : belowRun(run, detail);
  }

  function aboveRun(run: string, detail: ReturnType<LineageRows['run']>): Neighbour[] {
    const step = steps.ofRun(run);
    const parent = detail?.parent ?? null;
    const above: Neighbour[] = step
      ? [{ id: nodeOf(step), relation: 'logged' }]
      : parent !== null && rows.run(parent)
        ? [{ id: runNode(parent), relation: 'has child' }]
        : [];
    const evaluated = detail?.model ?? null;
    const versions: Neighbour[] =
      evaluated === null
        ? judged(run)
        : [
            ...version(evaluated, detail?.version ?? null, 'evaluated in'),
            ...version(evaluated, detail?.champion ?? null, 'compared in'),
          ];
    return [
      ...above,
      ...versions,
      ...sources.readBy(run).map((id): Neighbour => ({ id, relation: 'read by' })),
      ...rows
        .makersOfModelsUsedBy(run)
        .map((maker): Neighbour => ({ id: runNode(maker), relation: 'used by' })),
    ];
  }

  /** Versions that its gates were about; its own came of it. */
  function judged(run: string): Neighbour[] {
    const own = new Set(rows.versionsOf(run).map(({ name, version: number }) => versionId(name, number)));
    return rows
      .judgedBy(run)
      .map(({ name, version: number }): Neighbour => ({ id: versionId(name, number), relation: 'judged in' }))
      .filter(({ id }) => !own.has(id));
  }

  function version(name: string, number: string | null, relation: Neighbour['relation']): Neighbour[] {
    return number !== null && rows.version(name, Number(number))
      ? [{ id: versionId(name, Number(number)), relation }]
      : [];
  }

  function belowRun(run: string, detail: ReturnType<LineageRows['run']>): Neighbour[] {
    const ofExecution = detail?.execution ? steps.ofExecution(detail.execution) : [];
    const ofSteps = new Set(ofExecution.map(({ runId: own }) => own));
    return [
      ...rows.versionsOf(run).map(
        ({ name, version: number }): Neighbour => ({
          id: versionId(name, number),
          relation: 'registered as',
        }),
      ),
      ...ofExecution.map((step): Neighbour => ({ id: nodeOf(step), relation: 'has child' })),
      ...rows.usersOfModelsOf(run).map((user): Neighbour => ({ id: runNode(user), relation: 'used by' })),
      ...rows
        .childrenOf(run)
        .filter(child => !ofSteps.has(child))
        .map((child): Neighbour => ({ id: runNode(child), relation: 'has child' })),
    ];
  }

  function ofVersion(id: string, direction: LineageDirection): Neighbour[] {
    const found = versionOf(id, rows);
    if (!found) return [];
    if (direction === 'upstream')
      return found.runId === null ? [] : [{ id: runNode(found.runId), relation: 'registered as' }];
    const served = SERVED_STAGES.filter(
      stage => rows.versionInStage(found.name, stage)?.version === found.version,
    );
    return [
      ...served.map((stage): Neighbour => ({ id: deploymentId(found.name, stage), relation: 'served by' })),
      ...rows
        .judgesOf(found.name, found.version)
        .filter(run => run !== found.runId)
        .map((run): Neighbour => {
          const judge = runNode(run);
          const evaluates = judge.startsWith('evaluation:');
          return { id: judge, relation: evaluates ? 'evaluated in' : 'judged in' };
        }),
    ];
  }

  return (id, direction, from) => {
    const kind = id.slice(0, id.indexOf(':'));
    const rest = id.slice(id.indexOf(':') + 1);
    if (kind === 'data') return ofData(id, direction, from);
    if (kind === 'step') return ofStep(id, direction);
    if (kind === 'run' || kind === 'evaluation') return ofRun(rest, direction);
    if (kind === 'model') return ofVersion(id, direction);
    const deployed = direction === 'upstream' ? versionOf(id, rows) : undefined;
    return deployed ? [{ id: versionId(deployed.name, deployed.version), relation: 'served by' }] : [];
  };
}

/** The version that a node of a version or of a deployment is about. */
export function versionOf(id: string, rows: LineageRows): VersionDetail | undefined {
  const name = parseNode(id);
  if (name.kind !== 'model' && name.kind !== 'deployment') return undefined;
  const { model, target } = name;
  if ('version' in target) return rows.version(model, target.version);
  return 'stage' in target ? rows.versionInStage(model, target.stage) : undefined;
}
