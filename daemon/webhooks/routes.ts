import * as contract from '../contract/webhooks.ts';
import type { ApiRouter } from '../http/router.ts';
import type { WebhookService } from './service.ts';

/** Puts webhooks on the native API. */
export function mountWebhooks(router: ApiRouter, webhooks: WebhookService): void {
  router.mount(contract.listWebhooks, async () => ({ items: await webhooks.list() }));
  router.mount(contract.createWebhook, ({ body }) => webhooks.create(body));
  router.mount(contract.deleteWebhook, async ({ params }) => {
    await webhooks.delete(params.id);
    return {};
  });
  router.mount(contract.testWebhook, ({ params, body }) => webhooks.test(params.id, body.event));
}
