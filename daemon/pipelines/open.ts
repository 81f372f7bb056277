import path from 'node:path';
import type { ArtifactService } from '../artifacts/service.ts';
import { keptCachedOutputs } from '../client/settings.ts';
import type { Database } from '../database/database.ts';
import type { Environments } from '../environments/service.ts';
import type { EventBus } from '../events/bus.ts';
import type { LoggedModelService } from '../models/service.ts';
import type { RegistryService } from '../registry/service.ts';
import type { StageService } from '../registry/stages.ts';
import { Comparer } from '../reproduction/compare.ts';
import { reproducingEngine } from '../reproduction/engine.ts';
import { Scratch } from '../reproduction/scratch.ts';
import { ReproductionService } from '../reproduction/service.ts';
import type { SecretService } from '../secrets/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { Approvals } from './approvals.ts';
import { AutomationService } from './automation/service.ts';
import { CacheCollector } from './cache/garbage.ts';
import { StepResults } from './cache/results.ts';
import { StepCache } from './cache/service.ts';
import { CacheUse } from './cache/use.ts';
import { StepDebugging } from './debugging.ts';
import { ONE_CORE } from './definition/resources.ts';
import { whyElsewhere } from './dvc/elsewhere.ts';
import { DvcFiles } from './dvc/files.ts';
import { DvcState } from './dvc/state.ts';
import type { Engine, StepTokens } from './engine.ts';
import { ExecutionService } from './executions.ts';
import { LocalExecutor } from './executors/local.ts';
import { ExecutionFiles } from './files.ts';
import { HostRecorder } from './host.ts';
import { WorkspaceFiles } from './inputs/files.ts';
import { StepJudge } from './judge.ts';
import { Machine } from './machine.ts';
import { Mutexes } from './mutexes.ts';
import { ExecutionEnvironments } from './prepare.ts';
import { PipelineService } from './service.ts';
import { CodeRecorder } from './sources/recorder.ts';
import { StepChecks } from './step-checks.ts';
import { StepMeter } from './step-meter.ts';
import { StepRuns } from './step-runs.ts';
import { valuesOf, whyWithoutSecrets } from './step-secrets.ts';

/** What pipelines are given by the daemon. */
export interface PipelineSurroundings {
  readonly database: Database;
  readonly events: EventBus;
  readonly tracking: TrackingService;
  readonly models: LoggedModelService;
  readonly registry: RegistryService;
  readonly stages: StageService;
  readonly artifacts: ArtifactService;
  readonly environments: Environments;
  readonly secrets: SecretService;
  readonly tokens: StepTokens;
  /** Folder of the store. */
  readonly store: string;
  /** The store's folder below the user's state folder. */
  readonly state: string;
  /** Real path of the folder whose pipelines may run. */
  readonly workspace: string;
  /** Address of this daemon, as its children are told it. */
  readonly url: string;
  /** Whether this daemon is about to stop and takes no new work. */
  readonly draining: () => boolean;
  /** Reports what should never happen. */
  readonly defect: (error: unknown) => void;
}

/** The services of pipelines. */
export interface OpenPipelines {
  readonly pipelines: PipelineService;
  readonly executions: ExecutionService;
  readonly automations: AutomationService;
  readonly code: CodeRecorder;
  readonly cache: CacheCollector;
  readonly debugging: StepDebugging;
  readonly reproductions: ReproductionService;
  /** The lock of an execution's environment, by its run; undefined when none was recorded. */
  readonly findLock: (runId: string) => Promise<string | undefined>;
}

/** Builds the services of pipelines with their engine, and goes on with what an earlier daemon left behind. */
export async function openPipelines(surroundings: PipelineSurroundings): Promise<OpenPipelines> {
  const { database, events, tracking, models, registry, stages, artifacts, environments, secrets } =
    surroundings;
  const { tokens, url, workspace, draining, defect } = surroundings;
  const files = new ExecutionFiles(surroundings.store, surroundings.state);
  const runs = new StepRuns(tracking, artifacts, database);
  const checks = new StepChecks(tracking);
  const folder = path.join(surroundings.store, 'cache');
  const link = keptCachedOutputs(surroundings.state) === 'hardlinks';
  const contents = new WorkspaceFiles({ cache: folder, workspace, link });
  const code = new CodeRecorder({ tracking, files, contents, workspace });
  const results = new StepResults(database, workspace);
  const own = new StepCache({ results, files: contents, registry });
  const dvc = new DvcState({ results, files: new DvcFiles({ cache: folder }) });
  const executor = new LocalExecutor(files);
  const made = new ExecutionEnvironments({ environments, tracking, artifacts, files });
  const host = new HostRecorder(environments);
  const machine = new Machine(executor.capacity);
  const engine: Engine = {
    executor,
    meter: new StepMeter({ executor, runs, defect }),
    runs,
    judge: new StepJudge({ tracking, registry, stages, runs, checks }),
    checks,
    approvals: new Approvals(database, stages),
    memoryOf: definition => (definition.dvc ? dvc : own),
    cacheUse: new CacheUse(),
    files,
    tokens,
    machine,
    mutexes: new Mutexes(),
    url,
    recordCode: execution => code.record(execution),
    recordHost: ({ definition, python }) => host.record(definition, python),
    prepare: async (execution, signal, progress) => {
      const { requirements } = execution.definition;
      if (requirements !== null) return made.make(requirements, { execution, signal, progress });
      return execution.python ? made.use(execution.python, execution.runId) : null;
    },
    environment: async ({ requirements }, python) => {
      if (requirements !== null) return (await environments.made(requirements))?.hash ?? null;
      return python === undefined ? null : (await environments.selected(python)).hash;
    },
    secrets: step => valuesOf(secrets, step),
    hindrance: async step =>
      whyElsewhere(step) ??
      whyWithoutSecrets(secrets, step) ??
      (await machine.whyNever(step.resources ?? ONE_CORE)),
    close: async () => {
      await Promise.all([own.close(), dvc.close()]);
    },
    defect,
  };
  const pipelines = new PipelineService(engine, workspace);
  const scratch = new Scratch(path.join(surroundings.state, 'reproductions'), folder);
  const reproducing = reproducingEngine(engine, { database, scratch, environments: made });
  const executions = new ExecutionService({ database, events, engine, reproducing, pipelines, draining });
  const debugging = new StepDebugging({
    pipelines,
    tokens,
    url,
    folder: path.join(surroundings.state, 'debugging'),
    environments,
    secrets,
  });
  await executions.adopt();
  const reproductions = new ReproductionService({
    ...{ database, events, tracking, registry, executions, environments: made, scratch, workspace, defect },
    comparer: new Comparer({ tracking, models, artifacts: artifacts.files, runs, cache: folder }),
    files: contents,
    cacheUse: engine.cacheUse,
  });
  await reproductions.adopt();
  const automations = new AutomationService({ ...surroundings, runs, executions });
  const cache = new CacheCollector({ database, files: contents, use: engine.cacheUse, workspace });
  const findLock = (runId: string) => made.lockOf(runId);
  return { pipelines, executions, automations, code, cache, debugging, reproductions, findLock };
}
