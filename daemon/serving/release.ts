/** Whose code a Python model is: what may be started for a caller that may not have code of its own run. */
import { folderDigest } from '../artifacts/digest.ts';
import { ApiError } from '../contract/errors.ts';
import type { ServableVersion } from './model.ts';

/**
 * Lets a version pass that was released, and whose files are still what was released.
 *
 * @throws ApiError PERMISSION_DENIED otherwise, with the remedy
 */
export async function requireRelease({ name, version, folder, release }: ServableVersion): Promise<void> {
  if (release && release.digest !== null && release.digest === (await folderDigest(folder))) return;
  const why = release
    ? 'its files are not those that were moved to its stage. Register them as a new version and promote that'
    : 'nobody with the right to run code has moved it to Staging or Production. Promote it by `modelthat models promote`';
  throw new ApiError(
    'PERMISSION_DENIED',
    `${name} version ${version} is Python code, which the tracking token may not start: ${why}, ` +
      'or start it by `modelthat predict`.',
  );
}
