/** The model registry on a database in a temporary folder, with the rules of a workspace, without a daemon around it. */
import fs from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { LocalArtifactStore } from '../../daemon/artifacts/local.ts';
import { ArtifactService } from '../../daemon/artifacts/service.ts';
import { storePathOf } from '../../daemon/artifacts/uri.ts';
import { EventBus } from '../../daemon/events/bus.ts';
import { LoggedModelService } from '../../daemon/models/service.ts';
import { WorkspaceRules } from '../../daemon/pipelines/model-rules.ts';
import { RegistryService } from '../../daemon/registry/service.ts';
import { StageService } from '../../daemon/registry/stages.ts';
import { openTracking, type TestTracking } from './database.ts';

export interface TestRegistry extends TestTracking {
  readonly models: LoggedModelService;
  readonly artifacts: ArtifactService;
  readonly registry: RegistryService;
  readonly stages: StageService;
  /** Every event of the registry so far: `model sales updated`. */
  readonly changed: string[];
  /** Logs a model as MLflow 3 does: beside the run, READY when its files are there. @returns its id */
  logModel(runId: string, name: string, logged?: { complete?: boolean; manifest?: string }): Promise<string>;
  /** Writes `modelthat.yaml` with these lines. */
  writeRules(...lines: string[]): void;
}

export async function openRegistry(): Promise<TestRegistry> {
  const test = await openTracking();
  const { database, tracking } = test;
  const folder = path.dirname(test.file);
  const files = await LocalArtifactStore.open(path.join(folder, 'artifacts'));
  const workspace = path.join(folder, 'workspace');
  fs.mkdirSync(workspace);
  const events = new EventBus();
  const changed: string[] = [];
  events.subscribe(({ topic, id, kind }) => changed.push(`${topic} ${id} ${kind}`));
  const models = new LoggedModelService(database);
  const artifacts = new ArtifactService(files, database);
  const rules = new WorkspaceRules(workspace);
  const parts = { database, events, tracking, models, artifacts: files, rules };
  return {
    ...test,
    models,
    artifacts,
    registry: new RegistryService(parts),
    stages: new StageService(parts),
    changed,
    writeRules: (...lines) => fs.writeFileSync(path.join(workspace, 'modelthat.yaml'), lines.join('\n')),
    logModel: async (runId, name, { complete = true, manifest = name } = {}) => {
      const model = await models.create({
        experimentId: '0',
        name,
        type: '',
        sourceRunId: runId,
        params: [],
        tags: [],
      });
      const target = `${storePathOf(model.artifactUri)}/MLmodel`;
      await artifacts.upload(target, Readable.from([Buffer.from(manifest)]));
      if (complete) await models.setStatus(model.id, 'LOGGED_MODEL_READY');
      return model.id;
    },
  };
}
