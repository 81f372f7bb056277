import * as z from 'zod';
import { route } from './route.ts';
import { Time } from './values.ts';

/** What starts a pipeline without a person: its `schedule`, or its `triggers`. */
export const AutomationKind = z.enum(['schedule', 'triggers']);
export type AutomationKind = z.infer<typeof AutomationKind>;

/** The schedule, or the triggers, of one pipeline. They do nothing until a person turns them on. */
export const Automation = z.object({
  /** Absolute path of the definition. */
  file: z.string(),
  pipeline: z.string(),
  kind: AutomationKind,
  /** What is declared, in a person's words. */
  description: z.string(),
  on: z.boolean(),
  /** When the schedule is due next; null while it is off, and of triggers. */
  next: Time.nullable(),
  /** What it came to when it last wanted to start the pipeline. */
  last: z
    .object({
      time: Time,
      /** Why: the time that was due, the files that changed. */ because: z.string(),
      executionId: z.string().nullable(),
      /** Why no execution was started; empty when one was. */ message: z.string(),
    })
    .nullable(),
  /** What keeps it from working, with the remedy; null when nothing does. */
  problem: z.string().nullable(),
});
export type Automation = z.infer<typeof Automation>;

export const listAutomations = route({
  method: 'GET',
  path: '/api/v1/automations',
  access: 'tracking',
  summary: 'Schedules and triggers that pipelines of the workspace declare, and whether they are on',
  reply: z.object({ items: z.array(Automation) }),
});

export const switchAutomation = route({
  method: 'POST',
  path: '/api/v1/automations',
  access: 'owner',
  summary: 'Turn the schedule or the triggers of a pipeline on or off',
  body: z.object({
    /** Absolute path of the definition, inside the workspace. */
    file: z.string(),
    kind: AutomationKind,
    on: z.boolean(),
  }),
  reply: Automation,
});
