/** The table of webhooks. */
import type { Database as Connection } from 'better-sqlite3';
import { missing } from '../contract/errors.ts';
import type { Webhook, WebhookEvent } from '../contract/webhooks.ts';
import { statement } from '../database/statements.ts';

/** A webhook with the number of the newest entry of the audit log that it was told of. */
export type KeptWebhook = Webhook & { readonly told: number };

type Row = Omit<KeptWebhook, 'events' | 'active'> & { readonly events: string; readonly active: number };

/** What may be changed of a webhook. */
export type WebhookChange = Partial<Pick<Webhook, 'name' | 'description' | 'url' | 'events' | 'active'>>;

const COLUMNS =
  'id, name, description, url, events, active, created_at AS createdAt, updated_at AS updatedAt, told';

export const writes = {
  /** It is told of what is done from now on. */
  'webhooks.create': (
    connection: Connection,
    input: Omit<Webhook, 'createdAt' | 'updatedAt'>,
  ): KeptWebhook => {
    statement(
      connection,
      `INSERT INTO webhook (id, name, description, url, events, active, created_at, updated_at, told)
       VALUES (@id, @name, @description, @url, @events, @active, @at, @at,
               (SELECT coalesce(max(number), 0) FROM audit_entry))`,
    ).run({ ...input, events: JSON.stringify(input.events), active: Number(input.active), at: Date.now() });
    return requireWebhook(connection, input.id);
  },

  /** One that becomes active again is not told of what was done meanwhile. */
  'webhooks.update': (connection: Connection, input: { id: string; change: WebhookChange }): KeptWebhook => {
    const known = requireWebhook(connection, input.id);
    const next = { ...known, ...input.change };
    statement(
      connection,
      `UPDATE webhook SET name = @name, description = @description, url = @url, events = @events, active = @active,
                          updated_at = @at, told = CASE WHEN @woken THEN
                            (SELECT coalesce(max(number), 0) FROM audit_entry) ELSE told END
       WHERE id = @id`,
    ).run({
      id: next.id,
      name: next.name,
      description: next.description,
      url: next.url,
      events: JSON.stringify(next.events),
      active: Number(next.active),
      woken: Number(next.active && !known.active),
      at: Date.now(),
    });
    return requireWebhook(connection, input.id);
  },

  'webhooks.delete': (connection: Connection, input: { id: string }): void => {
    requireWebhook(connection, input.id);
    statement(connection, 'DELETE FROM webhook WHERE id = ?').run(input.id);
  },

  /** Whether there are webhooks that were not told of everything. Asked of the writer, it starts no reader thread. */
  'webhooks.pending': (connection: Connection, _input: Record<string, never>): boolean =>
    statement<number>(
      connection,
      'SELECT 1 FROM webhook WHERE active = 1 AND told < (SELECT max(number) FROM audit_entry) LIMIT 1',
    )
      .pluck()
      .get() !== undefined,

  'webhooks.told': (connection: Connection, input: { id: string; number: number }): void => {
    statement(connection, 'UPDATE webhook SET told = ? WHERE id = ?').run(input.number, input.id);
  },
};

export const reads = {
  /** By name. */
  'webhooks.list': (connection: Connection, _input: Record<string, never>): KeptWebhook[] =>
    statement<Row>(connection, `SELECT ${COLUMNS} FROM webhook ORDER BY name, id`).all().map(toWebhook),

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  'webhooks.get': (connection: Connection, input: { id: string }): KeptWebhook =>
    requireWebhook(connection, input.id),
};

function requireWebhook(connection: Connection, id: string): KeptWebhook {
  const row = statement<Row>(connection, `SELECT ${COLUMNS} FROM webhook WHERE id = ?`).get(id);
  if (!row) throw missing(`Webhook with ID ${id} not found.`);
  return toWebhook(row);
}

function toWebhook(row: Row): KeptWebhook {
  return { ...row, events: JSON.parse(row.events) as WebhookEvent[], active: row.active === 1 };
}
