/** The registry of a file store (since MLflow 2): `mlruns/models/<name>/version-<n>/…`. */
import path from 'node:path';
import { Unreadable } from '../folder.ts';
import type { SourceModel, SourceVersion } from '../model.ts';
import { DELETED_STAGE } from '../registry.ts';
import type { StoreFiles } from './files.ts';
import type { MetaFile } from './yaml.ts';

const VERSION_FOLDER = /^version-([1-9]\d{0,8})$/;

/** Reads registered models. */
export class RegistryFiles {
  readonly #files: StoreFiles;

  constructor(files: StoreFiles) {
    this.#files = files;
  }

  /** @param models the folder of all registered models */
  *read(models: string): Iterable<SourceModel> {
    for (const name of this.#files.folderNames(models)) {
      const folder = path.join(models, name);
      const model = this.#files.described(folder, 'The registered model', meta => ({
        name: meta.requireText('name'),
        description: meta.text('description') ?? '',
        createdAt: meta.integer('creation_timestamp') ?? 0,
        updatedAt: meta.integer('last_updated_timestamp') ?? 0,
      }));
      if (!model) continue;
      yield {
        ...model,
        tags: this.#files.pairs(path.join(folder, 'tags'), 'Tag'),
        aliases: this.#files.pairs(path.join(folder, 'aliases'), 'Alias').map(({ key, value }) => ({
          alias: key,
          version: Number(value),
        })),
        versions: this.#versions(folder),
      };
    }
  }

  #versions(model: string): SourceVersion[] {
    return this.#files.folderNames(model).flatMap(name => {
      const number = VERSION_FOLDER.exec(name)?.[1];
      if (number === undefined) return [];
      const folder = path.join(model, name);
      const version = this.#files.described(folder, 'The version', meta => versionOf(meta, Number(number)));
      return version ? [{ ...version, tags: this.#files.pairs(path.join(folder, 'tags'), 'Tag') }] : [];
    });
  }
}

function versionOf(meta: MetaFile, version: number): Omit<SourceVersion, 'tags'> {
  const said = meta.integer('version');
  if (said !== version)
    throw new Unreadable(`it is about version ${said}, and its folder is version ${version}`);
  const stage = meta.text('current_stage') ?? 'None';
  return {
    version,
    stage,
    description: meta.text('description') ?? '',
    source: meta.text('source') ?? '',
    storageLocation: meta.text('storage_location') ?? '',
    runId: meta.text('run_id') || null,
    runLink: meta.text('run_link') ?? '',
    createdAt: meta.integer('creation_timestamp') ?? 0,
    updatedAt: meta.integer('last_updated_timestamp') ?? 0,
    deleted: stage === DELETED_STAGE,
  };
}
