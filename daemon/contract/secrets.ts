import * as z from 'zod';
import { route } from './route.ts';

/** Names of secrets are those of the variables that steps get them in. */
export const SecretName = z
  .string()
  .max(200)
  .regex(/^(?!MODELTHAT_|MLFLOW_TRACKING_)[A-Za-z_][A-Za-z0-9_]*$/, {
    error: 'must be the name of a variable, and none of modelthat’s own',
  });

/** Shorter ones would hide half of a log that they are looked for in. */
export const HIDDEN_FROM = 4;

/** Larger ones do not fit into an environment. */
const MAX_CHARACTERS = 65_536;

export const SecretValue = z
  .string()
  .min(1)
  .max(MAX_CHARACTERS)
  .refine(value => value.isWellFormed() && !value.includes('\0'), { error: 'must be text without NUL' });

/** A secret, without its value, which nothing gives out. */
export const Secret = z.object({ name: z.string() });
export type Secret = z.infer<typeof Secret>;

const Named = z.object({ name: SecretName });

export const listSecrets = route({
  method: 'GET',
  path: '/api/v1/secrets',
  access: 'owner',
  summary: 'Names of the secrets that were set for this store',
  reply: z.object({ items: z.array(Secret) }),
});

export const setSecret = route({
  method: 'PUT',
  path: '/api/v1/secrets/:name',
  access: 'owner',
  summary: 'Set a secret that steps may name',
  params: Named,
  body: z.object({ value: SecretValue }),
  reply: Secret,
});

export const removeSecret = route({
  method: 'DELETE',
  path: '/api/v1/secrets/:name',
  access: 'owner',
  summary: 'Forget a secret',
  params: Named,
  reply: Secret,
});
