/** The registry's part of the native API. */
import { userName } from '../client/variables.ts';
import type { SliceEvidence } from '../contract/approvals.ts';
import * as approvals from '../contract/approvals.ts';
import { ApiError } from '../contract/errors.ts';
import * as contract from '../contract/models.ts';
import type { VersionDifferences } from '../contract/origins.ts';
import { actorOf, type Principal } from '../contract/principal.ts';
import * as rules from '../contract/rules.ts';
import type { ApiRouter } from '../http/router.ts';
import type { RegistryService } from './service.ts';
import type { StageService } from './stages.ts';

/** What others know of a version beside the champion. */
export interface EvidenceSources {
  /** What evaluations found by slices. */
  readonly slices: (model: string, version: number, champion: number | undefined) => Promise<SliceEvidence[]>;
  /** How what led to it differs. */
  readonly differences: (model: string, version: number, champion: number) => Promise<VersionDifferences>;
}

export function mountRegistry(
  router: ApiRouter,
  registry: RegistryService,
  stages: StageService,
  sources: EvidenceSources,
): void {
  router.mount(contract.listModels, () => registry.listModels());

  router.mount(contract.listModelSummaries, ({ query }) => registry.listSummaries(query));

  router.mount(contract.listVersions, ({ params, query }) => registry.listVersions({ ...params, ...query }));

  router.mount(contract.listVersionsOfRun, ({ params }) => registry.versionsOfRun(params.runId));

  router.mount(contract.getVersion, ({ params: { name, version } }) => registry.show(name, version));

  router.mount(contract.getVersionFiles, ({ params: { name, version } }) =>
    registry.describeFiles(name, version),
  );

  router.mount(contract.getModel, ({ params }) => registry.showModel(params.name));

  router.mount(contract.registerVersion, ({ params, body: { runId, ...rest } }, { principal }) => {
    if (principal.scope?.reproduces !== undefined)
      throw new ApiError('PERMISSION_DENIED', 'A reproduction registers nothing.');
    const actor = actorOf(principal, 'native', userName());
    return registry.registerFromRun({ ...rest, name: params.name, runIds: [runId], actor });
  });

  router.mount(contract.listTransitions, async ({ params }) => ({
    items: await registry.transitions(params.name),
  }));

  mountStages(router, registry, stages);
  mountApprovals(router, stages, sources);
}

function mountStages(router: ApiRouter, registry: RegistryService, stages: StageService): void {
  router.mount(contract.promoteVersion, async ({ params: { name, version }, body }, { principal }) => {
    const { request } = await stages.move({ name, version, ...body, actor: actorOfNative(principal) });
    return { ...(await registry.show(name, version)), request: request?.id ?? null };
  });

  router.mount(rules.getRules, () => stages.rules());

  router.mount(rules.checkRules, ({ params: { name, version }, query }) =>
    stages.check(name, version, query.stage),
  );

  router.mount(rules.rollBack, async ({ params: { name }, body: { version, reason } }, { principal }) => {
    const back = await stages.rollBack({ name, version, reason, actor: actorOfNative(principal) });
    return registry.show(name, back.version);
  });
}

function mountApprovals(router: ApiRouter, stages: StageService, sources: EvidenceSources): void {
  router.mount(approvals.listApprovals, async ({ query }) => ({ items: await stages.approvals(query) }));

  router.mount(approvals.getApproval, async ({ params }, { principal }) => {
    const evidence = await stages.evidence(params.id, actorOfNative(principal));
    const { model, version } = evidence.request;
    const champion = evidence.champion?.version;
    const [slices, differences] = await Promise.all([
      sources.slices(model, version, champion),
      champion === undefined || champion === version || !evidence.version
        ? null
        : sources.differences(model, version, champion),
    ]);
    return { ...evidence, slices, differences };
  });

  router.mount(approvals.decideApproval, ({ params, body: { decision, reason } }, { principal }) => {
    const approved = decision === 'approve';
    return stages.decide({ id: params.id, approved, reason, actor: actorOfNative(principal) });
  });
}

function actorOfNative(principal: Principal) {
  return actorOf(principal, 'native', userName());
}
