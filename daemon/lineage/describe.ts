/** What people see of a node. */
import type { LineageNode } from '../contract/lineage.ts';
import { executionName } from '../contract/pipelines.ts';
import { deploymentId, parseNode, type Target } from './model.ts';
import type { DataSources } from './sources.ts';
import type { LineageRows, VersionDetail } from './store/rows.ts';

/** Parameters of a run that are told. */
const TOLD_PARAMS = 50;

/** @param id the name of a node that was found */
export function describeNode(id: string, rows: LineageRows, sources: DataSources): LineageNode {
  const name = parseNode(id);
  switch (name.kind) {
    case 'data':
      return sources.describe(id);
    case 'step':
      return describeStep(id, name, rows);
    case 'run':
      return describeRun(id, name.run, rows);
    case 'evaluation': {
      const run = rows.run(name.run);
      return {
        ...{ id, kind: 'evaluation', label: run?.name ?? name.run, runId: name.run },
        ...{ status: run?.status ?? 'LOST', startTime: run?.startTime ?? 0 },
        endTime: run?.endTime ?? null,
      };
    }
    case 'model':
    case 'deployment':
      return describeVersion(id, name, rows);
  }
}

function describeStep(
  id: string,
  { execution, step }: { readonly execution: string; readonly step: string },
  rows: LineageRows,
): LineageNode {
  const detail = rows.step(execution, step);
  const { pipeline = execution, number = 0, inputs = null } = detail ?? {};
  const name = executionName({ pipeline, number });
  return {
    ...{ id, kind: 'step', label: `${step} (${name})`, executionId: execution, executionName: name, step },
    executionRunId: detail?.executionRunId ?? '',
    file: detail?.file ?? '',
    status: detail?.status ?? 'pending',
    startTime: detail?.startTime ?? null,
    endTime: detail?.endTime ?? null,
    command: inputs?.commands.map(words => words.join(' ')).join('; ') ?? null,
    code: detail?.code ?? null,
    params: { ...inputs?.params },
    environment: inputs?.environment ?? null,
  };
}

function describeRun(id: string, run: string, rows: LineageRows): LineageNode {
  const detail = rows.run(run);
  return {
    ...{ id, kind: 'run', label: detail?.name ?? `run ${run} (deleted)`, runId: run },
    status: detail?.status ?? null,
    startTime: detail?.startTime ?? null,
    endTime: detail?.endTime ?? null,
    user: detail?.user ?? '',
    commit: detail?.commit ?? null,
    source: detail?.source ?? null,
    params: Object.fromEntries(rows.paramsOf(run, TOLD_PARAMS).map(({ key, value }) => [key, value])),
  };
}

function describeVersion(
  id: string,
  { kind, target, model }: { kind: 'model' | 'deployment'; model: string; target: Target },
  rows: LineageRows,
): LineageNode {
  const found = findVersion(model, target, rows);
  const { name, version, stage, createdAt } = found;
  if (kind === 'deployment') return describeDeployment(id, name, target, version);
  const aliases = rows.aliasesOf(name, version);
  return { id, kind, label: `${name} ${version}`, name, version, stage, aliases, createdAt };
}

function findVersion(model: string, target: Target, rows: LineageRows): VersionDetail {
  const found =
    'version' in target
      ? rows.version(model, target.version)
      : 'stage' in target && rows.versionInStage(model, target.stage);
  if (!found) throw new Error(`a version of ${model} went while it was read`);
  return found;
}

/** @param target by what requests name the version */
export function describeDeployment(
  id: string,
  name: string,
  target: Target,
  version: number,
): Extract<LineageNode, { kind: 'deployment' }> {
  const stage = 'stage' in target ? target.stage : null;
  const query = stage === null ? `?version=${version}` : stage === 'Production' ? '' : `?stage=${stage}`;
  const path = `/serve/${encodeURIComponent(name)}/invocations${query}`;
  const label = `${name} (${stage ?? `version ${version}`})`;
  return { id, kind: 'deployment', label, name, version, stage, path, state: 'on demand' };
}

/** A deployment of a version by its number. */
export function deploymentOfVersion(name: string, version: number) {
  return describeDeployment(deploymentId(name, version), name, { version }, version);
}
