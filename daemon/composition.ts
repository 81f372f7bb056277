/** Builds the daemon's services and their routes: the one place that knows them all. */
import path from 'node:path';
import { exportArchive } from './archive/pack/export.ts';
import { mountImports } from './archive/routes.ts';
import { ImportService } from './archive/service.ts';
import { MultipartUploads } from './artifacts/multipart.ts';
import { openArtifactStore } from './artifacts/open-store.ts';
import { mountArtifacts } from './artifacts/routes.ts';
import { ArtifactService } from './artifacts/service.ts';
import { mountAudit } from './audit/routes.ts';
import { AuditService } from './audit/service.ts';
import { privateFolder } from './client/state.ts';
import type { StorePlace } from './client/store.ts';
import { withoutMissing } from './contract/errors.ts';
import type { Database } from './database/database.ts';
import { Environments } from './environments/service.ts';
import { mountEvaluations, mountModelCards } from './evaluation/routes.ts';
import { EvaluationService } from './evaluation/service.ts';
import { EventBus } from './events/bus.ts';
import { mountHousekeeping } from './housekeeping/routes.ts';
import { HousekeepingService } from './housekeeping/service.ts';
import { EventStream } from './http/events.ts';
import { mountMetrics } from './http/metrics.ts';
import { mountOpenApi } from './http/openapi.ts';
import { ApiRouter } from './http/router.ts';
import { mountTokens } from './http/token-routes.ts';
import type { Tokens } from './http/tokens.ts';
import type { Activity } from './life/activity.ts';
import { mountTestReset } from './life/reset.ts';
import { CodeOfRuns } from './lineage/code.ts';
import { DataFacts } from './lineage/data-facts.ts';
import { delivering } from './lineage/deliver.ts';
import { mountLineage } from './lineage/routes.ts';
import { LineageService } from './lineage/service.ts';
import type { Logger } from './log.ts';
import { mountMcp } from './mcp/routes.ts';
import { mountMlflow } from './mlflow/routes.ts';
import { LoggedModelService } from './models/service.ts';
import { mountAutomations } from './pipelines/automation/routes.ts';
import { WorkspaceRules } from './pipelines/model-rules.ts';
import { openPipelines } from './pipelines/open.ts';
import { mountPipelines } from './pipelines/routes.ts';
import { mountRegistry } from './registry/routes.ts';
import { RegistryService } from './registry/service.ts';
import { StageService } from './registry/stages.ts';
import { mountReproductions } from './reproduction/routes.ts';
import { mountSecrets } from './secrets/routes.ts';
import { SecretService } from './secrets/service.ts';
import { RegisteredModels } from './serving/models.ts';
import { pythonFinder } from './serving/python.ts';
import { mountServing } from './serving/routes.ts';
import { ServingService } from './serving/service.ts';
import { mountSources } from './sources/routes.ts';
import { SourceService } from './sources/service.ts';
import { mountTracking } from './tracking/routes.ts';
import { TrackingService } from './tracking/service.ts';
import { watchSilence } from './tracking/silence.ts';
import { readAllowed } from './webhooks/address.ts';
import { mountWebhooks } from './webhooks/routes.ts';
import { WebhookService } from './webhooks/service.ts';

/** A RUNNING run that was written to within this time keeps the daemon up, in milliseconds. */
const ACTIVE_RUN_MS = 24 * 3600_000;

/** What the services are given. */
export interface Surroundings {
  readonly place: StorePlace;
  readonly database: Database;
  readonly log: Logger;
  readonly tokens: Tokens;
  readonly activity: Activity;
  /** Address of this daemon, as its children are told it. */
  readonly url: string;
  /** Offer the route that empties the store, to tests. */
  readonly testReset?: boolean;
}

/** The running services behind one router. */
export interface Services {
  readonly router: ApiRouter;
  readonly events: EventStream;
  /** Ends every running execution. */
  cancelRunning(): Promise<void>;
  /** Stops all services; what was acknowledged is on disk afterwards. */
  close(): Promise<void>;
}

/** Builds everything on a store's database. */
export async function composeServices(surroundings: Surroundings): Promise<Services> {
  const { place, database, log, activity } = surroundings;
  const files = await openArtifactStore(place);
  const bus = new EventBus();
  const tracking = new TrackingService(database, bus);
  const artifacts = new ArtifactService(files, database);
  const uploads = await MultipartUploads.open({
    artifacts,
    tokens: surroundings.tokens,
    folder: path.join(place.store, 'uploads'),
  });
  const models = new LoggedModelService(database);
  const rules = new WorkspaceRules(place.workspace);
  const registry = new RegistryService({ database, events: bus, tracking, models, artifacts: files, rules });
  const audit = await AuditService.open({
    database,
    events: bus,
    ...place,
    warn: error => log.warn({ err: error }, 'the audit log cannot be anchored'),
  });
  const allowed = readAllowed(process.env.MODELTHAT_WEBHOOKS_ALLOW);
  const webhooks = new WebhookService({
    database,
    events: bus,
    state: place.state,
    allowed,
    warn: what => log.warn(what, 'a webhook was not told'),
  });
  const stages = new StageService({
    database,
    events: bus,
    tracking,
    artifacts: files,
    rules,
  });
  artifacts.guardChanges(path => registry.refuseReleased(path));
  const environments = new Environments({
    folder: privateFolder('environments'),
    workspace: place.workspace,
    chosen: process.env.MODELTHAT_PYTHON,
  });
  const secrets = new SecretService(place.state);
  const { pipelines, executions, automations, code, cache, debugging, reproductions, findLock } =
    await openPipelines({
      ...surroundings,
      ...place,
      database,
      events: bus,
      tracking,
      models,
      registry,
      stages,
      artifacts,
      environments,
      secrets,
      draining: () => activity.draining,
      defect: error => log.error({ err: error }, 'a defect in an execution'),
    });
  const servable = new RegisteredModels(registry, tracking, bus);
  const findPython = pythonFinder(environments);
  const evaluations = new EvaluationService({
    registry,
    tracking,
    artifacts,
    models: servable,
    findPython,
    scratch: path.join(place.state, 'evaluation'),
    defect: error => log.error({ err: error }, 'a defect in an evaluation'),
  });
  const serving = new ServingService({
    models: servable,
    findPython,
    bus,
    logs: path.join(place.state, 'serving', 'logs'),
    scratch: path.join(place.state, 'serving', 'scratch'),
  });
  const lineage = new LineageService({
    database,
    facts: new DataFacts(path.join(place.store, 'cache')),
    findEndpoint: name => serving.endpoint(name),
    workspace: place.workspace,
    deliver: delivering(allowed),
    code: new CodeOfRuns(place.workspace, path.join(place.store, 'cache')),
    findLock: run => withoutMissing(findLock(run)),
  });
  const housekeeping = new HousekeepingService({
    ...place,
    database,
    files,
    artifacts,
    cache,
    exporter: { export: (request, work) => exportArchive({ database, artifacts }, request, work) },
    events: bus,
    shared: {
      'Python environments': privateFolder('environments'),
      'copies of the daemon': privateFolder('daemons'),
      'compiled code': privateFolder('compile-cache'),
    },
    forgetExecution: (id, file) => code.forget(id, file),
    record: what => log.info(what, 'permanently deleted'),
    defect: error => log.error({ err: error }, 'a defect in housekeeping'),
  });
  const imports = new ImportService(
    { database, artifacts, events: bus },
    {
      scratch: path.join(place.state, 'import'),
      findPython: async chosen => (await environments.interpreter(chosen)).executable,
      defect: error => log.error({ err: error }, 'a defect in an import'),
    },
  );
  const router = new ApiRouter();

  const events = new EventStream(bus, surroundings.tokens);
  events.mount(router);
  mountOpenApi(router);
  mountMetrics(router, activity);
  activity.count('connectedClients', () => events.clients);
  activity.count('servingProcesses', () => serving.processes);
  mountTracking(router, tracking);
  activity.count('activeRuns', () => tracking.countRunning(Date.now() - ACTIVE_RUN_MS));
  const endSilenceWatch = watchSilence(tracking, log);
  mountArtifacts(router, artifacts, tracking);
  mountRegistry(router, registry, stages, {
    slices: (...asked) => evaluations.slices(...asked),
    differences: (...asked) => lineage.differences(...asked),
  });
  mountAudit(router, audit);
  mountWebhooks(router, webhooks);
  await webhooks.resume();
  mountTokens(router, surroundings.tokens.people);
  mountPipelines(router, pipelines, executions, debugging);
  mountReproductions(router, reproductions);
  mountSecrets(router, secrets);
  activity.count('runningExecutions', () => executions.running);
  mountAutomations(router, automations);
  activity.count('automations', () => automations.on);
  mountServing(router, serving);
  mountEvaluations(router, evaluations);
  mountModelCards(router, { registry, tracking }, evaluations);
  mountLineage(router, lineage);
  mountHousekeeping(router, housekeeping, database);
  mountImports(router, imports);
  const sources = new SourceService(database, place.workspace);
  mountSources(router, sources);
  mountMcp(router, surroundings.url);
  mountMlflow(router, { artifacts, uploads, tracking, models, registry, stages, webhooks, sources });
  if (surroundings.testReset) mountTestReset(router, database, files);

  return {
    router,
    events,
    cancelRunning: () => executions.cancelRunning(),
    close: async () => {
      housekeeping.close();
      await automations.close();
      await reproductions.close();
      await executions.close();
      endSilenceWatch();
      await imports.close();
      await evaluations.close();
      await serving.close();
      await uploads.close();
      await webhooks.close();
      await audit.close();
      await database.close();
    },
  };
}
