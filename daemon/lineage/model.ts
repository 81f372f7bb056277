/** Names of nodes, and how they are read: pure rules. */
import path from 'node:path';
import { invalid } from '../contract/errors.ts';
import { type LineageDirection, NODE_FORMS } from '../contract/lineage.ts';
import { STAGES, type Stage } from '../contract/models.ts';

/** What a name means, as far as its text tells. */
export type NodeName =
  /** Without a digest: whichever is the newest. */
  | { readonly kind: 'data'; readonly path: string; readonly digest: string | null }
  | { readonly kind: 'step'; readonly execution: string; readonly step: string }
  | { readonly kind: 'run' | 'evaluation'; readonly run: string }
  | { readonly kind: 'model' | 'deployment'; readonly model: string; readonly target: Target };

/** Stages that requests can be sent to without naming a version. */
export const SERVED_STAGES: readonly Stage[] = ['Production', 'Staging'];

/** Which version of a model. */
export type Target = { readonly version: number } | { readonly stage: Stage } | { readonly alias: string };

/** Digests as they are written: what follows the last `@` of a data node, when it looks like one. */
const DATA = /^data:(?<path>.+?)(?:@(?<digest>[^@/\s]{6,128}))?$/;
const STEP = /^step:(?<execution>[^/]+)\/(?<step>.+)$/;
const RUN = /^(?<kind>run|evaluation):(?<run>[^/\s]+)$/;
const VERSION = /^(?<kind>model|deployment):(?<model>[^/]+)\/(?<target>[^/]+)$/;
const ALIAS = /^model:(?<model>[^/]+)@(?<alias>[^@/]+)$/;

/** @throws ApiError INVALID_PARAMETER_VALUE when the text names no node */
export function parseNode(text: string): NodeName {
  const data = DATA.exec(text)?.groups;
  if (data?.path !== undefined) return { kind: 'data', path: data.path, digest: data.digest ?? null };
  const step = STEP.exec(text)?.groups;
  if (step?.execution && step.step) return { kind: 'step', execution: step.execution, step: step.step };
  const run = RUN.exec(text)?.groups;
  if (run?.run) return { kind: run.kind === 'evaluation' ? 'evaluation' : 'run', run: run.run };
  const alias = ALIAS.exec(text)?.groups;
  if (alias?.model && alias.alias)
    return { kind: 'model', model: alias.model, target: { alias: alias.alias } };
  const version = VERSION.exec(text)?.groups;
  if (version?.model && version.target) {
    const kind = version.kind === 'deployment' ? 'deployment' : 'model';
    return { kind, model: version.model, target: parseTarget(version.target, text) };
  }
  throw invalid(`“${text}” names no node: write ${NODE_FORMS}.`);
}

function parseTarget(text: string, whole: string): Target {
  if (/^[1-9]\d*$/.test(text)) return { version: Number(text) };
  const stage = STAGES.find(each => each.toLowerCase() === text.toLowerCase());
  if (stage) return { stage };
  throw invalid(
    `“${whole}” names no version: “${text}” must be a number or one of the stages ${STAGES.join(', ')}.`,
  );
}

/** The name of what a path held. */
export function dataId(place: string, digest: string | null): string {
  return digest === null ? `data:${place}` : `data:${place}@${digest}`;
}

export function stepId(execution: string, step: string): string {
  return `step:${execution}/${step}`;
}

export function runId(run: string): string {
  return `run:${run}`;
}

export function evaluationId(run: string): string {
  return `evaluation:${run}`;
}

export function versionId(model: string, version: number): string {
  return `model:${model}/${version}`;
}

export function deploymentId(model: string, target: Stage | number): string {
  return `deployment:${model}/${target}`;
}

/**
 * A path as nodes name it: relative to the workspace, with `/`; absolute outside of it.
 *
 * @param file absolute, or relative to the workspace
 */
export function placeOf(file: string, workspace: string): string {
  const absolute = path.resolve(workspace, file);
  const relative = path.relative(workspace, absolute);
  const inside = relative !== '' && relative.split(path.sep)[0] !== '..' && !path.isAbsolute(relative);
  return (inside ? relative : absolute).split(path.sep).join('/');
}

/** Whether one path is the other, or lies in it. Both as `placeOf` writes them. */
export function touches(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

/** The place that a data set logged to a run is from, when that is a file here; else its address, else its name. */
export function placeOfSource(name: string, source: string, workspace: string): string {
  const address = addressIn(source);
  if (address === undefined) return name;
  if (address.startsWith('file:')) {
    const url = URL.parse(address);
    return url && url.host === '' ? placeOf(decodeURIComponent(url.pathname), workspace) : address;
  }
  const isElsewhere = /^[a-z][a-z0-9+.-]+:/i.test(address);
  return isElsewhere ? address : placeOf(address, workspace);
}

/** MLflow's clients write a source as JSON, ours and others as it is. */
function addressIn(source: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(source);
    if (typeof parsed === 'string') return parsed;
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    const found = Object.entries(parsed).find(([key]) => ['uri', 'url', 'path'].includes(key));
    return typeof found?.[1] === 'string' ? found[1] : undefined;
  } catch {
    return source === '' ? undefined : source;
  }
}

/** What a graph is asked for with. */
export interface LineageQuery {
  readonly node: string;
  readonly directions: readonly LineageDirection[];
  readonly depth: number;
  /** Nodes at most. */
  readonly limit: number;
  /** Absolute path. */
  readonly workspace: string;
}
