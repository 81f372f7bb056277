/** What webhooks are told of an entry of the audit log, in MLflow's forms where it has one. */
import type { AuditEntry } from '../contract/audit.ts';
import type { WebhookEvent } from '../contract/webhooks.ts';
import { PROMPT_TAG } from '../registry/model.ts';

/** An event with the data of its payload. */
export interface Told {
  readonly event: WebhookEvent;
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event and when it was, in milliseconds since the epoch. */
export type TimedEvent = Told & { readonly at: number };

/** The event of an entry; undefined when there is none. */
export function eventOf(entry: AuditEntry): TimedEvent | undefined {
  const version = entry.version === null ? null : String(entry.version);
  const told = EVENTS[entry.action]?.({
    entry,
    version,
    before: fields(entry.before),
    after: fields(entry.after),
  });
  // MLflow keeps prompts among the models, and tells of them by events of their own.
  return told && !isPrompt(told) ? { ...told, at: entry.at } : undefined;
}

interface Facts {
  readonly entry: AuditEntry;
  readonly version: string | null;
  readonly before: Readonly<Record<string, unknown>>;
  readonly after: Readonly<Record<string, unknown>>;
}

const EVENTS: Readonly<Record<string, (facts: Facts) => Told | undefined>> = {
  'model.create': ({ entry, after }) => ({
    event: 'registered_model.created',
    data: { name: entry.model, tags: after.tags, description: after.description || null },
  }),
  'version.create': ({ entry, version, after }) => ({
    event: 'model_version.created',
    data: {
      name: entry.model,
      version,
      source: after.source,
      run_id: after.runId,
      tags: after.tags,
      description: after.description || null,
    },
  }),
  // Tags of models have no event in MLflow.
  'tag.set': ({ entry, version, after }) =>
    version === null
      ? undefined
      : {
          event: 'model_version_tag.set',
          data: { name: entry.model, version, key: after.key, value: after.value },
        },
  'tag.delete': ({ entry, version, before }) =>
    version === null
      ? undefined
      : { event: 'model_version_tag.deleted', data: { name: entry.model, version, key: before.key } },
  'alias.set': ({ entry, version, after }) => ({
    event: 'model_version_alias.created',
    data: { name: entry.model, alias: after.alias, version },
  }),
  'alias.delete': ({ entry, before }) => ({
    event: 'model_version_alias.deleted',
    data: { name: entry.model, alias: before.alias },
  }),
  'version.transition': facts => moved('model_version_stage.transitioned', facts),
  'version.rollback': facts => moved('model_version_stage.rolled_back', facts),
  'approval.request': facts => decided('approval.requested', facts),
  'approval.approve': facts => decided('approval.approved', facts),
  'approval.reject': facts => decided('approval.rejected', facts),
};

function moved(event: WebhookEvent, { entry, version, before, after }: Facts): Told {
  const { actor, reason, model } = entry;
  const data = { name: model, version, from_stage: before.stage, to_stage: after.stage, reason, actor };
  return { event, data };
}

function decided(event: WebhookEvent, { entry, version, after }: Facts): Told {
  const { actor, reason, model } = entry;
  return { event, data: { name: model, version, reason, actor, ...after } };
}

function isPrompt({ data }: Told): boolean {
  const tags = fields(data.tags);
  return PROMPT_TAG in tags || (typeof data.key === 'string' && data.key.startsWith('mlflow.prompt.'));
}

function fields(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

/** What a test of a webhook sends: the examples of MLflow's server, and like ones for our own events. */
export function exampleOf(event: WebhookEvent): TimedEvent {
  const name = 'example_model';
  const version = '1';
  const tags = { example_key: 'example_value' };
  const actor = { subject: 'ada', role: 'approver', claimed: false, via: 'native' };
  const move = { name, version, from_stage: 'Staging', to_stage: 'Production', reason: 'better', actor };
  const examples: Readonly<Partial<Record<WebhookEvent, Told['data']>>> = {
    'registered_model.created': { name, tags, description: 'An example registered model' },
    'model_version.created': {
      ...{ name, version, source: 'models:/123', run_id: 'abcd1234abcd5678' },
      ...{ tags, description: 'An example model version' },
    },
    'model_version_tag.set': { name, version, key: 'example_key', value: 'example_value' },
    'model_version_tag.deleted': { name, version, key: 'example_key' },
    'model_version_alias.created': { name, alias: 'example_alias', version },
    'model_version_alias.deleted': { name, alias: 'example_alias' },
    'model_version_stage.transitioned': move,
    'model_version_stage.rolled_back': move,
  };
  return {
    event,
    at: Date.now(),
    data: examples[event] ?? { name, version, reason: 'better', actor, request: 1, stage: 'Production' },
  };
}
