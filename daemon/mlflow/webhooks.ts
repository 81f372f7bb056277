/** MLflow's API of webhooks. Events that its client does not know are kept from it. */
import { invalid } from '../contract/errors.ts';
import { MLFLOW_EVENTS, type Webhook, type WebhookEvent } from '../contract/webhooks.ts';
import type { WebhookService } from '../webhooks/service.ts';
import type { Fields } from './fields.ts';
import { type MessageRoute, type MlflowRoute, route } from './route.ts';

const PAGE = { initial: 100, most: 1000 };
const STATUSES = ['ACTIVE', 'DISABLED'] as const;
const ENTITIES = [
  'REGISTERED_MODEL',
  'MODEL_VERSION',
  'MODEL_VERSION_TAG',
  'MODEL_VERSION_ALIAS',
  'PROMPT',
  'PROMPT_VERSION',
  'PROMPT_TAG',
  'PROMPT_VERSION_TAG',
  'PROMPT_ALIAS',
  'BUDGET_POLICY',
] as const;
const ACTIONS = ['CREATED', 'UPDATED', 'DELETED', 'SET', 'EXCEEDED'] as const;

/** Not for steps: an address that is told of everything is a person's to choose. */
const guarded = (route: MessageRoute): MlflowRoute => ({ ...route, access: 'tracking' });

export function webhookRoutes(webhooks: WebhookService): MlflowRoute[] {
  const path = '/mlflow/webhooks';
  return [
    route('POST', path, async ({ fields }) => {
      const webhook = await webhooks.create({
        name: fields.requiredString('name'),
        description: fields.string('description') ?? '',
        url: fields.requiredString('url'),
        events: requiredEvents(fields),
        secret: fields.string('secret') || undefined,
        active: fields.enumeration('status', STATUSES) !== 'DISABLED',
      });
      return { webhook: toMessage(webhook) };
    }),
    route('GET', path, async ({ fields }) => {
      const limit = fields.pageSize('max_results', PAGE);
      const after = fields.string('page_token');
      const known = (await webhooks.list()).filter(({ events }) => events.some(isMlflow));
      const start = after ? known.findIndex(({ id }) => id === after) + 1 : 0;
      const items = known.slice(start, start + limit);
      const more = start + limit < known.length;
      return { webhooks: items.map(toMessage), ...(more ? { next_page_token: items.at(-1)?.id } : {}) };
    }),
    route('GET', `${path}/:id`, async ({ params }) => ({
      webhook: toMessage(await webhooks.get(idOf(params))),
    })),
    route('PATCH', `${path}/:id`, async ({ fields, params }) => {
      const status = fields.enumeration('status', STATUSES);
      const change = {
        name: fields.string('name'),
        description: fields.string('description'),
        url: fields.string('url'),
        secret: fields.string('secret'),
        events: fields.messages('events').length > 0 ? requiredEvents(fields) : undefined,
        active: status && status === 'ACTIVE',
      };
      const given = Object.entries(change).filter(([, value]) => value !== undefined);
      return { webhook: toMessage(await webhooks.update(idOf(params), Object.fromEntries(given))) };
    }),
    route('DELETE', `${path}/:id`, async ({ params }) => {
      await webhooks.delete(idOf(params));
      return {};
    }),
    route('POST', `${path}/:id/test`, async ({ fields, params }) => {
      const event = fields.message('event');
      const result = await webhooks.test(idOf(params), event && toEvent(event));
      return {
        result: {
          success: result.success,
          response_status: result.status ?? undefined,
          response_body: result.body ?? undefined,
          error_message: result.error ?? undefined,
        },
      };
    }),
  ].map(guarded);
}

function idOf(params: Readonly<Record<string, string>>): string {
  return params.id ?? '';
}

function requiredEvents(fields: Fields): WebhookEvent[] {
  const events = fields.messages('events').map(toEvent);
  if (events.length === 0) throw invalid('Webhook events cannot be empty');
  return [...new Set(events)];
}

function toEvent(fields: Fields): WebhookEvent {
  const entity = fields.require('entity', fields.enumeration('entity', ENTITIES));
  const action = fields.require('action', fields.enumeration('action', ACTIONS));
  const name = `${entity}.${action}`.toLowerCase();
  const event = MLFLOW_EVENTS.find(each => each === name);
  if (event) return event;
  throw invalid(`There is no webhook event '${name}' here: it must be one of ${MLFLOW_EVENTS.join(', ')}.`);
}

function isMlflow(event: WebhookEvent): boolean {
  return (MLFLOW_EVENTS as readonly string[]).includes(event);
}

function toMessage(webhook: Webhook): object {
  return {
    webhook_id: webhook.id,
    name: webhook.name,
    description: webhook.description || undefined,
    url: webhook.url,
    events: webhook.events.filter(isMlflow).map(event => {
      const [entity, action] = event.toUpperCase().split('.');
      return { entity, action };
    }),
    status: webhook.active ? 'ACTIVE' : 'DISABLED',
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  };
}
