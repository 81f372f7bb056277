/**
 * Which artifact paths are taken. A path is decoded once, by whoever reads the request; what is refused here is refused
 * also in any further encoding, so that nothing behind (a proxy, another store) can decode its way out.
 */
import path from 'node:path';
import { type ApiError, invalid } from '../contract/errors.ts';

/** Longest path, and longest name in it, in UTF-8 bytes: what every store takes (S3 the former, disks the latter). */
const MAX_PATH_BYTES = 1024;
const MAX_NAME_BYTES = 255;

/** More encodings on top of each other than anything honest has. */
const MAX_ENCODINGS = 8;

const DRIVE_OR_SCHEME = /^(?:[a-z]:|file:|[a-z][a-z0-9+.-]*:\/\/)/i;
const WINDOWS_DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
const WINDOWS_FORBIDDEN = /[<>:"|?*]|[. ]$/;

/**
 * Checks a decoded path and brings it to its one form: no leading, doubled or trailing slash. `''` is the root.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE "Invalid path …" when the path could mean something outside of its root, or
 * a name that not every system has
 */
export function checkArtifactPath(given: string, platform: NodeJS.Platform = process.platform): string {
  for (const form of decodings(given)) refuseEscape(form, given);
  const names = given.split('/').filter(name => name !== '');
  for (const name of names) refuseName(name, given, platform);
  if (Buffer.byteLength(given) > MAX_PATH_BYTES)
    throw invalidPath(given, `it is longer than ${MAX_PATH_BYTES} bytes`);
  return names.join('/');
}

/**
 * A checked path in the form that all names of one file have in common on disks that mind neither case nor the
 * composition of accents.
 */
export function comparablePath(checked: string, platform: NodeJS.Platform = process.platform): string {
  const mindsCase = platform !== 'darwin' && platform !== 'win32';
  return mindsCase ? checked : checked.normalize('NFC').toLowerCase();
}

/** Like `checkArtifactPath`, for a path that must name something below the root. */
export function checkArtifactFile(given: string): string {
  const checked = checkArtifactPath(given);
  if (checked === '' || given.endsWith('/')) throw invalidPath(given, 'it names no file');
  return checked;
}

/** @throws ApiError INVALID_PARAMETER_VALUE when the text is not percent-encoded UTF-8 */
export function decodeOnce(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    throw invalidPath(encoded, 'it is not percent-encoded UTF-8');
  }
}

/**
 * The text itself and each further percent-decoding of it, as long as it changes.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE when it goes on changing for longer than anything honest does
 */
export function decodings(text: string): string[] {
  const forms = [text];
  for (let form = text; forms.length < MAX_ENCODINGS; forms.push(form)) {
    const next = decodeLeniently(form);
    if (next === form) return forms;
    form = next;
  }
  throw invalidPath(text, 'it is encoded over and over');
}

/** Decodes every valid escape and keeps the rest, as lenient decoders do: `%` alone is a character like another. */
function decodeLeniently(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, escapes =>
    Buffer.from(escapes.replaceAll('%', ''), 'hex').toString('utf8'),
  );
}

function refuseEscape(form: string, given: string): void {
  if (/\p{Cc}/u.test(form)) throw invalidPath(given, 'it contains a control character');
  if (form.includes('\\')) throw invalidPath(given, 'it contains a backslash');
  if (form.includes('#')) throw invalidPath(given, "it contains a '#'");
  if (path.posix.isAbsolute(form) || path.win32.isAbsolute(form) || DRIVE_OR_SCHEME.test(form))
    throw invalidPath(given, 'it is not relative');
  if (form.split('/').some(name => name === '..' || name === '.'))
    throw invalidPath(given, "it contains '.' or '..'");
}

function refuseName(name: string, given: string, platform: NodeJS.Platform): void {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES)
    throw invalidPath(given, `a name in it is longer than ${MAX_NAME_BYTES} bytes`);
  if (platform === 'win32' && (WINDOWS_DEVICE.test(name) || WINDOWS_FORBIDDEN.test(name)))
    throw invalidPath(given, `Windows cannot store a file named '${name}'`);
}

/** The error for a path; the text before the colon is MLflow's. */
export function invalidPath(given: string, why: string): ApiError {
  const shown = given.length > 200 ? `${given.slice(0, 200)}…` : given;
  return invalid(`Invalid path: ${JSON.stringify(shown)} is refused because ${why}.`);
}
