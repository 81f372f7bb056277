/** Gathers what a model card is made from. */
import fs from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { missing, withoutMissing } from '../contract/errors.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { CardFacts } from './card.ts';
import type { EvaluationService } from './service.ts';

const Signature = z.object({ signature: z.record(z.string(), z.string().nullable()).nullish() });

/** @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such version */
export async function gatherCard(
  { registry, tracking }: { readonly registry: RegistryService; readonly tracking: TrackingService },
  evaluations: EvaluationService,
  key: { readonly name: string; readonly version: number },
): Promise<CardFacts> {
  const version = await registry.show(key.name, key.version);
  const model = await registry.modelWithVersions(key.name);
  if (!model) throw missing(`There is no model ${key.name}.`);
  const { runId } = version;
  const ofVersion = (each: { readonly version: number }) => each.version === key.version;
  return {
    model,
    version,
    run: runId === null ? undefined : await withoutMissing(tracking.getRun(runId)),
    evaluations: (await evaluations.list(key.name)).filter(
      each => ofVersion(each) && each.state === 'finished',
    ),
    transitions: (await registry.transitions(key.name)).filter(ofVersion),
    signature: await signatureOf(registry, key),
  };
}

/** A card is made of what can be read: files that are gone or elsewhere leave it without a signature. */
async function signatureOf(
  registry: RegistryService,
  { name, version }: { readonly name: string; readonly version: number },
): Promise<Record<string, string> | undefined> {
  try {
    const { folder } = await registry.resolve(name, { version });
    const manifest = await fs.readFile(path.join(folder, 'MLmodel'), 'utf8');
    const { signature } = Signature.parse(parse(manifest, { schema: 'core', maxAliasCount: 0 }));
    return Object.fromEntries(
      Object.entries(signature ?? {}).filter((entry): entry is [string, string] => entry[1] !== null),
    );
  } catch {
    return undefined;
  }
}
