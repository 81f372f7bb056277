/** What the registry answers to code that is run again for comparison: what is there, and no change of it. */
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { ModelVersion } from '../contract/models.ts';
import { EXECUTION_TAG } from '../contract/runs.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { versionKey } from './model-versions.ts';
import type { Call, MessageRoute, MlflowRoute } from './route.ts';
import { toModelVersion, toRegisteredModel } from './shapes.ts';

interface Parts {
  readonly registry: RegistryService;
  readonly tracking: TrackingService;
}

/** Routes by POST that read. */
const READS: ReadonlySet<string> = new Set(['/mlflow/registered-models/get-latest-versions']);

/** Routes of the registry that change nothing when a reproduction calls them. */
export function unchangedByReproductions(routes: readonly MlflowRoute[], parts: Parts): MlflowRoute[] {
  return routes.map(route => {
    if ('handle' in route || route.method === 'GET' || READS.has(route.path)) return route;
    const answer: MessageRoute['answer'] = call => {
      const original = call.principal.scope?.reproduces;
      return original === undefined ? route.answer(call) : answerUnchanged(route.path, original, call, parts);
    };
    return { ...route, answer };
  });
}

/** @param original the execution that is run again */
async function answerUnchanged(
  path: string,
  original: string,
  { fields }: Call,
  { registry, tracking }: Parts,
): Promise<object> {
  if (path === '/mlflow/registered-models/create')
    return { registered_model: toRegisteredModel(await registry.getModel(fields.requiredString('name'))) };
  if (path === '/mlflow/model-versions/create') {
    const name = fields.requiredString('name');
    const version = await versionOf(original, name, { registry, tracking });
    if (version) return { model_version: toModelVersion(await registry.getVersion(name, version.version)) };
    throw new ApiError(
      'PERMISSION_DENIED',
      `A reproduction registers nothing, and what is reproduced has no version of '${name}' that could stand for it.`,
    );
  }
  if (/^\/mlflow\/model-versions\/(update|transition-stage)$/.test(path)) {
    const { name, version } = versionKey(fields);
    return { model_version: toModelVersion(await registry.getVersion(name, version)) };
  }
  return {};
}

/** The version that an execution made of a model. */
async function versionOf(
  execution: string,
  name: string,
  { registry, tracking }: Parts,
): Promise<ModelVersion | undefined> {
  const model = await registry.modelWithVersions(name);
  for (const version of model?.versions ?? []) {
    const run = version.runId && (await withoutMissing(tracking.getRun(version.runId)));
    const above = run && run.parentId !== null && (await withoutMissing(tracking.getRun(run.parentId)));
    if (above && above.tags[EXECUTION_TAG] === execution) return version;
  }
  return undefined;
}
