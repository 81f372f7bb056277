import { invalid } from '../contract/errors.ts';
import { STAGES } from '../contract/models.ts';
import { parseStage, parseVersion } from '../registry/model.ts';
import type { RegistryService } from '../registry/service.ts';
import { type Fields, toMap } from './fields.ts';
import { type MlflowRoute, route } from './route.ts';
import { orNothing, toModelVersion, toRegisteredModel } from './shapes.ts';

const MODEL_PAGE = { initial: 100, most: 1000 };

export function registeredModelRoutes(registry: RegistryService): MlflowRoute[] {
  return [
    route('POST', '/mlflow/registered-models/create', async ({ fields, actor }) => {
      const model = await registry.createModel({
        name: fields.requiredString('name'),
        description: fields.string('description') ?? '',
        tags: toMap(fields.pairs('tags')),
        actor,
      });
      return { registered_model: toRegisteredModel(model) };
    }),
    route('GET', '/mlflow/registered-models/get', async ({ fields }) => ({
      registered_model: toRegisteredModel(await registry.getModel(fields.requiredString('name'))),
    })),
    route('POST', '/mlflow/registered-models/rename', async ({ fields, actor }) => {
      const model = await registry.renameModel(
        fields.requiredString('name'),
        fields.requiredString('new_name'),
        actor,
      );
      return { registered_model: toRegisteredModel(model) };
    }),
    route('PATCH', '/mlflow/registered-models/update', async ({ fields, actor }) => {
      const model = await registry.describeModel(
        fields.requiredString('name'),
        fields.string('description') ?? '',
        actor,
      );
      return { registered_model: toRegisteredModel(model) };
    }),
    route('DELETE', '/mlflow/registered-models/delete', async ({ fields, actor }) => {
      await registry.deleteModel(fields.requiredString('name'), actor);
      return {};
    }),
    route('GET', '/mlflow/registered-models/search', async ({ fields }) => {
      const { items, nextPageToken } = await registry.searchModels({
        filter: fields.string('filter') ?? '',
        orderBy: fields.strings('order_by'),
        limit: fields.pageSize('max_results', MODEL_PAGE),
        pageToken: fields.string('page_token'),
      });
      return { registered_models: orNothing(items.map(toRegisteredModel)), next_page_token: nextPageToken };
    }),
    route('POST', '/mlflow/registered-models/set-tag', async ({ fields, actor }) => {
      const { key, value } = fields.pair();
      await registry.setModelTag(fields.requiredString('name'), key, value, actor);
      return {};
    }),
    route('DELETE', '/mlflow/registered-models/delete-tag', async ({ fields, actor }) => {
      await registry.deleteModelTag(fields.requiredString('name'), fields.requiredString('key'), actor);
      return {};
    }),
    ...latestVersionRoutes(registry),
    ...aliasRoutes(registry),
  ];
}

function latestVersionRoutes(registry: RegistryService): MlflowRoute[] {
  const latest = async ({ fields }: { fields: Fields }) => {
    const asked = fields.strings('stages').map(parseStage);
    const stages = asked.length > 0 ? asked : STAGES;
    const model = await registry.getModel(fields.requiredString('name'));
    const versions = model.latest.filter(version => stages.includes(version.stage));
    return { model_versions: orNothing(versions.map(toModelVersion)) };
  };
  return [
    route('POST', '/mlflow/registered-models/get-latest-versions', latest),
    route('GET', '/mlflow/registered-models/get-latest-versions', latest),
  ];
}

function aliasRoutes(registry: RegistryService): MlflowRoute[] {
  const path = '/mlflow/registered-models/alias';
  return [
    route('POST', path, async ({ fields, actor }) => {
      const name = fields.requiredString('name');
      const alias = fields.requiredString('alias');
      const version = parseVersion(fields.requiredString('version'));
      await registry.setAlias(name, alias, version, actor);
      return {};
    }),
    route('DELETE', path, async ({ fields, actor }) => {
      await registry.deleteAlias(fields.requiredString('name'), fields.requiredString('alias'), actor);
      return {};
    }),
    route('GET', path, async ({ fields }) => {
      const alias = fields.requiredString('alias');
      const version = await registry.findVersion(fields.requiredString('name'), { alias });
      if (!version) throw invalid(`Registered model alias ${alias} not found.`);
      return { model_version: toModelVersion(version) };
    }),
  ];
}
