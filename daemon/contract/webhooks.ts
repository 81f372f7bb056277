/** Webhooks: who is told of changes of the registry over HTTP. */
import * as z from 'zod';
import { route } from './route.ts';
import { Empty, Time } from './values.ts';

/** Those of MLflow's client. */
export const MLFLOW_EVENTS = [
  'registered_model.created',
  'model_version.created',
  'model_version_tag.set',
  'model_version_tag.deleted',
  'model_version_alias.created',
  'model_version_alias.deleted',
] as const;

/** Ours, which MLflow's client does not know and is not shown. */
const OWN_EVENTS = [
  'model_version_stage.transitioned',
  'model_version_stage.rolled_back',
  'approval.requested',
  'approval.approved',
  'approval.rejected',
] as const;

export const WebhookEvent = z.enum([...MLFLOW_EVENTS, ...OWN_EVENTS]);
export type WebhookEvent = z.infer<typeof WebhookEvent>;

/** A webhook without its secret, which nothing gives out. */
export const Webhook = z.object({
  id: z.string(),
  name: z.string(),
  description: z.string(),
  url: z.string(),
  events: z.array(WebhookEvent),
  active: z.boolean(),
  createdAt: Time,
  updatedAt: Time,
});
export type Webhook = z.infer<typeof Webhook>;

/** What came of one delivery. */
export const WebhookResult = z.object({
  success: z.boolean(),
  /** Null when there was no answer. */
  status: z.number().int().nullable(),
  /** Its beginning. */
  body: z.string().nullable(),
  /** Why it failed, where that is not what was answered. */
  error: z.string().nullable(),
});
export type WebhookResult = z.infer<typeof WebhookResult>;

export const NewWebhook = z.object({
  name: z.string(),
  description: z.string().default(''),
  url: z.string(),
  events: z.array(WebhookEvent).min(1),
  /** Deliveries are signed with it. */
  secret: z.string().max(1000).optional(),
  active: z.boolean().default(true),
});
export type NewWebhook = z.infer<typeof NewWebhook>;

const WebhookOf = z.object({ id: z.string() });

export const listWebhooks = route({
  method: 'GET',
  path: '/api/v1/webhooks',
  access: 'tracking',
  summary: 'Webhooks, by name',
  reply: z.object({ items: z.array(Webhook) }),
});

export const createWebhook = route({
  method: 'POST',
  path: '/api/v1/webhooks',
  access: 'owner',
  summary: 'Have an address told of changes of the registry',
  body: NewWebhook,
  reply: Webhook,
});

export const deleteWebhook = route({
  method: 'DELETE',
  path: '/api/v1/webhooks/:id',
  access: 'owner',
  summary: 'Tell a webhook nothing more',
  params: WebhookOf,
  reply: Empty,
});

export const testWebhook = route({
  method: 'POST',
  path: '/api/v1/webhooks/:id/test',
  access: 'owner',
  summary: 'Send an example to a webhook, once',
  params: WebhookOf,
  body: z.object({ event: WebhookEvent.optional() }),
  reply: WebhookResult,
});
