import type { ArtifactStore } from '../artifacts/model.ts';
import type { Actor } from '../contract/audit.ts';
import { ApiError, missing, withoutMissing } from '../contract/errors.ts';
import type { ModelVersion, RegisteredModel, Stage, Transition, VersionFiles } from '../contract/models.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import type { LoggedModelService } from '../models/service.ts';
import { decodePageToken, type Page } from '../tracking/pages.ts';
import type { TrackingService } from '../tracking/service.ts';
import { type Binding, bindingOf } from './enforcement.ts';
import { describeFiles } from './inspect.ts';
import { localFolderOf, locateSource } from './locate.ts';
import { findLogged } from './logged.ts';
import {
  checkAlias,
  checkDescription,
  checkModelName,
  checkTag,
  type Model,
  type Tags,
  type Version,
  type VersionSelector,
} from './model.ts';
import { refuseReleased } from './release.ts';
import type { RuleSource } from './rules.ts';
import type { Outcome } from './store/changes.ts';
import type { VersionKey } from './store/rows.ts';
import type { RegistrySearch } from './store/search.ts';
import type { NewEvaluation } from './store/versions.ts';

/** A search, in MLflow's filter language. */
export type Search = Omit<RegistrySearch, 'offset'> & { readonly pageToken?: string | undefined };

/** Which page of a list. */
interface Paged {
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

/** A version to be registered, as MLflow's clients ask for it. */
export interface Registration {
  readonly name: string;
  readonly source: string;
  readonly runId: string | null;
  /** The logged model that it is of: its tag of versions will name the new one. */
  readonly modelId: string | null;
  readonly runLink: string;
  readonly description: string;
  readonly tags: Tags;
  readonly actor: Actor;
}

/** What the registry works with. */
export interface RegistryParts {
  readonly database: Database;
  readonly events: EventBus;
  readonly tracking: TrackingService;
  readonly models: LoggedModelService;
  readonly artifacts: ArtifactStore;
  readonly rules: RuleSource;
}

/** Registered models, their versions and the stages these move through. */
export class RegistryService {
  readonly #parts: RegistryParts;
  readonly #database: Database;
  readonly #events: EventBus;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
    this.#database = parts.database;
    this.#events = parts.events;
  }

  // --- models ---

  async createModel(input: { name: string; description: string; tags: Tags; actor: Actor }): Promise<Model> {
    checkModelName(input.name);
    checkDescription(input.description);
    checkTags(input.tags);
    const model = await this.#database.write('registry.createModel', input);
    this.#events.publish({ topic: 'model', id: input.name, kind: 'created' });
    return model;
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  getModel(name: string): Promise<Model> {
    return this.#database.read('registry.getModel', { name });
  }

  /** @throws ApiError PERMISSION_DENIED when it holds versions in stages that the rules of either name guard */
  async renameModel(name: string, newName: string, actor: Actor): Promise<Model> {
    checkModelName(newName);
    const [binding, newBinding] = [await this.#binding(name), await this.#binding(newName)];
    const model = await this.#unlessRefused(
      name,
      this.#database.write('registry.renameModel', { name, newName, actor, binding, newBinding }),
    );
    this.#events.publish({ topic: 'model', id: name, kind: 'deleted' });
    this.#events.publish({ topic: 'model', id: newName, kind: 'created' });
    return model;
  }

  async describeModel(name: string, description: string, actor: Actor): Promise<Model> {
    checkDescription(description);
    return this.#changed(name, this.#database.write('registry.describeModel', { name, description, actor }));
  }

  /**
   * Removes the model with all its versions; the files stay where they are.
   *
   * @throws ApiError PERMISSION_DENIED when rules guard the stages that versions are in
   */
  async deleteModel(name: string, actor: Actor): Promise<void> {
    const binding = await this.#binding(name);
    await this.#unlessRefused(name, this.#database.write('registry.deleteModel', { name, actor, binding }));
    this.#events.publish({ topic: 'model', id: name, kind: 'deleted' });
  }

  async setModelTag(name: string, key: string, value: string, actor: Actor): Promise<void> {
    checkTag(key, value);
    await this.#changed(name, this.#database.write('registry.setModelTag', { name, key, value, actor }));
  }

  /** A missing tag is no error. */
  async deleteModelTag(name: string, key: string, actor: Actor): Promise<void> {
    await this.#changed(name, this.#database.write('registry.deleteModelTag', { name, key, actor }));
  }

  /**
   * Points an alias at a version, away from where it pointed before.
   *
   * @throws ApiError PERMISSION_DENIED when it follows a stage by rules that are enforced
   */
  async setAlias(name: string, alias: string, version: number, actor: Actor): Promise<void> {
    checkAlias(alias);
    const asked = { name, alias, version, actor, binding: await this.#binding(name) };
    await this.#changed(name, this.#unlessRefused(name, this.#database.write('registry.setAlias', asked)));
  }

  /** A missing alias is no error. @throws ApiError as `setAlias` */
  async deleteAlias(name: string, alias: string, actor: Actor): Promise<void> {
    const asked = { name, alias, actor, binding: await this.#binding(name) };
    await this.#changed(name, this.#unlessRefused(name, this.#database.write('registry.deleteAlias', asked)));
  }

  async searchModels({ pageToken, ...search }: Search): Promise<Page<Model>> {
    return this.#database.read('registry.searchModels', { ...search, offset: decodePageToken(pageToken) });
  }

  // --- versions ---

  /** Makes a new version of an existing model. @throws ApiError when the source is refused or means nothing */
  async register(registration: Registration): Promise<Version> {
    return this.#register(registration, false);
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  getVersion(name: string, version: number): Promise<Version> {
    return this.#database.read('registry.getVersion', { name, version });
  }

  /** The version that is meant, or undefined. @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such model */
  async findVersion(name: string, selector: VersionSelector): Promise<Version | undefined> {
    return (await this.#database.read('registry.findVersion', { name, selector })) ?? undefined;
  }

  async describeVersion(name: string, version: number, description: string, actor: Actor): Promise<Version> {
    checkDescription(description);
    return this.#changed(
      name,
      this.#database.write('registry.describeVersion', { name, version, description, actor }),
    );
  }

  /**
   * Takes a version out; its number is not given again.
   *
   * @throws ApiError PERMISSION_DENIED when rules guard the stage that it is in
   */
  async deleteVersion(name: string, version: number, actor: Actor): Promise<void> {
    const asked = { name, version, actor, binding: await this.#binding(name) };
    await this.#changed(
      name,
      this.#unlessRefused(name, this.#database.write('registry.deleteVersion', asked)),
    );
  }

  async setVersionTag(
    { name, version }: VersionKey,
    key: string,
    value: string,
    actor: Actor,
  ): Promise<void> {
    checkTag(key, value);
    await this.#changed(
      name,
      this.#database.write('registry.setVersionTag', { name, version, key, value, actor }),
    );
  }

  /** A missing tag is no error. */
  async deleteVersionTag({ name, version }: VersionKey, key: string, actor: Actor): Promise<void> {
    await this.#changed(
      name,
      this.#database.write('registry.deleteVersionTag', { name, version, key, actor }),
    );
  }

  async searchVersions({ pageToken, ...search }: Search): Promise<Page<Version>> {
    return this.#database.read('registry.searchVersions', { ...search, offset: decodePageToken(pageToken) });
  }

  /** Lets pass only changes of artifacts that no released version consists of. @throws ApiError PERMISSION_DENIED */
  refuseReleased(path: string): Promise<void> {
    return refuseReleased(path, this.#parts);
  }

  // --- for pipelines and serving ---

  /**
   * Makes the one model that the runs logged (under the name `model`, when given) a new version of `name`, which is created
   * when it is new.
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when the runs logged no such model, INVALID_PARAMETER_VALUE when several
   */
  async registerFromRun(input: {
    runIds: readonly string[];
    name: string;
    model?: string | undefined;
    description?: string | undefined;
    actor: Actor;
  }): Promise<ModelVersion> {
    checkModelName(input.name);
    const logged = await findLogged(this.#parts, input.runIds, input.model);
    const { version } = await this.#register(
      {
        name: input.name,
        source: logged.source,
        runId: logged.runId,
        modelId: logged.modelId,
        runLink: '',
        description: input.description ?? '',
        tags: {},
        actor: input.actor,
      },
      true,
    );
    return this.show(input.name, version);
  }

  /** The newest version in a stage, or undefined (also when there is no such model). */
  async versionInStage(name: string, stage: Stage): Promise<ModelVersion | undefined> {
    const found = await withoutMissing(this.findVersion(name, { stage }));
    return found && (await this.show(name, found.version));
  }

  /** A model with all its versions, newest first; undefined when there is no such model. */
  async modelWithVersions(name: string): Promise<RegisteredModel | undefined> {
    return withoutMissing(this.#database.read('registry.showModel', { name }));
  }

  /** Keeps what a step that judged a version found of it. */
  async recordEvaluation(evaluation: NewEvaluation): Promise<void> {
    await this.#changed(evaluation.name, this.#database.write('registry.recordEvaluation', evaluation));
  }

  /**
   * The version that is meant, and the local folder with its files (to be read only).
   *
   * @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such version or its files are gone, INVALID_PARAMETER_VALUE
   * when they are kept outside of this store
   */
  async resolve(name: string, selector: VersionSelector): Promise<{ version: ModelVersion; folder: string }> {
    const found = await this.findVersion(name, selector);
    if (!found) throw missing(`Model '${name}' has no version ${describeSelector(selector)}.`);
    const folder = await localFolderOf(found, this.#parts);
    return { version: await this.show(name, found.version), folder };
  }

  // --- for the native API ---

  /** A version with its metrics and gates. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  show(name: string, version: number): Promise<ModelVersion> {
    return this.#database.read('registry.showVersion', { name, version });
  }

  /** A model with all its versions, serialised. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  showModel(name: string): Promise<Uint8Array> {
    return this.#database.readJson('registry.showModel', { name });
  }

  /** All models with all their versions, serialised. */
  listModels(): Promise<Uint8Array> {
    return this.#database.readJson('registry.listModels', undefined);
  }

  /** A page of the models without their versions, by name, serialised. */
  listSummaries({ pageToken, ...part }: { name?: string | undefined } & Paged): Promise<Uint8Array> {
    return this.#database.readJson('registry.modelSummaries', {
      ...part,
      offset: decodePageToken(pageToken),
    });
  }

  /** A page of a model's versions, newest first, serialised. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  listVersions({
    pageToken,
    ...part
  }: { name: string; stage?: Stage | undefined } & Paged): Promise<Uint8Array> {
    return this.#database.readJson('registry.versionPage', { ...part, offset: decodePageToken(pageToken) });
  }

  /** What the files of a version say of it. @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such version */
  async describeFiles(name: string, version: number): Promise<VersionFiles> {
    return describeFiles(await this.getVersion(name, version), this.#parts);
  }

  /** The versions that came from a run, serialised. */
  versionsOfRun(runId: string): Promise<Uint8Array> {
    return this.#database.readJson('registry.versionsOfRun', { runId });
  }

  /** Newest first. @throws ApiError RESOURCE_DOES_NOT_EXIST when there is no such model */
  transitions(name: string): Promise<Transition[]> {
    return this.#database.read('registry.transitions', { name });
  }

  async #register(registration: Registration, makeModel: boolean): Promise<Version> {
    checkDescription(registration.description);
    checkTags(registration.tags);
    const { storageLocation, runId } = await locateSource(registration, this.#parts);
    return this.#changed(
      registration.name,
      this.#database.write('registry.createVersion', {
        ...registration,
        runId: registration.runId ?? runId,
        storageLocation,
        makeModel,
      }),
    );
  }

  async #binding(name: string): Promise<Binding> {
    return bindingOf(await this.#parts.rules.read(), name);
  }

  /** @throws ApiError PERMISSION_DENIED when rules kept the change, once that is told: it is in the audit log, too */
  async #unlessRefused<Result>(name: string, change: Promise<Outcome<Result>>): Promise<Result> {
    const outcome = await change;
    if ('result' in outcome) return outcome.result;
    this.#events.publish({ topic: 'model', id: name, kind: 'updated' });
    throw new ApiError('PERMISSION_DENIED', outcome.refused);
  }

  /** Tells that a model changed, once it has. */
  async #changed<Result>(name: string, change: Promise<Result>): Promise<Result> {
    const result = await change;
    this.#events.publish({ topic: 'model', id: name, kind: 'updated' });
    return result;
  }
}

function checkTags(tags: Tags): void {
  for (const [key, value] of Object.entries(tags)) checkTag(key, value);
}

function describeSelector(selector: VersionSelector): string {
  if ('version' in selector) return String(selector.version);
  return 'alias' in selector ? `with the alias '${selector.alias}'` : `in ${selector.stage}`;
}
