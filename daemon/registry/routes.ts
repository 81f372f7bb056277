/** The registry's part of the native API. */
import { userName } from '../client/variables.ts';
import * as contract from '../contract/models.ts';
import { actorOf, describePrincipal } from '../contract/principal.ts';
import type { ApiRouter } from '../http/router.ts';
import type { RegistryService } from './service.ts';

export function mountRegistry(router: ApiRouter, registry: RegistryService): void {
  router.mount(contract.listModels, () => registry.listModels());

  router.mount(contract.getModel, ({ params }) => registry.showModel(params.name));

  router.mount(contract.registerVersion, ({ params, body: { runId, ...rest } }, { principal }) =>
    registry.registerFromRun({
      ...rest,
      name: params.name,
      runIds: [runId],
      actor: actorOf(principal, 'native', userName()),
    }),
  );

  router.mount(contract.promoteVersion, async ({ params: { name, version }, body }, { principal }) => {
    await registry.transition({ name, version, ...body, by: describePrincipal(principal) });
    return registry.show(name, version);
  });

  router.mount(contract.listTransitions, async ({ params }) => ({
    items: await registry.transitions(params.name),
  }));
}
