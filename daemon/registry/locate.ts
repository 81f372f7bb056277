/** Where the files of a version are. */
import type { ArtifactStore } from '../artifacts/model.ts';
import { storePathOf } from '../artifacts/uri.ts';
import { invalid, missing } from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import type { LoggedModelService } from '../models/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { PROMPT_TAG, type Tags, type Version } from './model.ts';
import { checkPromptSource, parseSource } from './source.ts';

interface Located {
  readonly storageLocation: string;
  /** The run that made the files, as far as the source tells. */
  readonly runId: string | null;
}

/** Resolves what a source refers to when a version is made. @throws ApiError when it is refused or missing */
export async function locateSource(
  { source, tags }: { readonly source: string; readonly tags: Tags },
  parts: { readonly database: Database; readonly models: LoggedModelService },
): Promise<Located> {
  if (PROMPT_TAG in tags) {
    checkPromptSource(source);
    return { storageLocation: source, runId: null };
  }
  const parsed = parseSource(source);
  if (parsed.kind === 'loggedModel') {
    const { model } = await parts.models.get(parsed.modelId);
    return { storageLocation: model.artifactUri, runId: model.sourceRunId };
  }
  if (parsed.kind === 'version') {
    const version = await parts.database.read('registry.getVersion', parsed);
    return { storageLocation: version.storageLocation, runId: version.runId };
  }
  return { storageLocation: source, runId: parsed.kind === 'run' ? parsed.runId : null };
}

/**
 * The local folder with a version's files, to be read only.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE when they are kept outside of this store, RESOURCE_DOES_NOT_EXIST when they are gone
 */
export async function localFolderOf(
  version: Version,
  parts: { readonly tracking: TrackingService; readonly artifacts: ArtifactStore },
): Promise<string> {
  const path = await storePathOfVersion(version, parts.tracking);
  if (path === undefined)
    throw invalid(
      `Version ${version.version} of '${version.name}' has its files at ${version.storageLocation}, which is not in ` +
        'this store. Log the model to this store and register it from there.',
    );
  const folder = await parts.artifacts.localFolder(path);
  if (folder === undefined)
    throw missing(
      `The files of version ${version.version} of '${version.name}' are no longer at ${version.storageLocation}. ` +
        'Register it again.',
    );
  return folder;
}

/**
 * The path of a version's files in the artifact store; undefined when they are kept elsewhere.
 *
 * @throws ApiError RESOURCE_DOES_NOT_EXIST when the run that its source names is gone
 */
export async function storePathOfVersion(
  version: Pick<Version, 'storageLocation'>,
  tracking: TrackingService,
): Promise<string | undefined> {
  const parsed = parseSource(version.storageLocation);
  return storePathOf(
    parsed.kind === 'run'
      ? `${(await tracking.getRun(parsed.runId)).artifactUri}/${parsed.path}`
      : version.storageLocation,
  );
}
