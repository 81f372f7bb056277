/** Which model of a run is meant when a version is made of it. */
import type { ArtifactStore } from '../artifacts/model.ts';
import { storePathOf } from '../artifacts/uri.ts';
import { invalid, missing } from '../contract/errors.ts';
import type { LoggedModelService } from '../models/service.ts';
import type { TrackingService } from '../tracking/service.ts';

/** A model that a run logged. */
export interface LoggedByRun {
  readonly runId: string;
  /** Its name (MLflow 3) or artifact path (MLflow 2). */
  readonly name: string;
  /** Of a model that is kept beside its run (MLflow 3). */
  readonly modelId: string | null;
  /** As a version's source. */
  readonly source: string;
}

/** What every model's folder has. */
const MODEL_FILE = 'MLmodel';

export interface LoggedModelFinder {
  readonly tracking: TrackingService;
  readonly models: LoggedModelService;
  readonly artifacts: ArtifactStore;
}

/**
 * The one model of this name (or the only one, without a name) that the runs logged.
 *
 * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is none, INVALID_PARAMETER_VALUE when there are several
 */
export async function findLogged(
  finder: LoggedModelFinder,
  runIds: readonly string[],
  name: string | undefined,
): Promise<LoggedByRun> {
  const all = await loggedBy(finder, runIds);
  const named = all.filter(each => name === undefined || each.name === name);
  const [found] = named;
  if (!found) throw missing(noneMessage(runIds, name, all));
  if (named.length > 1) throw invalid(severalMessage(runIds, name, named));
  return found;
}

/** All models that the runs logged, those kept beside their runs first, each kind in the order in which it was logged. */
export async function loggedBy(finder: LoggedModelFinder, runIds: readonly string[]): Promise<LoggedByRun[]> {
  return [...(await ofMlflow3(finder, runIds)), ...(await ofMlflow2(finder, runIds))];
}

/** Logged models whose upload is complete. */
async function ofMlflow3({ models }: LoggedModelFinder, runIds: readonly string[]): Promise<LoggedByRun[]> {
  const logged = await models.ofRuns(runIds);
  return logged
    .filter(model => model.status === 'LOGGED_MODEL_READY')
    .map(model => ({
      runId: model.sourceRunId ?? '',
      name: model.name,
      modelId: model.id,
      source: `models:/${model.id}`,
    }));
}

/** Folders among a run's artifacts that hold a model, at any depth. */
async function ofMlflow2(finder: LoggedModelFinder, runIds: readonly string[]): Promise<LoggedByRun[]> {
  const found = await Promise.all(
    runIds.map(async runId => {
      const { artifactUri } = await finder.tracking.getRun(runId);
      const root = storePathOf(artifactUri);
      if (root === undefined) return [];
      const folders = await modelFolders(finder.artifacts, root);
      return folders.map(folder => {
        const name = folder.slice(root.length + 1);
        return { runId, name, modelId: null, source: `${artifactUri}/${name}` };
      });
    }),
  );
  return found.flat();
}

async function modelFolders(artifacts: ArtifactStore, folder: string): Promise<string[]> {
  const entries = await Array.fromAsync(artifacts.list(folder));
  if (entries.some(entry => entry.path === `${folder}/${MODEL_FILE}`)) return [folder];
  const below = entries.filter(entry => entry.isDir).map(entry => modelFolders(artifacts, entry.path));
  return (await Promise.all(below)).flat();
}

function noneMessage(
  runIds: readonly string[],
  name: string | undefined,
  all: readonly LoggedByRun[],
): string {
  const wanted = name === undefined ? 'a model' : `a model named '${name}'`;
  const others = all.length > 0 ? ` They logged: ${listNames(all)}.` : '';
  return `No complete upload of ${wanted} was found in ${listRuns(runIds)}.${others} Log one with mlflow.<flavor>.log_model.`;
}

function severalMessage(
  runIds: readonly string[],
  name: string | undefined,
  found: readonly LoggedByRun[],
): string {
  const what = name === undefined ? 'models' : `models named '${name}'`;
  const remedy = name === undefined ? 'Name one of them.' : 'Log it once, or under different names.';
  return `${found.length} ${what} were logged in ${listRuns(runIds)}: ${listNames(found)}. ${remedy}`;
}

function listNames(found: readonly LoggedByRun[]): string {
  return found.map(each => `'${each.name}' (${each.source})`).join(', ');
}

function listRuns(runIds: readonly string[]): string {
  return `${runIds.length === 1 ? 'run' : 'runs'} ${runIds.join(', ')}`;
}
