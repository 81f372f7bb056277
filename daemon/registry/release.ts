/** What must hold of versions in Staging and Production: their files stay as they are. */
import { folderDigest } from '../artifacts/digest.ts';
import type { ArtifactStore } from '../artifacts/model.ts';
import { comparablePath } from '../artifacts/paths.ts';
import { ApiError, withoutMissing } from '../contract/errors.ts';
import type { Database } from '../database/database.ts';
import type { TrackingService } from '../tracking/service.ts';
import { localFolderOf, storePathOfVersion } from './locate.ts';
import type { Version } from './model.ts';

/** What releases are judged with. */
export interface ReleaseParts {
  readonly database: Database;
  readonly tracking: TrackingService;
  readonly artifacts: ArtifactStore;
}

/**
 * Refuses a change of artifacts that a released version consists of, for everybody: who means it moves the version out
 * of its stage first, which is recorded.
 *
 * @param path of a file or folder of the store that is to be written or deleted
 * @throws ApiError PERMISSION_DENIED that names the version and its stage
 */
export async function refuseReleased(path: string, parts: ReleaseParts): Promise<void> {
  const changed = comparablePath(path);
  for (const version of await parts.database.read('registry.released', undefined)) {
    const place = await withoutMissing(storePathOfVersion(version, parts.tracking));
    const files = place === undefined ? undefined : comparablePath(place);
    if (files !== undefined && (isWithin(changed, files) || isWithin(files, changed)))
      throw released(path, version);
  }
}

/** What the files of a version come to (`folderDigest`); null when they are not here to be read. */
export async function contentDigest(version: Version, parts: ReleaseParts): Promise<string | null> {
  try {
    return (await folderDigest(await localFolderOf(version, parts))) ?? null;
  } catch (error) {
    if (error instanceof ApiError) return null;
    throw error;
  }
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

function released(path: string, { name, version, stage }: Version): ApiError {
  return new ApiError(
    'PERMISSION_DENIED',
    `'${path}' belongs to version ${version} of '${name}', which is in ${stage}: its files cannot be changed or ` +
      'deleted. Log a new run or model and register it as a new version, or move this one to Archived first.',
  );
}
