/** The way of events to a receiver outside: that of webhooks, with its checks of where it leads. */
import { type Allowed, checkUrl } from '../webhooks/address.ts';
import { post } from '../webhooks/delivery.ts';
import type { Deliver } from './service.ts';

/** @param allowed beyond public addresses over HTTPS */
export function delivering(allowed: Allowed): Deliver {
  return async ({ url, apiKey, body }) => {
    const address = checkUrl(url, allowed);
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
    };
    try {
      const { signal } = new AbortController();
      const {
        success,
        status,
        error,
        body: answer,
      } = await post(address, { headers, body, allowed, signal });
      return success ? undefined : (error ?? `${address.host} answered ${status}: ${answer}`);
    } catch (error) {
      return (error as Error).message;
    }
  };
}
