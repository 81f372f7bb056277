/** What tracking offers of experiments. */
import { type ApiError, invalid } from '../contract/errors.ts';
import type { Experiment } from '../contract/runs.ts';
import type { Database } from '../database/database.ts';
import type { EventBus } from '../events/bus.ts';
import { checkKey, checkLength, type KeyValue, LENGTHS, type View } from './model.ts';
import { decodePageToken, type Page } from './pages.ts';
import type { ExperimentRecord } from './store/experiments.ts';
import type { DatasetSummary } from './store/inputs.ts';

/** Where artifacts of experiments go that name no place of their own: through the daemon. */
const ARTIFACT_ROOT = 'mlflow-artifacts:/';

export class ExperimentService {
  readonly #database: Database;
  readonly #events: EventBus;

  constructor(database: Database, events: EventBus) {
    this.#database = database;
    this.#events = events;
  }

  /** @throws ApiError RESOURCE_ALREADY_EXISTS when the name is taken, by a deleted experiment too */
  async create(input: {
    name: string;
    /** A URI; absent = below the store's own artifacts. */
    artifactLocation?: string | undefined;
    tags?: readonly KeyValue[] | undefined;
  }): Promise<{ id: string }> {
    checkLength(input.name, LENGTHS.experimentName, 'name');
    const tags = input.tags ?? [];
    for (const tag of tags) checkExperimentTag(tag);
    if (input.artifactLocation) checkArtifactLocation(input.artifactLocation);
    const made = await this.#database.write('tracking.createExperiment', {
      name: input.name,
      artifactRoot: ARTIFACT_ROOT,
      artifactLocation: input.artifactLocation || undefined,
      tags,
    });
    this.#events.publish({ topic: 'experiment', id: made.id, kind: 'created' });
    return made;
  }

  /** Deleted ones too. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  get(id: string): Promise<ExperimentRecord> {
    return this.#database.read('tracking.getExperiment', { id });
  }

  /** Deleted ones too. @throws ApiError RESOURCE_DOES_NOT_EXIST */
  find(name: string): Promise<ExperimentRecord> {
    return this.#database.read('tracking.findExperiment', { name });
  }

  /** Experiments with counts of their runs, the one with the newest run first. */
  async list(input: {
    view: View;
    limit: number;
    pageToken?: string | undefined;
  }): Promise<Page<Experiment>> {
    const offset = decodePageToken(input.pageToken);
    const { view, limit } = input;
    return this.#database.read('tracking.listExperiments', { view, limit, offset });
  }

  /** Experiments by MLflow's filter language. */
  async search(input: {
    filter: string;
    orderBy: readonly string[];
    view: View;
    limit: number;
    pageToken?: string | undefined;
  }): Promise<Page<ExperimentRecord>> {
    const { pageToken, ...search } = input;
    return this.#database.read('tracking.searchExperiments', {
      ...search,
      offset: decodePageToken(pageToken),
    });
  }

  async rename(id: string, name: string): Promise<void> {
    checkLength(name, LENGTHS.experimentName, 'name');
    await this.#database.write('tracking.renameExperiment', { id, name });
    this.#events.publish({ topic: 'experiment', id, kind: 'updated' });
  }

  /** Moves the experiment with all its runs to the bin. @throws ApiError when it is there already */
  async delete(id: string): Promise<void> {
    await this.#database.write('tracking.setExperimentLifecycle', { id, lifecycle: 'deleted' });
    this.#events.publish({ topic: 'experiment', id, kind: 'deleted' });
  }

  /** Takes the experiment with all its runs out of the bin. @throws ApiError when it is not there */
  async restore(id: string): Promise<void> {
    await this.#database.write('tracking.setExperimentLifecycle', { id, lifecycle: 'active' });
    this.#events.publish({ topic: 'experiment', id, kind: 'created' });
  }

  async setTag(id: string, tag: KeyValue): Promise<void> {
    checkExperimentTag(tag);
    await this.#database.write('tracking.setExperimentTag', { id, tag });
    this.#events.publish({ topic: 'experiment', id, kind: 'updated' });
  }

  async deleteTag(id: string, key: string): Promise<void> {
    await this.#database.write('tracking.deleteExperimentTag', { id, key });
    this.#events.publish({ topic: 'experiment', id, kind: 'updated' });
  }

  /** The distinct data sets that active runs of these experiments read. */
  searchDatasets(experimentIds: readonly string[]): Promise<DatasetSummary[]> {
    return this.#database.read('tracking.searchDatasets', { experimentIds });
  }
}

function checkExperimentTag(tag: KeyValue): void {
  checkKey(tag.key, 'key', 'key');
  checkLength(tag.value, LENGTHS.experimentTagValue, 'value');
}

/** An artifact location is a URI or path without fragment, parameters or a way out of itself. */
function checkArtifactLocation(location: string): void {
  checkLength(location, LENGTHS.artifactLocation, 'artifact_location');
  const [place = '', query = ''] = location.split('?', 2);
  if (location.includes('#') || place.includes(';'))
    throw invalid("'artifact_location' URL can't include fragments or params.");
  if (query.includes('..')) throw invalid('Invalid query string');
  if (/^runs:/i.test(location)) throw badRunsLocation(location);
}

function badRunsLocation(location: string): ApiError {
  return invalid(
    `Invalid artifact_location '${location}': a 'runs:' URI names a place inside a run. Give a storage URI, such as s3://bucket/folder.`,
  );
}
