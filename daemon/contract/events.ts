import * as z from 'zod';

/** What changed. A client that misses events reloads what it shows: an event names a thing, never carries it. */
export const EventTopic = z.enum([
  'experiment',
  'run',
  'model',
  'approval',
  'execution',
  'step',
  'pipeline',
  'endpoint',
  'daemon',
]);
export type EventTopic = z.infer<typeof EventTopic>;

export const ChangeEvent = z.object({
  topic: EventTopic,
  /** Run id, model name, id of a request for approval, execution id, `<execution>/<step>` …, as the topic's routes name it. */
  id: z.string(),
  kind: z.enum(['created', 'updated', 'deleted']),
  /** The containing thing, when there is one: the experiment of a run, the execution of a step, the model of an approval. */
  parent: z.string().optional(),
});
export type ChangeEvent = z.infer<typeof ChangeEvent>;

/**
 * Server-sent events. Each frame's `id` is a number that only grows; `Last-Event-ID` resumes. When the asked-for id is
 * no longer held, the first frame is `event: reset` and the client reloads everything it shows.
 */
export const EVENTS_PATH = '/api/v1/events';
