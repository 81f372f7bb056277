import { ApiError, missing, withoutMissing } from '../contract/errors.ts';
import { type ModelVersion, RegisteredModel } from '../contract/models.ts';
import { isReleaser } from '../contract/principal.ts';
import type { Run } from '../contract/runs.ts';
import { ENVIRONMENT_TAG } from '../environments/service.ts';
import type { EventBus } from '../events/bus.ts';
import { isShared } from '../registry/model.ts';
import type { RegistryService } from '../registry/service.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { Release, ServableVersion, Target } from './model.ts';
import type { ServableModels } from './service.ts';

/** A model is logged by a step's run or a child of it; the environment is recorded with the execution's run above. */
const MAX_RUN_LEVELS = 4;

/**
 * The registry's versions as serving needs them. What was looked up is kept until a model changes, so that a
 * prediction costs no look-up, and a promotion still holds for the next request.
 */
export class RegisteredModels implements ServableModels {
  readonly #registry: RegistryService;
  readonly #tracking: TrackingService;
  /** By name and target. */
  readonly #known = new Map<string, Promise<ServableVersion>>();

  constructor(registry: RegistryService, tracking: TrackingService, bus: EventBus) {
    this.#registry = registry;
    this.#tracking = tracking;
    bus.subscribe(event => {
      if (event.topic === 'model') this.#known.clear();
    });
  }

  async names(): Promise<string[]> {
    const { items } = JSON.parse(Buffer.from(await this.#registry.listModels()).toString());
    return RegisteredModel.pick({ name: true })
      .array()
      .parse(items)
      .map(model => model.name);
  }

  resolve(name: string, target: Target): Promise<ServableVersion> {
    const key = JSON.stringify([name, target]);
    const known = this.#known.get(key);
    if (known) return known;
    const found = this.#find(name, target);
    this.#known.set(key, found);
    found.catch(() => this.#known.delete(key));
    return found;
  }

  async #find(name: string, target: Target): Promise<ServableVersion> {
    try {
      const { version, folder } = await this.#registry.resolve(name, target);
      const environment = await this.#environmentOf(version.runId);
      const release = await this.#releaseOf(version);
      return { name, version: version.version, stage: version.stage, folder, environment, release };
    } catch (error) {
      if (error instanceof ApiError && error.code === 'RESOURCE_DOES_NOT_EXIST')
        throw await this.#explain(name, target, error);
      throw error;
    }
  }

  /** Hash of the environment that the run's execution ran in; null when it was none. */
  async #environmentOf(runId: string | null): Promise<string | null> {
    let id = runId;
    for (let level = 0; id !== null && level < MAX_RUN_LEVELS; level += 1) {
      const run: Run | undefined = await withoutMissing(this.#tracking.getRun(id));
      const hash = run?.tags[ENVIRONMENT_TAG];
      if (hash !== undefined) return hash;
      id = run?.parentId ?? null;
    }
    return null;
  }

  /** A move by the tracking token is no release: that token may not have code run. Neither is what another store said. */
  async #releaseOf({ name, version, stage }: ModelVersion): Promise<Release | null> {
    const moves = await this.#registry.transitions(name);
    const last = moves.find(move => move.version === version);
    const released = last?.to === stage && isShared(stage) && isReleaser(last.by);
    return released ? { digest: last.digest } : null;
  }

  /** Adds which versions there are to "there is no such version". */
  async #explain(name: string, target: Target, error: ApiError): Promise<ApiError> {
    const shown = await this.#registry.showModel(name).catch(() => undefined);
    if (!shown) return error;
    const { versions } = RegisteredModel.parse(JSON.parse(Buffer.from(shown).toString()));
    const wanted = versions.some(each =>
      'version' in target ? each.version === target.version : each.stage === target.stage,
    );
    // The version is there; something else of it is missing.
    if (wanted) return error;
    const list = versions.map(each => `${each.version} (${each.stage})`).join(', ') || 'none';
    return missing(
      `${name} has no version ${describe(target)}; its versions: ${list}. Name another stage or version.`,
    );
  }
}

function describe(target: Target): string {
  return 'version' in target ? String(target.version) : `in ${target.stage}`;
}
