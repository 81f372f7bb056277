import { userName } from '../client/variables.ts';
import { invalid } from '../contract/errors.ts';
import { actorOf } from '../contract/principal.ts';
import { isShared, parseStage, parseVersion } from '../registry/model.ts';
import type { RegistryService } from '../registry/service.ts';
import type { StageService } from '../registry/stages.ts';
import { type Fields, toMap } from './fields.ts';
import { type MlflowRoute, route } from './route.ts';
import { orNothing, toModelVersion } from './shapes.ts';

const VERSION_PAGE = { initial: 10_000, most: 200_000 };

/** The version that a request is about. */
export function versionKey(fields: Fields): { name: string; version: number } {
  return {
    name: fields.requiredString('name'),
    version: parseVersion(fields.requiredString('version')),
  };
}

export function modelVersionRoutes(registry: RegistryService, stages: StageService): MlflowRoute[] {
  return [
    route('POST', '/mlflow/model-versions/create', async ({ fields, actor }) => {
      const version = await registry.register({
        name: fields.requiredString('name'),
        source: fields.requiredString('source'),
        runId: fields.string('run_id') || null,
        modelId: fields.string('model_id') || null,
        runLink: fields.string('run_link') ?? '',
        description: fields.string('description') ?? '',
        tags: toMap(fields.pairs('tags')),
        actor,
      });
      return { model_version: toModelVersion(version) };
    }),
    route('GET', '/mlflow/model-versions/get', async ({ fields }) => {
      const { name, version } = versionKey(fields);
      return { model_version: toModelVersion(await registry.getVersion(name, version)) };
    }),
    route('PATCH', '/mlflow/model-versions/update', async ({ fields, actor }) => {
      const { name, version } = versionKey(fields);
      const description = fields.string('description') ?? '';
      const described = await registry.describeVersion(name, version, description, actor);
      return { model_version: toModelVersion(described) };
    }),
    route('POST', '/mlflow/model-versions/transition-stage', async ({ fields, principal }) => {
      const stage = parseStage(fields.requiredString('stage'));
      const archiveExisting = fields.boolean('archive_existing_versions') ?? false;
      if (archiveExisting && !isShared(stage))
        throw invalid(
          `archive_existing_versions works for Staging and Production only, not for '${stage}'. Leave it out.`,
        );
      const { version } = await stages.move({
        ...versionKey(fields),
        stage,
        archiveExisting,
        actor: actorOf(principal, 'mlflow', userName()),
        reason: '',
        plain: true,
      });
      return { model_version: toModelVersion(version) };
    }),
    route('DELETE', '/mlflow/model-versions/delete', async ({ fields, actor }) => {
      const { name, version } = versionKey(fields);
      await registry.deleteVersion(name, version, actor);
      return {};
    }),
    route('GET', '/mlflow/model-versions/search', async ({ fields }) => {
      const { items, nextPageToken } = await registry.searchVersions({
        filter: fields.string('filter') ?? '',
        orderBy: fields.strings('order_by'),
        limit: fields.pageSize('max_results', VERSION_PAGE),
        pageToken: fields.string('page_token'),
      });
      return { model_versions: orNothing(items.map(toModelVersion)), next_page_token: nextPageToken };
    }),
    route('GET', '/mlflow/model-versions/get-download-uri', async ({ fields }) => {
      const { name, version } = versionKey(fields);
      return { artifact_uri: (await registry.getVersion(name, version)).storageLocation };
    }),
    route('POST', '/mlflow/model-versions/set-tag', async ({ fields, actor }) => {
      const { key, value } = fields.pair();
      await registry.setVersionTag(versionKey(fields), key, value, actor);
      return {};
    }),
    route('DELETE', '/mlflow/model-versions/delete-tag', async ({ fields, actor }) => {
      await registry.deleteVersionTag(versionKey(fields), fields.requiredString('key'), actor);
      return {};
    }),
  ];
}
