import { appendFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import type { ArtifactService } from '../artifacts/service.ts';
import { storePathOf } from '../artifacts/uri.ts';
import { ENVIRONMENT_TAG, type Environments } from '../environments/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { Engine } from './engine.ts';
import type { ExecutionFiles } from './files.ts';

/** How often progress is told; installers print faster than anyone reads. */
const TELL_EVERY_MS = 500;

/** The lock among the artifacts of the execution's run. */
const LOCK_ARTIFACT = 'environment/requirements.lock.txt';

/** Makes an execution's Python environment, and records its lock with the execution's run. */
export function environmentMaker(parts: {
  environments: Environments;
  tracking: TrackingService;
  artifacts: ArtifactService;
  files: ExecutionFiles;
}): Engine['prepare'] {
  const { environments, tracking, artifacts, files } = parts;
  return async ({ id, runId, definition }, signal, progress) => {
    const log = files.environmentLog(id);
    let toldAt = 0;
    const line = (text: string) => {
      append(log, `${text}\n`);
      if (Date.now() - toldAt < TELL_EVERY_MS || text.trim() === '') return;
      toldAt = Date.now();
      // pip says on whose behalf, at length.
      progress(`making the Python environment: ${text.trim().replace(/ \(from .*/, '')}`);
    };
    progress('looking for the Python environment');
    const requirements = definition.requirements ?? '';
    const { root, bin, lock, hash } = await environments.ensure({ requirements, line, signal });
    await tracking.updateRun(runId, { tags: { [ENVIRONMENT_TAG]: hash } });
    const place = storePathOf((await tracking.getRun(runId)).artifactUri);
    if (place !== undefined)
      await artifacts.upload(`${place}/${LOCK_ARTIFACT}`, Readable.from([Buffer.from(lock)]));
    return { root, bin, hash };
  };
}

/** A log that cannot be written, on a full disk for one, must not end what it is about, and never the daemon. */
function append(log: string, text: string): void {
  try {
    appendFileSync(log, text);
  } catch {}
}
