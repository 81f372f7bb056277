import * as contract from '../contract/tokens.ts';
import type { PersonTokens } from './person-tokens.ts';
import type { ApiRouter } from './router.ts';

/** Puts the tokens of people on the native API. */
export function mountTokens(router: ApiRouter, people: PersonTokens): void {
  router.mount(contract.createToken, ({ body: { name, role, expiresAt } }) =>
    people.create(name, role, expiresAt),
  );
  router.mount(contract.listTokens, () => ({ items: people.all }));
  router.mount(contract.revokeToken, ({ params }) => people.revoke(params.name));
}
