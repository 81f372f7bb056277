/** Where the files of a version are, as its registrar says it: which sources are taken. */
import path from 'node:path';
import { decodings } from '../artifacts/paths.ts';
import { type ApiError, invalid } from '../contract/errors.ts';

/** A source, by what it refers to. */
export type Source =
  | { readonly kind: 'loggedModel'; readonly modelId: string }
  | { readonly kind: 'version'; readonly name: string; readonly version: number }
  | { readonly kind: 'run'; readonly runId: string; readonly path: string }
  | { readonly kind: 'location'; readonly uri: string };

/**
 * What a source refers to.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE for a local path (versions hold what was uploaded, never files that the
 * daemon happens to be able to read) and for a location with a relative part in any encoding
 */
export function parseSource(source: string): Source {
  if (isLocal(source)) throw localSource(source);
  for (const form of decodings(source)) if (!isNormal(form)) throw relativeSource(source);
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+.-]*):\/*(.*)$/is.exec(source) ?? [];
  if (scheme.toLowerCase() === 'models') return parseModelSource(source, rest);
  if (scheme.toLowerCase() === 'runs') return parseRunSource(source, rest);
  return { kind: 'location', uri: source };
}

/**
 * Where a prompt is, which clients keep as a version and whose text is in a tag: most sources of prompts are mere words.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE for a file, and for a location with a relative part in any encoding
 */
export function checkPromptSource(source: string): void {
  if (/^file:/i.test(source) || path.posix.isAbsolute(source) || path.win32.isAbsolute(source))
    throw invalid(`Invalid prompt source: '${source}'. Local source paths are not allowed for prompts.`);
  for (const form of decodings(source)) if (!isNormal(form)) throw relativeSource(source);
}

function parseModelSource(source: string, rest: string): Source {
  if (/^m-[0-9a-f]{32}$/.test(rest)) return { kind: 'loggedModel', modelId: rest };
  const [, name, version] = /^([^/]+)\/(\d{1,15})$/.exec(rest) ?? [];
  if (name && version) return { kind: 'version', name, version: Number(version) };
  throw invalid(
    `Invalid model version source: '${source}'. A models: URI must be 'models:/<model id>' or 'models:/<name>/<version>'.`,
  );
}

function parseRunSource(source: string, rest: string): Source {
  // Whether there is such a run is seen when its files are wanted: a version may be of a run of another server.
  const [, runId, folder] = /^([\w-]+)\/(.+)$/.exec(rest) ?? [];
  if (runId && folder) return { kind: 'run', runId, path: folder };
  throw invalid(
    `Invalid model version source: '${source}'. A runs: URI must be 'runs:/<run id>/<artifact path>'.`,
  );
}

/** Paths and `file:` URIs, on any system. */
function isLocal(source: string): boolean {
  return !/^[a-z][a-z0-9+.-]+:/i.test(source) || /^file:/i.test(source);
}

/** Whether the path of a URI stays what it is when it is normalised, but for doubled and trailing slashes. */
function isNormal(uri: string): boolean {
  if (uri.includes('\0') || uri.includes('\\')) return false;
  const plain = uri
    .replace(/^[a-z][a-z0-9+.-]*:/i, '')
    .replace(/\/+/g, '/')
    .replace(/(?<=.)\/$/, '');
  return (
    plain.split(/[/?#]/).every(name => name !== '..') &&
    (plain === '' || path.posix.normalize(plain) === plain)
  );
}

function localSource(source: string): ApiError {
  return invalid(
    `Invalid model version source: '${source}'. To use a local path as a model version source, the run_id request ` +
      'parameter has to be specified and the local path has to be contained within the artifact directory of the run ' +
      'specified by the run_id.',
  );
}

function relativeSource(source: string): ApiError {
  return invalid(
    `Invalid model version source: '${source}'. If supplying a source as an http, https, local file path, ftp, ` +
      'objectstore, or mlflow-artifacts uri, an absolute path must be provided without relative path references ' +
      'present. Please provide an absolute path.',
  );
}
