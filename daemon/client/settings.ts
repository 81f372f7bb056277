/**
 * A store's settings that every starter of its daemon must agree on. They are kept in the user's state folder: a cloned
 * repository must not choose where artifacts are sent with the user's credentials.
 */
import path from 'node:path';
import * as z from 'zod';
import { invalid } from '../contract/errors.ts';
import { readPrivateFile, writePrivateFile } from './state.ts';

/** A place on S3-compatible storage. Credentials are found as AWS's own tools find them, and never kept here. */
export interface S3Place {
  readonly bucket: string;
  /** What all keys begin with; without slashes at its ends, `''` for none. */
  readonly prefix: string;
  /** URL of the service, unless it is AWS's own. */
  readonly endpoint: string | undefined;
  readonly region: string | undefined;
  /** The bucket is named in the path and not in the host name, as most services other than AWS want it. */
  readonly pathStyle: boolean;
}

/** How the store's own folder is named as a place of artifacts. */
export const LOCAL_ARTIFACTS = 'local';

/**
 * How outputs of steps are in the workspace and in the cache: as copies, which share their blocks where the file system
 * can, or as one file with two names, which takes no room twice and cannot be written to.
 */
export const CACHED_OUTPUTS = ['copies', 'hardlinks'] as const;
export type CachedOutputs = (typeof CACHED_OUTPUTS)[number];

const Settings = z.object({
  artifacts: z.string().default(LOCAL_ARTIFACTS),
  cachedOutputs: z.enum(CACHED_OUTPUTS).default('copies'),
});
type Settings = z.infer<typeof Settings>;

const OPTIONS = ['endpoint', 'region', 'pathStyle'];

/** Where a store keeps artifacts: `local`, or `s3://…` as `parseArtifactPlace` takes it. @param state its state folder */
export function keptArtifactPlace(state: string): string {
  return readSettings(state).artifacts;
}

/** Chooses where a store keeps artifacts from the daemon's next start on. @throws ApiError when there is no such place */
export function keepArtifactPlace(state: string, place: string): void {
  parseArtifactPlace(place);
  changeSettings(state, { artifacts: place });
}

/** How a store's cache and the workspace share outputs. @param state its state folder */
export function keptCachedOutputs(state: string): CachedOutputs {
  return readSettings(state).cachedOutputs;
}

/** Chooses how they do from the daemon's next start on. */
export function keepCachedOutputs(state: string, cachedOutputs: CachedOutputs): void {
  changeSettings(state, { cachedOutputs });
}

function readSettings(state: string): Settings {
  const text = readPrivateFile(settingsFile(state));
  return text === undefined ? Settings.parse({}) : parseSettings(text, settingsFile(state));
}

function changeSettings(state: string, change: Partial<Settings>): void {
  writePrivateFile(settingsFile(state), JSON.stringify({ ...readSettings(state), ...change }));
}

/**
 * Reads `s3://bucket/prefix?endpoint=https://…&region=…&pathStyle=true`; all but the bucket may be missing. Path style is
 * the default where an endpoint is given.
 *
 * @returns undefined for `local`
 * @throws ApiError INVALID_PARAMETER_VALUE that says what is wrong with it
 */
export function parseArtifactPlace(text: string): S3Place | undefined {
  if (text === LOCAL_ARTIFACTS) return undefined;
  const [, bucket = '', prefix = '', query = ''] =
    /^s3:\/\/([^/?#]*)\/?([^?#]*)(?:\?([^#]*))?$/.exec(text) ?? [];
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)) throw bad(text, 'it names no bucket');
  const names = prefix.split('/').filter(Boolean);
  if (names.some(name => /^\.\.?$|[\p{Cc}\\]/u.test(name)))
    throw bad(text, 'its prefix has a part that is no name');
  const options = new URLSearchParams(query);
  const unknown = [...options.keys()].filter(key => !OPTIONS.includes(key));
  if (unknown.length > 0) throw bad(text, `it has no option ${unknown.join(', ')} (${OPTIONS.join(', ')})`);
  const endpoint = options.get('endpoint') ?? undefined;
  if (endpoint !== undefined) checkEndpoint(endpoint, text);
  return {
    bucket,
    prefix: names.join('/'),
    endpoint,
    region: options.get('region') ?? undefined,
    pathStyle: (options.get('pathStyle') ?? String(endpoint !== undefined)) === 'true',
  };
}

function checkEndpoint(endpoint: string, text: string): void {
  const url = URL.parse(endpoint);
  if (!url || !/^https?:$/.test(url.protocol)) throw bad(text, 'its endpoint is no http or https URL');
  if (url.username !== '' || url.password !== '')
    throw bad(text, 'its endpoint holds credentials, which belong into the environment or ~/.aws');
}

function bad(text: string, why: string): Error {
  return invalid(
    `'${text}' is no place for artifacts: ${why}. Give '${LOCAL_ARTIFACTS}', or s3://bucket/prefix with ` +
      '?endpoint=https://…&region=…&pathStyle=true as needed.',
  );
}

function parseSettings(text: string, file: string): Settings {
  try {
    return Settings.parse(JSON.parse(text));
  } catch {
    throw new Error(
      `${file} is damaged. Remove it, and choose again what was set (modelthat artifacts use, modelthat cache use).`,
    );
  }
}

function settingsFile(state: string): string {
  return path.join(state, 'settings.json');
}
