import { randomUUID } from 'node:crypto';
import { invalid, withoutMissing } from '../contract/errors.ts';
import type { NewWebhook, Webhook, WebhookEvent, WebhookResult } from '../contract/webhooks.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import { type Allowed, checkUrl } from './address.ts';
import { deliver, insist } from './delivery.ts';
import { eventOf, exampleOf } from './events.ts';
import { WebhookSecrets } from './secrets.ts';
import type { KeptWebhook, WebhookChange } from './store.ts';

/** Entries of the audit log that are read at once. */
const PAGE = 100;
const NAME = /^(?=.{1,63}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/i;

/** What webhooks work with. */
export interface WebhookParts {
  readonly database: Database;
  readonly events: EventBus;
  /** The store's private folder. */
  readonly state: string;
  readonly allowed: Allowed;
  /** Told of deliveries that were given up. */
  readonly warn: (what: object) => void;
}

/**
 * Tells addresses of changes of the registry. What each was told of is its place in the audit log: a change waits for no
 * delivery, none is lost by a restart, and those of one webhook come in order.
 */
export class WebhookService {
  readonly #parts: WebhookParts;
  readonly #secrets: WebhookSecrets;
  readonly #closing = new AbortController();
  readonly #unsubscribe: () => void;
  /** Webhooks that are being told, and whether there may be more for them. */
  readonly #telling = new Map<string, { again: boolean; done: Promise<void> }>();

  constructor(parts: WebhookParts) {
    this.#parts = parts;
    this.#secrets = new WebhookSecrets(parts.state);
    this.#unsubscribe = parts.events.subscribe(({ topic }) => {
      if (topic === 'model') void this.#tellAll();
    });
  }

  /** Goes on with what an earlier daemon did not deliver. */
  async resume(): Promise<void> {
    if (await this.#parts.database.write('webhooks.pending', {})) void this.#tellAll();
  }

  async list(): Promise<Webhook[]> {
    return (await this.#parts.database.read('webhooks.list', {})).map(withoutPlace);
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  async get(id: string): Promise<Webhook> {
    return withoutPlace(await this.#parts.database.read('webhooks.get', { id }));
  }

  async create({ secret, ...webhook }: NewWebhook): Promise<Webhook> {
    const id = randomUUID();
    this.#check(webhook);
    if (secret) this.#secrets.set(id, secret);
    return withoutPlace(await this.#parts.database.write('webhooks.create', { ...webhook, id }));
  }

  async update(id: string, { secret, ...change }: WebhookChange & { secret?: string }): Promise<Webhook> {
    this.#check(change);
    const updated = await this.#parts.database.write('webhooks.update', { id, change });
    if (secret) this.#secrets.set(id, secret);
    return withoutPlace(updated);
  }

  async delete(id: string): Promise<void> {
    await this.#parts.database.write('webhooks.delete', { id });
    this.#secrets.delete(id);
  }

  /** Sends an example, once. @param event by default the first of the webhook's */
  async test(id: string, event?: WebhookEvent): Promise<WebhookResult> {
    const webhook = await this.get(id);
    const chosen = event ?? webhook.events[0];
    if (!chosen) throw invalid(`Webhook ${id} has no events: name one.`);
    return deliver(this.#destination(webhook), exampleOf(chosen), this.#closing.signal);
  }

  /** Ends deliveries; what was not delivered is when a daemon runs again. */
  async close(): Promise<void> {
    this.#unsubscribe();
    this.#closing.abort();
    await Promise.all([...this.#telling.values()].map(({ done }) => done));
  }

  #check({ name, url }: { name?: string; url?: string }): void {
    if (name !== undefined && !NAME.test(name))
      throw invalid(
        `Webhook name '${name}' is invalid. It must start and end with a letter or digit, be less than 63 characters ` +
          'long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).',
      );
    if (url !== undefined) checkUrl(url, this.#parts.allowed);
  }

  #destination({ id, url }: Webhook) {
    return { url, secret: this.#secrets.get(id), allowed: this.#parts.allowed };
  }

  async #tellAll(): Promise<void> {
    try {
      for (const { id, active } of await this.#parts.database.read('webhooks.list', {}))
        if (active && !this.#closing.signal.aborted) this.#tellSoon(id);
    } catch (error) {
      if (!this.#closing.signal.aborted) this.#parts.warn({ err: error });
    }
  }

  #tellSoon(id: string): void {
    const telling = this.#telling.get(id);
    if (telling) {
      telling.again = true;
      return;
    }
    const entry = { again: true, done: Promise.resolve() };
    this.#telling.set(id, entry);
    entry.done = this.#tell(id, entry).catch(error => {
      this.#telling.delete(id);
      if (!this.#closing.signal.aborted) this.#parts.warn({ err: error, webhook: id });
    });
  }

  async #tell(id: string, entry: { again: boolean }): Promise<void> {
    while (entry.again) {
      entry.again = false;
      while (await this.#tellSome(id));
    }
    this.#telling.delete(id);
  }

  /** @returns whether there may be more */
  async #tellSome(id: string): Promise<boolean> {
    const { database } = this.#parts;
    const first = await withoutMissing(database.read('webhooks.get', { id }));
    if (!first?.active) return false;
    const entries = await database.read('audit.list', { order: 'oldest', limit: PAGE, after: first.told });
    for (const entry of entries) {
      const told = eventOf(entry);
      // As it is by now: it may be another, or gone.
      const webhook = await withoutMissing(database.read('webhooks.get', { id }));
      if (!webhook?.active || webhook.told > entry.number) return webhook?.active === true;
      if (told && webhook.events.includes(told.event)) {
        const result = await insist(this.#destination(webhook), told, this.#closing.signal);
        this.#closing.signal.throwIfAborted();
        if (!result.success) this.#parts.warn({ webhook: id, entry: entry.number, ...result });
      }
      await database.write('webhooks.told', { id, number: entry.number });
    }
    return entries.length === PAGE;
  }
}

function withoutPlace({ told: _told, ...webhook }: KeptWebhook): Webhook {
  return webhook;
}
