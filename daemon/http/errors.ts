import type { ServerResponse } from 'node:http';
import type * as z from 'zod';
import { ApiError, invalid } from '../contract/errors.ts';
import type { Logger } from '../log.ts';

/** Any thrown thing as the error a client is told: an unknown one is a defect, logged and not explained. */
export function toApiError(thrown: unknown, log: Logger): ApiError {
  if (thrown instanceof ApiError) return thrown;
  if (thrown instanceof URIError) return invalid('The path is not percent-encoded UTF-8.');
  log.error({ err: thrown }, 'a request failed by a defect');
  return new ApiError(
    'INTERNAL_ERROR',
    'The daemon failed on this request; its log says why (`modelthat logs`).',
  );
}

/** Answers with an error's status and JSON form; ends the connection when the answer has already begun. */
export function sendError(response: ServerResponse, error: ApiError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { retryAfter } = (error.details ?? {}) as { retryAfter?: number };
  if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter);
  sendJson(response, error.status, error.toBody());
}

/** Answers with JSON: a value, or what a reader thread has already serialised. */
export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = value instanceof Uint8Array ? value : Buffer.from(JSON.stringify(value));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.byteLength });
  response.end(body);
}

/**
 * Parses input by its schema.
 *
 * @param where what is parsed, as the message calls it: "body", "query"
 * @throws ApiError INVALID_PARAMETER_VALUE naming each bad field
 */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  where: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(`Bad ${where}: ${describeIssues(result.error)}`, result.error.issues);
}

function describeIssues(error: z.ZodError): string {
  return error.issues
    .map(issue => (issue.path.length > 0 ? `${issue.path.join('.')}: ${issue.message}` : issue.message))
    .join('; ');
}
