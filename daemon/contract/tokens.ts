/** Tokens that are made for one person each, so that records say who it was. */
import * as z from 'zod';
import { route } from './route.ts';
import { Time } from './values.ts';

/** What a person's token opens. `tracking`: what code in terminals may do. `approver`: reading, approving and rejecting. */
export const PERSON_ROLES = ['tracking', 'approver'] as const;
export const PersonRole = z.enum(PERSON_ROLES);
export type PersonRole = z.infer<typeof PersonRole>;

/** Whom a token is for. What stands in records for others than people is no name. */
export const PersonName = z
  .string()
  .max(64)
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._@+ -]*$/u, {
    error: 'must be letters, digits, spaces and . _ @ + -, such as “ada” or “ada@example.org”',
  })
  .regex(/^(?!(owner|tracking|execution|upload|approver|import)( |$))/i, {
    error: 'stands for something else in records',
  });

/** A person's token without its secret, which is shown once. */
export const PersonToken = z.object({
  name: PersonName,
  role: PersonRole,
  createdAt: Time,
  /** Null when it holds until it is revoked. */
  expiresAt: Time.nullable(),
});
export type PersonToken = z.infer<typeof PersonToken>;

export const createToken = route({
  method: 'POST',
  path: '/api/v1/tokens',
  access: 'owner',
  summary: 'Make a token for a person; its secret is in this answer and nowhere else',
  body: z.object({ name: PersonName, role: PersonRole, expiresAt: Time.nullable().default(null) }),
  reply: PersonToken.extend({ token: z.string() }),
});

export const listTokens = route({
  method: 'GET',
  path: '/api/v1/tokens',
  access: 'owner',
  summary: 'Tokens of people, without their secrets',
  reply: z.object({ items: z.array(PersonToken) }),
});

export const revokeToken = route({
  method: 'DELETE',
  path: '/api/v1/tokens/:name',
  access: 'owner',
  summary: 'Revoke the token of a person; it is worth nothing from now on',
  params: z.object({ name: z.string() }),
  reply: PersonToken,
});
