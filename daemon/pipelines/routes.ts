import * as contract from '../contract/pipelines.ts';
import type { ApiRouter } from '../http/router.ts';
import type { StepDebugging } from './debugging.ts';
import type { ExecutionService } from './executions.ts';
import type { PipelineService } from './service.ts';

/** Puts pipelines and executions on the native API. */
export function mountPipelines(
  router: ApiRouter,
  pipelines: PipelineService,
  executions: ExecutionService,
  debugging: StepDebugging,
): void {
  router.mount(contract.listPipelines, () => pipelines.list());
  router.mount(contract.checkPipeline, async ({ body }) => ({
    problems: await pipelines.check(body.file, body.text),
  }));
  router.mount(contract.planExecution, ({ body }) => pipelines.plan(body));
  router.mount(contract.startExecution, ({ body }) => executions.start(body));
  router.mount(contract.resumeExecution, ({ params, body }) =>
    executions.resume(params.executionId, body.concurrency),
  );
  router.mount(contract.listExecutions, ({ query }) => executions.list(query));
  router.mount(contract.getExecution, ({ params }) => executions.get(params.executionId));
  router.mount(contract.cancelExecution, ({ params, body }) =>
    executions.cancel(params.executionId, body.force),
  );
  router.mount(contract.getStepLog, ({ params, query }) =>
    executions.log(params.executionId, params.step, query),
  );
  router.mount(contract.searchStepLog, ({ params, query }) =>
    executions.searchLog(params.executionId, params.step, query),
  );
  router.mount(contract.getStepVersions, ({ params }) =>
    executions.versions(params.executionId, params.step),
  );
  router.mount(contract.decideStep, ({ params, body }, { principal }) =>
    executions.decide(params.executionId, params.step, {
      approved: body.decision === 'approve',
      reason: body.reason,
      principal,
    }),
  );
  router.mount(contract.prepareDebugging, ({ body }) => debugging.prepare(body));
  router.mount(contract.endDebugging, ({ params }) => {
    debugging.end(params.debugId);
    return {};
  });
}
