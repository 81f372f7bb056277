/** What goes wrong with S3-compatible storage, in words of what to do about it. */
import { ApiError, type ErrorCode } from '../contract/errors.ts';

/** What the AWS client throws, as far as it concerns us. */
interface ServiceError extends Error {
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** A kind of failure. */
interface Kind {
  readonly fits: (error: ServiceError) => boolean;
  readonly code: ErrorCode;
  readonly explain: (place: string, bucket: string, error: ServiceError) => string;
}

const statusOf = (error: ServiceError) => error.$metadata?.httpStatusCode;

/** In this order: the first that fits. What a person has to correct is not retried by clients, which 5xx would be. */
const KINDS: readonly Kind[] = [
  {
    fits: error => /CredentialsProviderError|TokenProviderError|CredentialsError/.test(error.name),
    code: 'PERMISSION_DENIED',
    explain: place =>
      `There are no credentials for ${place}, where artifacts are kept. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY ` +
      'or AWS_PROFILE where the daemon is started, or write ~/.aws/credentials; then run `modelthat stop`.',
  },
  {
    fits: error => error.name === 'NoSuchBucket',
    code: 'RESOURCE_DOES_NOT_EXIST',
    explain: (place, bucket) =>
      `The bucket '${bucket}' of ${place}, where artifacts are kept, does not exist. Create it, or choose another place ` +
      'with `modelthat artifacts use`.',
  },
  {
    fits: error =>
      /PermanentRedirect|AuthorizationHeaderMalformed/.test(error.name) ||
      statusOf(error) === 301 ||
      /region is missing/i.test(error.message),
    code: 'INVALID_PARAMETER_VALUE',
    explain: (place, _bucket, error) =>
      `${place} is in another region than was asked (${error.message}). Name it: \`modelthat artifacts use "${place}?region=…"\`.`,
  },
  {
    fits: error => statusOf(error) === 403 || statusOf(error) === 401,
    code: 'PERMISSION_DENIED',
    explain: (place, bucket, error) =>
      `${place}, where artifacts are kept, refuses the credentials in use${reasonOf(error)}. They need s3:ListBucket on ` +
      `'${bucket}' and s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload below it.`,
  },
  {
    fits: error => statusOf(error) === 412,
    code: 'RESOURCE_CONFLICT',
    explain: place => `The artifact in ${place} was replaced while it was read. Read it again.`,
  },
  {
    fits: error => statusOf(error) !== undefined || error.code !== undefined || error.name === 'TimeoutError',
    code: 'TEMPORARILY_UNAVAILABLE',
    explain: (place, _bucket, error) =>
      `${place}, where artifacts are kept, cannot be reached or failed (${error.code ?? error.name}: ${error.message}). ` +
      'Check its address with `modelthat artifacts`, and the network.',
  },
];

/** The error that a person is told of; another error, which is a defect, as it is. */
export function explained(error: unknown, place: string, bucket: string): unknown {
  if (error instanceof ApiError || !(error instanceof Error)) return error;
  const kind = KINDS.find(each => each.fits(error));
  return kind ? new ApiError(kind.code, kind.explain(place, bucket, error)) : error;
}

/** Whether there is no such object. A HEAD has no body that could tell a missing bucket apart. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.name === 'NotFound' || error.name === 'NoSuchKey');
}

/** What the service calls its reason; an answer without a body, as to HEAD, has none. */
function reasonOf(error: Error): string {
  return error.name === 'Unknown' ? '' : ` (${error.name})`;
}
