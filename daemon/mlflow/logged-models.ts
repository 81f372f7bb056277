import { invalid } from '../contract/errors.ts';
import { MODEL_STATUSES } from '../models/model.ts';
import type { ModelOrdering } from '../models/search.ts';
import type { LoggedModelService } from '../models/service.ts';
import type { Fields } from './fields.ts';
import { type MlflowRoute, route } from './route.ts';
import { orNothing, toLoggedModel } from './shapes.ts';

const MODEL_PAGE = { initial: 50, most: 50_000 };

const ONE = '/mlflow/logged-models/:modelId';

export function loggedModelRoutes(models: LoggedModelService): MlflowRoute[] {
  return [
    route('POST', '/mlflow/logged-models', async ({ fields }) => {
      const model = await models.create({
        experimentId: fields.requiredString('experiment_id'),
        name: fields.string('name'),
        type: fields.string('model_type') ?? '',
        sourceRunId: fields.string('source_run_id') || null,
        params: fields.pairs('params'),
        tags: fields.pairs('tags'),
      });
      return { model: toLoggedModel({ model, metrics: [] }) };
    }),
    route('POST', '/mlflow/logged-models/search', async ({ fields }) => {
      const { items, nextPageToken } = await models.search({
        experimentIds: fields.requiredStrings('experiment_ids'),
        filter: fields.string('filter') ?? '',
        datasets: fields.messages('datasets').map(dataset => ({
          name: dataset.requiredString('dataset_name'),
          digest: dataset.string('dataset_digest') ?? '',
        })),
        orderBy: fields.messages('order_by').map(toOrdering),
        limit: fields.pageSize('max_results', MODEL_PAGE),
        pageToken: fields.string('page_token'),
      });
      return { models: orNothing(items.map(toLoggedModel)), next_page_token: nextPageToken };
    }),
    route('GET', ONE, async ({ fields, params }) => ({
      model: toLoggedModel(await models.get(modelIdOf(params), fields.boolean('allow_deleted'))),
    })),
    route('PATCH', ONE, async ({ fields, params }) => {
      const modelId = modelIdOf(params);
      refuseOtherModel(modelId, fields.string('model_id'));
      const status = fields.require('status', fields.enumeration('status', MODEL_STATUSES));
      await models.setStatus(modelId, status);
      return { model: toLoggedModel(await models.get(modelId, true)) };
    }),
    route('DELETE', ONE, async ({ params }) => {
      await models.delete(modelIdOf(params));
      return {};
    }),
    route('PATCH', `${ONE}/tags`, async ({ fields, params }) => {
      await models.setTags(modelIdOf(params), fields.pairs('tags'));
      return {};
    }),
    route('DELETE', `${ONE}/tags/:key`, async ({ params }) => {
      await models.deleteTag(modelIdOf(params), params.key ?? '');
      return {};
    }),
    route('POST', `${ONE}/params`, async ({ fields, params }) => {
      await models.logParams(modelIdOf(params), fields.pairs('params'));
      return {};
    }),
  ];
}

function modelIdOf(params: Readonly<Record<string, string>>): string {
  return params.modelId ?? '';
}

/** A model that is named twice must be the same one. */
function refuseOtherModel(inPath: string, inBody: string | undefined): void {
  if (inBody && inBody !== inPath)
    throw invalid(
      `The path names the logged model '${inPath}' and the body '${inBody}'. Send the id of one model in both.`,
    );
}

function toOrdering(fields: Fields): ModelOrdering {
  const name = fields.string('dataset_name');
  return {
    field: fields.requiredString('field_name'),
    descending: fields.boolean('ascending') === false,
    dataset: name ? { name, digest: fields.string('dataset_digest') ?? '' } : undefined,
  };
}
