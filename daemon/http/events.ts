/** Server-sent events: what changed, coalesced so that a fast logger cannot flood a client. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ChangeEvent, EVENTS_PATH } from '../contract/events.ts';
import type { EventBus } from '../events/bus.ts';
import type { ApiRouter } from './router.ts';
import { type Tokens, tokenOf } from './tokens.ts';

const COALESCE_MS = 100;
const HEARTBEAT_MS = 15_000;
const KEPT_EVENTS = 2_000;
/** A client that reads slower than this falls out and resumes, or reloads. In bytes. */
const CLIENT_BACKLOG = 1024 * 1024;

/** The stream of events of one daemon. */
export class EventStream {
  /** Ids go on growing over restarts, so that an old `Last-Event-ID` is known for old. */
  #lastId = Date.now() * 1000;
  readonly #kept: { readonly id: number; readonly frame: string }[] = [];
  readonly #pending = new Map<string, ChangeEvent>();
  /** With the token that each came with. */
  readonly #clients = new Map<ServerResponse, string>();
  readonly #tokens: Pick<Tokens, 'principalOf'>;
  #flushTimer: NodeJS.Timeout | undefined;
  readonly #heartbeat = setInterval(() => this.#sendAll(': alive\n\n'), HEARTBEAT_MS).unref();
  readonly #unsubscribe: () => void;

  constructor(bus: EventBus, tokens: Pick<Tokens, 'principalOf'>) {
    this.#tokens = tokens;
    this.#unsubscribe = bus.subscribe(event => this.#collect(event));
  }

  /** How many clients listen. */
  get clients(): number {
    return this.#clients.size;
  }

  /** Puts the stream on the router. */
  mount(router: ApiRouter): void {
    router.raw({ method: 'GET', path: EVENTS_PATH, access: 'tracking' }, (request, response) =>
      this.#serve(request, response),
    );
  }

  close(): void {
    this.#unsubscribe();
    clearInterval(this.#heartbeat);
    clearTimeout(this.#flushTimer);
    for (const client of this.#clients.keys()) client.end();
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
    response.flushHeaders();
    response.write(this.#catchUp(request.headers['last-event-id']));
    this.#clients.set(response, tokenOf(request.headers.authorization) ?? '');
    response.on('close', () => this.#clients.delete(response));
  }

  /** What a client missed since `lastId`; a reset when that is no longer known. */
  #catchUp(lastId: string | string[] | undefined): string {
    if (lastId === undefined) return `id: ${this.#lastId}\nevent: hello\ndata: {}\n\n`;
    const last = Number(lastId);
    const known = last === this.#lastId || this.#kept.some(event => event.id === last);
    if (!known) return `id: ${this.#lastId}\nevent: reset\ndata: {}\n\n`;
    return this.#kept
      .filter(event => event.id > last)
      .map(event => event.frame)
      .join('');
  }

  /** Several changes of one thing within the interval are told once; its creation or deletion is never hidden. */
  #collect(event: ChangeEvent): void {
    const key = `${event.topic}\n${event.id}`;
    const earlier = this.#pending.get(key);
    const kind = earlier?.kind === 'created' && event.kind === 'updated' ? 'created' : event.kind;
    this.#pending.set(key, { ...event, kind });
    this.#flushTimer ??= setTimeout(() => this.#flush(), COALESCE_MS);
  }

  #flush(): void {
    this.#flushTimer = undefined;
    const frames = [...this.#pending.values()].map(event => this.#keep(event));
    this.#pending.clear();
    this.#sendAll(frames.join(''));
  }

  #keep(event: ChangeEvent): string {
    this.#lastId += 1;
    const frame = `id: ${this.#lastId}\ndata: ${JSON.stringify(event)}\n\n`;
    this.#kept.push({ id: this.#lastId, frame });
    if (this.#kept.length > KEPT_EVENTS) this.#kept.shift();
    return frame;
  }

  /** Nothing goes to who came with a token that was revoked since, or has expired: their stream ends. */
  #sendAll(text: string): void {
    for (const [client, token] of this.#clients) {
      if (!this.#tokens.principalOf(token)) client.end();
      else if (client.writableLength > CLIENT_BACKLOG) client.destroy();
      else client.write(text);
    }
  }
}
