import * as contract from '../contract/secrets.ts';
import type { ApiRouter } from '../http/router.ts';
import type { SecretService } from './service.ts';

/** Puts the secrets of steps on the native API, which takes values and gives none out. */
export function mountSecrets(router: ApiRouter, secrets: SecretService): void {
  router.mount(contract.listSecrets, () => ({ items: secrets.names.map(name => ({ name })) }));
  router.mount(contract.setSecret, ({ params: { name }, body }) => {
    secrets.set(name, body.value);
    return { name };
  });
  router.mount(contract.removeSecret, ({ params: { name } }) => {
    secrets.remove(name);
    return { name };
  });
}
