/** One delivery: signed as MLflow's server does it, to a checked address, without following redirects. */
import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import type { WebhookResult } from '../contract/webhooks.ts';
import { type Allowed, checkedLookup, checkUrl, hostOf } from './address.ts';
import type { TimedEvent } from './events.ts';

const TIMEOUT_MS = 10_000;
/** How much of an answer is kept, in bytes. */
const KEPT_BYTES = 4096;
/** Waiting times before a delivery is tried again, in milliseconds. */
const RETRIES_MS = [1_000, 4_000, 16_000];

/** Where a delivery goes. */
export interface Destination {
  readonly url: string;
  readonly secret: string | undefined;
  readonly allowed: Allowed;
}

/** Delivers, again after a while where that may help. The id stays the same, so that it can be told from another. */
export async function insist(
  destination: Destination,
  told: TimedEvent,
  signal: AbortSignal,
  waits: readonly number[] = RETRIES_MS,
): Promise<WebhookResult> {
  const id = randomUUID();
  for (let attempt = 0; ; attempt += 1) {
    const result = await deliver(destination, told, signal, id);
    const wait = waits[attempt];
    if (result.success || wait === undefined || !mayPass(result)) return result;
    await pause(wait, undefined, { signal });
  }
}

/** Delivers once. Never throws: what went wrong is in the result. */
export async function deliver(
  { url, secret, allowed }: Destination,
  { event, data, at }: TimedEvent,
  signal: AbortSignal,
  id: string = randomUUID(),
): Promise<WebhookResult> {
  const [entity, action] = event.split('.');
  const body = JSON.stringify({ entity, action, timestamp: new Date(at).toISOString(), data });
  const timestamp = String(Math.floor(Date.now() / 1000));
  const headers: http.OutgoingHttpHeaders = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-mlflow-delivery-id': id,
    'x-mlflow-timestamp': timestamp,
    ...(secret ? { 'x-mlflow-signature': signatureOf(secret, `${id}.${timestamp}.${body}`) } : {}),
  };
  try {
    return await post(checkUrl(url, allowed), { headers, body, allowed, signal });
  } catch (error) {
    return { success: false, status: null, body: null, error: (error as Error).message };
  }
}

function signatureOf(secret: string, content: string): string {
  return `v1,${createHmac('sha256', secret).update(content).digest('base64')}`;
}

/** Whether the same delivery may succeed later. */
function mayPass({ status }: WebhookResult): boolean {
  return status === null || status === 429 || status >= 500;
}

/**
 * Posts to a checked address: the one way out for what a person has sent elsewhere.
 *
 * @param url as `checkUrl` returned it
 */
export function post(
  url: URL,
  sent: { headers: http.OutgoingHttpHeaders; body: string; allowed: Allowed; signal: AbortSignal },
): Promise<WebhookResult> {
  const { request } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const posting = request({
      method: 'POST',
      host: hostOf(url),
      port: url.port,
      path: url.pathname + url.search,
      headers: sent.headers,
      lookup: checkedLookup(sent.allowed),
      // A connection that was kept could lead to an address that was not checked.
      agent: false,
      signal: AbortSignal.any([sent.signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    posting.once('error', reject);
    posting.once('response', response => readAnswer(response).then(resolve, reject));
    posting.end(sent.body);
  });
}

async function readAnswer(response: http.IncomingMessage): Promise<WebhookResult> {
  const status = response.statusCode ?? 0;
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length >= KEPT_BYTES) break;
  }
  const body = Buffer.concat(chunks).subarray(0, KEPT_BYTES).toString();
  const redirected = status >= 300 && status < 400;
  const error = redirected ? `It answered with a redirect (${status}), which is not followed.` : null;
  return { success: status >= 200 && status < 300, status, body, error };
}
