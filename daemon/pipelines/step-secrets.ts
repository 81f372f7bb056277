/** The secrets that steps name. */
import type { SecretService } from '../secrets/service.ts';
import type { Step } from './definition/model.ts';

type Naming = Pick<Step, 'secrets'>;

/** Their values, by the names of the variables in which the step gets them. */
export function valuesOf(secrets: SecretService, { secrets: names = [] }: Naming): Record<string, string> {
  return Object.fromEntries(names.map(name => [name, secrets.valueOf(name) ?? '']));
}

/** Why a step cannot run for a secret that nobody has set; undefined when there are all. */
export function whyWithoutSecrets(
  secrets: SecretService,
  { secrets: names = [] }: Naming,
): string | undefined {
  const absent = names.find(name => secrets.valueOf(name) === undefined);
  return absent === undefined
    ? undefined
    : `it needs the secret ${absent}, which is not set (modelthat secrets set ${absent})`;
}
