/** The daemon's event stream, as a client reads it. */
import { ChangeEvent, EVENTS_PATH } from '../contract/events.ts';
import type { DaemonClient } from './client.ts';

/** One message: a change, or that everything that is shown must be loaded anew. */
export type StreamMessage =
  | { readonly type: 'change'; readonly event: ChangeEvent }
  | { readonly type: 'reset' };

/**
 * What changes in the daemon from now on. Ends when the daemon closes the stream or `signal` aborts.
 *
 * @throws ApiError when the daemon cannot be reached or refuses; TypeError when the connection breaks
 */
export async function* readEvents(client: DaemonClient, signal: AbortSignal): AsyncGenerator<StreamMessage> {
  const response = await client.fetch(EVENTS_PATH, { signal });
  if (!response.body) return;
  let rest = '';
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + text).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const message = parseFrame(frame);
      if (message) yield message;
    }
  }
}

function parseFrame(frame: string): StreamMessage | undefined {
  const fields = new Map(
    frame.split('\n').map(line => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trimStart()] as const;
    }),
  );
  const name = fields.get('event');
  if (name === 'reset') return { type: 'reset' };
  const data = fields.get('data');
  if (name !== undefined || data === undefined) return undefined;
  return { type: 'change', event: ChangeEvent.parse(JSON.parse(data)) };
}
