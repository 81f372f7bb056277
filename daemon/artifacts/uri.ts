import { checkArtifactPath } from './paths.ts';

/** How artifact URIs begin that mean this store: clients send their requests to the daemon they log to. */
const PROXIED = /^mlflow-artifacts:\/(?!\/)/;

/**
 * The path in the store behind an artifact URI, or undefined when the URI means some other place.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE when the URI leaves the store
 */
export function storePathOf(uri: string): string | undefined {
  return PROXIED.test(uri) ? checkArtifactPath(uri.replace(PROXIED, '').replace(/^\/+/, '')) : undefined;
}
