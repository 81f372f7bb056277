/** The audit log of the registry: who did what to which model, when and from where. */
import * as z from 'zod';
import { route } from './route.ts';
import { Empty, page, QueryInt, Time } from './values.ts';

const Count = z.number().int().nonnegative();

/** Who did something, as far as it is known. */
export const Actor = z.object({
  /** The person, or what acted on its own: `execution <id>, step <name>`, `import`. */
  subject: z.string(),
  /** What the token opens: `owner`, `tracking`, `execution`; or a role that was given to a person. */
  role: z.string(),
  /** Whether only the machine's user, or the request itself, says who it is. */
  claimed: z.boolean(),
  /** From where: the face of the daemon that was asked, such as `native`, `mlflow`, `pipeline`, `import`. */
  via: z.string(),
});
export type Actor = z.infer<typeof Actor>;

/** What is to be kept of one change. */
export const AuditFact = z.object({
  /** `<noun>.<verb>`: `version.transition`, `approval.approve`, `alias.set`, `tag.delete`, `version.delete` … */
  action: z.string(),
  model: z.string(),
  version: z.number().int().nullable(),
  actor: Actor,
  reason: z.string(),
  /** What it was before and is after, in JSON; null where there is nothing. */
  before: z.json(),
  after: z.json(),
});
export type AuditFact = z.infer<typeof AuditFact>;

/** One entry of the log, tied to the one before it by its hash. */
export const AuditEntry = AuditFact.extend({
  /** 1, 2, 3 … without gaps. */
  number: z.number().int().positive(),
  at: Time,
  /** SHA-256 over the entry's content and the hash before it, in hex. */
  hash: z.string(),
});
export type AuditEntry = z.infer<typeof AuditEntry>;

/** What checking the whole log found. */
export const AuditVerification = z.object({
  kind: z.literal('audit'),
  /** How many entries there are. */
  entries: Count,
  /** The newest; null when there is none. */
  head: z.object({ number: z.number().int(), hash: z.string() }).nullable(),
  /** File outside of the store that has the hash of every entry. */
  anchor: z.string(),
  /** Number of the newest entry in it; 0 when there is none. */
  anchored: Count,
  /** What is not as it was written, by the number of the first entry that it is about. */
  problems: z.array(z.object({ number: z.number().int(), problem: z.string() })),
  /** Entries that no daemon anchored when it wrote them: it was killed that moment, or somebody else wrote them. */
  unwitnessed: z.array(z.object({ from: z.number().int(), to: z.number().int() })),
});
export type AuditVerification = z.infer<typeof AuditVerification>;

export const listAudit = route({
  method: 'GET',
  path: '/api/v1/audit',
  access: 'tracking',
  summary: 'The audit log of the registry, a page at a time',
  query: z.object({
    /** Only entries about the model of this name. */
    model: z.string().optional(),
    /** Only entries about this version; needs `model`. */
    version: QueryInt.positive().optional(),
    order: z.enum(['newest', 'oldest']).default('newest'),
    limit: QueryInt.min(1).max(1000).default(100),
    pageToken: z
      .string()
      .regex(/^[1-9]\d{0,15}$/, 'must be the nextPageToken of the page before')
      .optional(),
  }),
  reply: page(AuditEntry),
});

export const verifyAudit = route({
  method: 'GET',
  path: '/api/v1/audit/verification',
  access: 'tracking',
  summary: 'Recompute the whole audit log, and compare it with its anchor',
  reply: AuditVerification,
});

/** A note of git with the newest entry. */
export const AuditNote = z.object({ number: z.number().int(), hash: z.string(), commit: z.string() });
export type AuditNote = z.infer<typeof AuditNote>;

export const noteAudit = route({
  method: 'POST',
  path: '/api/v1/audit/note',
  access: 'owner',
  summary: 'Put the newest entry of the audit log into a note of git at the commit that is checked out',
  body: Empty,
  reply: AuditNote,
});
