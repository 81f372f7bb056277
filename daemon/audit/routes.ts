/** The audit log's part of the native API. */
import * as contract from '../contract/audit.ts';
import { invalid } from '../contract/errors.ts';
import type { ApiRouter } from '../http/router.ts';
import type { AuditService } from './service.ts';

export function mountAudit(router: ApiRouter, audit: AuditService): void {
  router.mount(contract.listAudit, ({ query: { pageToken, ...query } }) => {
    if (query.version !== undefined && query.model === undefined)
      throw invalid(`Version ${query.version} of which model? Give 'model', too.`);
    return audit.list({ ...query, after: pageToken === undefined ? undefined : Number(pageToken) });
  });
  router.mount(contract.verifyAudit, () => audit.verify());
  router.mount(contract.noteAudit, () => audit.note());
}
