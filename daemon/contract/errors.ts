import * as z from 'zod';

/** Every error code the daemon answers with, and its HTTP status. MLflow's codes where MLflow has one. */
export const ERROR_STATUS = {
  INVALID_PARAMETER_VALUE: 400,
  BAD_REQUEST: 400,
  RESOURCE_ALREADY_EXISTS: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  RESOURCE_DOES_NOT_EXIST: 404,
  ENDPOINT_NOT_FOUND: 404,
  RESOURCE_CONFLICT: 409,
  /** Not 500, as MLflow has it: clients ask again and again for what will not come back by itself. */
  DATA_LOSS: 410,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  REQUEST_LIMIT_EXCEEDED: 429,
  INTERNAL_ERROR: 500,
  NOT_IMPLEMENTED: 501,
  TEMPORARILY_UNAVAILABLE: 503,
  INSUFFICIENT_STORAGE: 507,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** The one JSON form of an error, on every route. */
export const ErrorBody = z.object({
  error_code: z.string(),
  message: z.string(),
  details: z.unknown().optional(),
});
export type ErrorBody = z.infer<typeof ErrorBody>;

/**
 * An error a person can act on: the message says what was wrong, with which value, and what would be right.
 * Anything else that is thrown is a defect and is answered as INTERNAL_ERROR.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly details: unknown;

  constructor(code: ErrorCode, message: string, details?: unknown) {
    super(message);
    this.code = code;
    this.details = details;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }

  toBody(): ErrorBody {
    return this.details === undefined
      ? { error_code: this.code, message: this.message }
      : { error_code: this.code, message: this.message, details: this.details };
  }

  /** Rebuilds the error from its JSON form; an unknown code becomes INTERNAL_ERROR. */
  static fromBody(body: ErrorBody): ApiError {
    const code = body.error_code in ERROR_STATUS ? (body.error_code as ErrorCode) : 'INTERNAL_ERROR';
    return new ApiError(code, body.message, body.details);
  }
}

/** The usual "bad value" error (400). */
export function invalid(message: string, details?: unknown): ApiError {
  return new ApiError('INVALID_PARAMETER_VALUE', message, details);
}

/** The usual "no such thing" error (404). */
export function missing(message: string): ApiError {
  return new ApiError('RESOURCE_DOES_NOT_EXIST', message);
}

/** The value, or undefined in place of an ApiError that says there is no such thing. */
export async function withoutMissing<Value>(value: Promise<Value>): Promise<Value | undefined> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'RESOURCE_DOES_NOT_EXIST') return undefined;
    throw error;
  }
}
