import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { ArtifactService } from '../artifacts/service.ts';
import type { Database } from '../database/database.ts';
import type { Environments } from '../environments/service.ts';
import type { EventBus } from '../events/bus.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import { StepResults } from './cache/results.ts';
import { StepCache } from './cache/service.ts';
import type { Engine, StepTokens } from './engine.ts';
import { ExecutionService } from './executions.ts';
import { LocalExecutor } from './executors/local.ts';
import { ExecutionFiles } from './files.ts';
import { WorkspaceFiles } from './inputs/files.ts';
import { StepJudge } from './judge.ts';
import { Mutexes } from './mutexes.ts';
import { environmentMaker } from './prepare.ts';
import { PipelineService } from './service.ts';
import { Slots } from './slots.ts';
import { CodeRecorder } from './sources/recorder.ts';
import { StepRuns } from './step-runs.ts';

/** What pipelines are given by the daemon. */
export interface PipelineSurroundings {
  readonly database: Database;
  readonly events: EventBus;
  readonly tracking: TrackingService;
  readonly registry: RegistryService;
  readonly artifacts: ArtifactService;
  readonly environments: Environments;
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

/** Builds the services of pipelines with their engine, and goes on with what an earlier daemon left behind. */
export async function openPipelines(
  surroundings: PipelineSurroundings,
): Promise<{ pipelines: PipelineService; executions: ExecutionService; code: CodeRecorder }> {
  const { database, events, tracking, registry, artifacts, environments } = surroundings;
  const { tokens, url, workspace, draining, defect } = surroundings;
  const files = new ExecutionFiles(surroundings.store, surroundings.state);
  const runs = new StepRuns(tracking);
  const contents = new WorkspaceFiles({ cache: path.join(surroundings.store, 'cache'), workspace });
  const code = new CodeRecorder({ tracking, files, contents, workspace });
  const results = new StepResults(database, workspace);
  const own = new StepCache({ results, files: contents, registry });
  const engine: Engine = {
    executor: new LocalExecutor(files),
    runs,
    judge: new StepJudge(tracking, registry, runs),
    memoryOf: () => own,
    files,
    tokens,
    slots: new Slots(availableParallelism()),
    mutexes: new Mutexes(),
    url,
    recordCode: execution => code.record(execution),
    prepare: environmentMaker({ environments, tracking, artifacts, files }),
    environment: async ({ requirements }) =>
      requirements === null ? null : ((await environments.made(requirements))?.hash ?? null),
    close: () => own.close(),
    defect,
  };
  const pipelines = new PipelineService(engine, workspace);
  const executions = new ExecutionService({ database, events, engine, pipelines, draining });
  await executions.adopt();
  return { pipelines, executions, code };
}
