/** The header `Idempotency-Key`: a request that carries it can be sent again, and has its effect once. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { invalid } from '../contract/errors.ts';
import { describePrincipal, type Principal } from '../contract/principal.ts';
import { repeatably } from '../database/repeatable.ts';

export const MAX_KEY_LENGTH = 255;

/**
 * Answers a request that makes one write. With a key, the first answer is given again to the same request of the same
 * sender within a day; one that was refused is tried anew.
 *
 * @param body what was sent, read whole
 * @throws ApiError INVALID_PARAMETER_VALUE when the key is none, or came with another request before
 */
export async function answerOnce<Answer>(
  request: IncomingMessage & { readonly originalUrl: string },
  principal: Principal,
  body: string | ArrayBuffer,
  answer: () => Promise<Answer> | Answer,
): Promise<Answer> {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return answer();
  if (typeof key !== 'string' || !/^[!-~]+$/.test(key) || key.length > MAX_KEY_LENGTH)
    throw invalid(
      `An Idempotency-Key has 1 to ${MAX_KEY_LENGTH} printable ASCII characters, such as a UUID; this one has not.`,
    );
  const hash = createHash('sha256').update(`${request.method} ${request.originalUrl}\n`);
  hash.update(typeof body === 'string' ? body : new Uint8Array(body));
  return repeatably({ principal: senderOf(principal), key, request: hash.digest('hex') }, async () =>
    answer(),
  );
}

/** People with the same kind of token are told apart, too. */
function senderOf(principal: Principal): string {
  const { subject } = principal;
  return describePrincipal(principal) + (subject === undefined ? '' : ` ${subject}`);
}
