/** Reading request bodies. */
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { ApiError, invalid } from '../contract/errors.ts';

/** Largest body that is held in memory, in bytes. Artifacts are streamed and know no limit. */
export const BODY_LIMIT = 32 * 1024 * 1024;

/** How deep JSON may be nested: what goes through it calls itself, and would run out of stack. */
const MAX_DEPTH = 200;

/**
 * The whole body in one ArrayBuffer of its own, fit to be transferred to another thread.
 *
 * @throws ApiError PAYLOAD_TOO_LARGE beyond `limit` bytes; BAD_REQUEST when the client stops early
 */
export async function readBody(request: IncomingMessage, limit: number = BODY_LIMIT): Promise<ArrayBuffer> {
  const declared = request.headers['content-length'];
  const expected = declared === undefined ? undefined : Number(declared);
  if (expected !== undefined && expected > limit) throw tooLarge(limit);
  return expected === undefined ? gather(request, limit) : fill(request, expected);
}

/**
 * A body that is read as it comes in; the connection stays open for the answer when reading ends early.
 *
 * @param error thrown beyond `limit` bytes, at once when they are declared; by default PAYLOAD_TOO_LARGE
 */
export function limitedBody(
  request: Readable & Pick<IncomingMessage, 'headers'>,
  limit: number,
  error: ApiError = tooLarge(limit),
): AsyncGenerator<Buffer> {
  if (Number(request.headers['content-length'] ?? 0) > limit) throw error;
  return limited(request.iterator({ destroyOnReturn: false }), limit, error);
}

async function* limited(body: AsyncIterable<Buffer>, limit: number, error: ApiError): AsyncGenerator<Buffer> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > limit) throw error;
    yield chunk;
  }
}

/** A body of known length goes straight to its place. */
async function fill(request: IncomingMessage, length: number): Promise<ArrayBuffer> {
  const buffer = new ArrayBuffer(length);
  const bytes = new Uint8Array(buffer);
  let offset = 0;
  for await (const chunk of chunks(request)) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  if (offset !== length)
    throw new ApiError('BAD_REQUEST', `The body ended after ${offset} of ${length} bytes`);
  return buffer;
}

async function gather(request: IncomingMessage, limit: number): Promise<ArrayBuffer> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks(request)) {
    length += chunk.length;
    if (length > limit) throw tooLarge(limit);
    parts.push(chunk);
  }
  const buffer = new ArrayBuffer(length);
  const bytes = new Uint8Array(buffer);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return buffer;
}

async function* chunks(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch {
    throw new ApiError('BAD_REQUEST', 'The body ended early');
  }
}

/**
 * The body as JSON; an empty body is an empty object.
 *
 * @throws ApiError INVALID_PARAMETER_VALUE when it is no JSON
 */
export async function readJson(request: IncomingMessage, limit?: number): Promise<unknown> {
  const bytes = await readBody(request, limit);
  if (bytes.byteLength === 0) return {};
  try {
    if (isTooDeep(new Uint8Array(bytes))) throw new Error(`it is nested deeper than ${MAX_DEPTH}`);
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(`The body is not JSON: ${(error as Error).message}`);
  }
}

function tooLarge(limit: number): ApiError {
  return new ApiError('PAYLOAD_TOO_LARGE', `The body is larger than ${limit} bytes; send it in parts`);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** By how much each byte changes the depth. */
const STEPS = new Int8Array(256);
for (const opening of '[{') STEPS[opening.charCodeAt(0)] = 1;
for (const closing of ']}') STEPS[closing.charCodeAt(0)] = -1;

/** Whether JSON, not looked at otherwise, is nested too deep. */
function isTooDeep(bytes: Uint8Array): boolean {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) inText = !inText;
    else if (!inText) depth += STEPS[byte] ?? 0;
    else if (byte === BACKSLASH) at += 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}
