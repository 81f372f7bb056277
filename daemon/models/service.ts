import type { Database } from '../database/database.ts';
import { checkKey, generateRunName, type KeyValue } from '../tracking/model.ts';
import { decodePageToken, type Page, pageOf } from '../tracking/pages.ts';
import type { ModelPoint } from '../tracking/store/history.ts';
import { checkLoggedModelName, type LoggedModel, type ModelStatus } from './model.ts';
import type { SearchInput } from './search.ts';
import type { NewLoggedModel } from './store.ts';

/** A logged model with every point measured on it. */
export interface MeasuredModel {
  readonly model: LoggedModel;
  readonly metrics: readonly ModelPoint[];
}

/** Models that runs log (MLflow 3), from before their files are uploaded on. */
export class LoggedModelService {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Begins a model: PENDING until its files are there. @throws ApiError when the experiment is missing or deleted */
  create(input: Omit<NewLoggedModel, 'name'> & { name: string | undefined }): Promise<LoggedModel> {
    const name = input.name || generateRunName();
    checkLoggedModelName(name);
    checkKeys(input.params, 'Param key');
    checkKeys(input.tags, 'Tag key');
    return this.#database.write('models.create', { ...input, name });
  }

  /** @param deleted find it among the deleted ones too */
  async get(modelId: string, deleted = false): Promise<MeasuredModel> {
    const [model, metrics] = await Promise.all([
      this.#database.read('models.get', { modelId, deleted }),
      this.#database.read('tracking.modelMetrics', { modelIds: [modelId] }),
    ]);
    return { model, metrics };
  }

  /** The models that these runs logged, oldest first. */
  ofRuns(runIds: readonly string[]): Promise<LoggedModel[]> {
    return this.#database.read('models.ofRuns', { runIds });
  }

  setStatus(modelId: string, status: ModelStatus): Promise<LoggedModel> {
    return this.#database.write('models.setStatus', { modelId, status });
  }

  delete(modelId: string): Promise<void> {
    return this.#database.write('models.delete', { modelId });
  }

  setTags(modelId: string, tags: readonly KeyValue[]): Promise<void> {
    checkKeys(tags, 'Tag key');
    return this.#database.write('models.setTags', { modelId, tags });
  }

  deleteTag(modelId: string, key: string): Promise<void> {
    return this.#database.write('models.deleteTag', { modelId, key });
  }

  /** @throws ApiError INVALID_PARAMETER_VALUE when one of the params is there already */
  logParams(modelId: string, params: readonly KeyValue[]): Promise<void> {
    checkKeys(params, 'Param key');
    return this.#database.write('models.logParams', { modelId, params });
  }

  /** Models of some experiments that meet a filter of MLflow's language. */
  async search(
    input: Omit<SearchInput, 'offset'> & { pageToken: string | undefined },
  ): Promise<Page<MeasuredModel>> {
    const { pageToken, ...search } = input;
    const offset = decodePageToken(pageToken);
    const models = await this.#database.read('models.search', { ...search, limit: search.limit + 1, offset });
    const page = pageOf(models, search.limit, offset);
    const points = await this.#database.read('tracking.modelMetrics', {
      modelIds: page.items.map(model => model.id),
    });
    return {
      ...page,
      items: page.items.map(model => ({
        model,
        metrics: points.filter(point => point.modelId === model.id),
      })),
    };
  }
}

function checkKeys(pairs: readonly KeyValue[], noun: string): void {
  for (const pair of pairs) checkKey(pair.key, noun, 'key');
}
