import * as contract from '../../contract/automations.ts';
import type { ApiRouter } from '../../http/router.ts';
import type { AutomationService } from './service.ts';

/** Puts schedules and triggers on the native API. */
export function mountAutomations(router: ApiRouter, automations: AutomationService): void {
  router.mount(contract.listAutomations, () => automations.list());
  router.mount(contract.switchAutomation, ({ body }) => automations.turn(body));
}
