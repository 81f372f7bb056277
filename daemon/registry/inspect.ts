/** Reads from the files of versions what rules ask of them. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import { ApiError } from '../contract/errors.ts';
import { localFolderOf } from './locate.ts';
import type { Version } from './model.ts';
import { contentDigest, type ReleaseParts } from './release.ts';
import type { Facts } from './rules.ts';
import type { Signature } from './signature.ts';

/** Largest `MLmodel` file that is read, in bytes. */
const MAX_MANIFEST_BYTES = 1_000_000;

/** The part of an `MLmodel` file that is read here. */
const Manifest = z.object({
  signature: z.object({ inputs: z.string().nullish(), outputs: z.string().nullish() }).nullish(),
});
const Fields = z.array(
  z.looseObject({
    name: z.string().optional(),
    type: z.unknown(),
    required: z.boolean().optional(),
  }),
);

/** What the files of a version say, beside those of the version in Production. */
export async function inspect(
  version: Version,
  champion: Version | undefined,
  parts: ReleaseParts,
): Promise<Facts> {
  return {
    digest: await contentDigest(version, parts),
    ...(await describeFiles(version, parts)),
    champion: champion
      ? { version: champion.version, signature: await signatureIn(await folderOf(champion, parts)) }
      : null,
  };
}

/** Size and signature of a version, as far as its files are here to be read. */
export async function describeFiles(
  version: Version,
  parts: ReleaseParts,
): Promise<Pick<Facts, 'size' | 'signature'>> {
  const folder = await folderOf(version, parts);
  return {
    size: folder === undefined ? null : await sizeOf(folder),
    signature: await signatureIn(folder),
  };
}

async function folderOf(version: Version, parts: ReleaseParts): Promise<string | undefined> {
  try {
    return await localFolderOf(version, parts);
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}

/** Bytes of all files below a folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter(entry => entry.isFile());
  const sizes = await Promise.all(files.map(file => stat(path.join(file.parentPath, file.name))));
  return sizes.reduce((sum, { size }) => sum + size, 0);
}

async function signatureIn(folder: string | undefined): Promise<Signature | null> {
  if (folder === undefined) return null;
  const manifest = path.join(folder, 'MLmodel');
  const found = await stat(manifest).catch(() => undefined);
  if (!found?.isFile() || found.size > MAX_MANIFEST_BYTES) return null;
  return readSignature(await readFile(manifest, 'utf8'));
}

/** The signature in the text of an `MLmodel` file; null when it has none that can be read. */
function readSignature(manifest: string): Signature | null {
  try {
    const { signature } = Manifest.parse(parse(manifest, { schema: 'core', maxAliasCount: 0 }));
    return signature ? { inputs: fieldsOf(signature.inputs), outputs: fieldsOf(signature.outputs) } : null;
  } catch {
    return null;
  }
}

function fieldsOf(json: string | null | undefined): Signature['inputs'] {
  return json ? Fields.parse(JSON.parse(json)) : null;
}
