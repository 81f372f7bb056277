import { invalid } from '../contract/errors.ts';
import type { ExperimentService } from '../tracking/experiments.ts';
import type { View } from '../tracking/model.ts';
import type { Fields } from './fields.ts';
import { type MlflowRoute, route } from './route.ts';
import { orNothing, toExperiment } from './shapes.ts';

/** How many entries a page of a search has. */
export const SEARCH_PAGE = { initial: 1000, most: 50_000 };

const VIEW_TYPES = ['ACTIVE_ONLY', 'DELETED_ONLY', 'ALL'] as const;
const VIEWS: Record<(typeof VIEW_TYPES)[number], View> = {
  ACTIVE_ONLY: 'active',
  DELETED_ONLY: 'deleted',
  ALL: 'all',
};

/** Which entries a search is to see: the active ones unless told otherwise. */
export function viewOf(fields: Fields, name: string): View {
  return VIEWS[fields.enumeration(name, VIEW_TYPES) ?? 'ACTIVE_ONLY'];
}

export function experimentRoutes(experiments: ExperimentService): MlflowRoute[] {
  const search = async ({ fields }: { fields: Fields }) => {
    const { items, nextPageToken } = await experiments.search({
      filter: fields.string('filter') ?? '',
      orderBy: fields.strings('order_by'),
      view: viewOf(fields, 'view_type'),
      limit: fields.pageSize('max_results', SEARCH_PAGE),
      pageToken: fields.string('page_token'),
    });
    return { experiments: orNothing(items.map(toExperiment)), next_page_token: nextPageToken };
  };

  return [
    route('POST', '/mlflow/experiments/create', async ({ fields }) => {
      const { id } = await experiments.create({
        name: fields.requiredString('name'),
        artifactLocation: fields.string('artifact_location'),
        tags: fields.pairs('tags'),
      });
      return { experiment_id: id };
    }),
    route('GET', '/mlflow/experiments/get', async ({ fields }) => ({
      experiment: toExperiment(await experiments.get(fields.requiredString('experiment_id'))),
    })),
    route('GET', '/mlflow/experiments/get-by-name', async ({ fields }) => ({
      experiment: toExperiment(await experiments.find(fields.requiredString('experiment_name'))),
    })),
    route('POST', '/mlflow/experiments/search', search),
    route('GET', '/mlflow/experiments/search', search),
    route('POST', '/mlflow/experiments/update', async ({ fields }) => {
      await experiments.rename(fields.requiredString('experiment_id'), fields.requiredString('new_name'));
      return {};
    }),
    route('POST', '/mlflow/experiments/delete', async ({ fields }) => {
      await experiments.delete(fields.requiredString('experiment_id'));
      return {};
    }),
    route('POST', '/mlflow/experiments/restore', async ({ fields }) => {
      await experiments.restore(fields.requiredString('experiment_id'));
      return {};
    }),
    route('POST', '/mlflow/experiments/set-experiment-tag', async ({ fields }) => {
      const experimentId = fields.requiredString('experiment_id');
      await experiments.setTag(experimentId, fields.pair());
      return {};
    }),
    route('POST', '/mlflow/experiments/delete-experiment-tag', async ({ fields }) => {
      await experiments.deleteTag(fields.requiredString('experiment_id'), fields.requiredString('key'));
      return {};
    }),
    route('POST', '/mlflow/experiments/search-datasets', async ({ fields }) => {
      const experimentIds = fields.strings('experiment_ids');
      checkDatasetExperiments(experimentIds);
      const summaries = await experiments.searchDatasets(experimentIds);
      return {
        dataset_summaries: orNothing(
          summaries.map(({ experimentId, name, digest, context }) => ({
            experiment_id: experimentId,
            name,
            digest,
            context: context ?? undefined,
          })),
        ),
      };
    }),
  ];
}

const MAX_DATASET_EXPERIMENTS = 20;

function checkDatasetExperiments(experimentIds: readonly string[]): void {
  if (experimentIds.length === 0)
    throw invalid('SearchDatasets request must specify at least one experiment_id.');
  if (experimentIds.length > MAX_DATASET_EXPERIMENTS)
    throw invalid(
      `SearchDatasets request cannot specify more than ${MAX_DATASET_EXPERIMENTS} experiment_ids. ` +
        `Received ${experimentIds.length} experiment_ids.`,
    );
}
