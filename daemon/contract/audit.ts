/** The audit log of the registry: who did what to which model, when and from where. */
import * as z from 'zod';
import { Time } from './values.ts';

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
