import path from 'node:path';
import { keptArtifactPlace, parseArtifactPlace } from '../client/settings.ts';
import type { StorePlace } from '../client/store.ts';
import { LocalArtifactStore } from './local.ts';
import type { ArtifactStore } from './model.ts';

/** The artifacts of a store, where its settings say. @throws Error when the settings or the folder cannot be used */
export async function openArtifactStore({ store, state }: StorePlace): Promise<ArtifactStore> {
  const place = parseArtifactPlace(keptArtifactPlace(state));
  if (!place) return LocalArtifactStore.open(path.join(store, 'artifacts'));
  // Loaded when wanted: the client of AWS is a tenth of the daemon.
  const { S3ArtifactStore } = await import('./s3.ts');
  return S3ArtifactStore.open(place, path.join(state, 'models'));
}
