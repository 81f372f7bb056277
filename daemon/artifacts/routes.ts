/** Artifacts of runs in the native API. */
import { checkArtifacts } from '../contract/about.ts';
import { ApiError, invalid } from '../contract/errors.ts';
import { ARTIFACT_CONTENT_PATH, listArtifacts } from '../contract/runs.ts';
import type { ApiRouter } from '../http/router.ts';
import type { TrackingService } from '../tracking/service.ts';
import { sendArtifact } from './download.ts';
import { listBelow } from './listing.ts';
import { checkArtifactPath } from './paths.ts';
import type { ArtifactService } from './service.ts';
import { storePathOf } from './uri.ts';

export function mountArtifacts(
  router: ApiRouter,
  artifacts: ArtifactService,
  tracking: TrackingService,
): void {
  router.mount(listArtifacts, async ({ params, query }) => {
    const root = await runRoot(tracking, params.runId);
    return { files: await Array.fromAsync(listBelow(artifacts, root, query.path)) };
  });

  router.mount(checkArtifacts, async () => ({
    place: artifacts.files.place,
    problem: await artifacts.files.check().then(() => null, messageOf),
  }));

  router.raw(
    { method: 'GET', path: ARTIFACT_CONTENT_PATH, access: 'tracking' },
    async (request, response) => {
      const artifact = checkArtifactPath(String(request.query.path ?? ''));
      const root = await runRoot(tracking, String(request.params.runId));
      await sendArtifact(artifacts, `${root}/${artifact}`, request, response);
    },
  );
}

/** Of an error that is for people. */
function messageOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  throw error;
}

/** The folder of a run's artifacts. @throws ApiError when they are not kept in this store */
export async function runRoot(tracking: TrackingService, runId: string): Promise<string> {
  const { artifactUri } = await tracking.getRun(runId);
  return requireStorePath(artifactUri);
}

/** @throws ApiError INVALID_PARAMETER_VALUE when the URI means a place outside of this store */
export function requireStorePath(uri: string): string {
  const path = storePathOf(uri);
  if (path === undefined)
    throw invalid(
      `The artifacts are at ${uri}, not in this store: open them there with a client of that place.`,
    );
  return path;
}
