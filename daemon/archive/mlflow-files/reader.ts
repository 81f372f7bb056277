/** MLflow's file store: `mlruns/<experiment>/<run>/…`. */
import path from 'node:path';
import type { ArtifactFinder } from '../locate-artifacts.ts';
import type { SourceExperiment, SourceReader, SourceRun } from '../model.ts';
import { type ExperimentFolder, lifecycleOf, type StoreFiles } from './files.ts';
import { LoggedModelFiles } from './logged-models.ts';
import { RegistryFiles } from './registry.ts';
import { RunFiles } from './runs.ts';

const TRASH = '.trash';
const REGISTRY = 'models';

/** Folders of an experiment that are no runs. */
const RESERVED: ReadonlySet<string> = new Set(['tags', 'datasets', 'traces', 'models']);

/** Reads an `mlruns` folder. */
export class MlflowFileStore implements SourceReader {
  readonly #root: string;
  readonly #files: StoreFiles;
  readonly #finder: ArtifactFinder;

  constructor(root: string, files: StoreFiles, finder: ArtifactFinder) {
    this.#root = root;
    this.#files = files;
    this.#finder = finder;
  }

  countRuns(): number {
    return this.#experimentFolders().reduce((runs, { folder }) => runs + this.#runFolders(folder).length, 0);
  }

  read() {
    return {
      experiments: () => this.#experiments(),
      runs: () => this.#runs(),
      loggedModels: () => this.#loggedModels(),
      models: () => new RegistryFiles(this.#files).read(path.join(this.#root, REGISTRY)),
      executions: () => [],
    };
  }

  close(): void {}

  *#experiments(): Iterable<SourceExperiment> {
    for (const { folder, id, deleted } of this.#experimentFolders()) {
      const experiment = this.#files.described(folder, 'The experiment', meta => ({
        id,
        name: meta.requireText('name'),
        lifecycle: deleted ? ('deleted' as const) : lifecycleOf(meta),
        artifactLocation: meta.text('artifact_location') ?? '',
        createdAt: meta.integer('creation_time') ?? 0,
        updatedAt: meta.integer('last_update_time') ?? 0,
      }));
      if (!experiment) continue;
      yield { ...experiment, tags: this.#files.pairs(path.join(folder, 'tags'), 'Tag') };
      this.#tellTraces(folder, experiment.name);
    }
  }

  *#runs(): Iterable<SourceRun> {
    for (const experiment of this.#experimentFolders()) {
      const runs = new RunFiles(experiment, this.#files, this.#finder);
      for (const id of this.#runFolders(experiment.folder)) {
        const run = runs.read(path.join(experiment.folder, id), id);
        if (run) yield run;
      }
    }
  }

  *#loggedModels() {
    for (const { folder, id } of this.#experimentFolders()) {
      yield* new LoggedModelFiles(this.#files, this.#finder).read(path.join(folder, 'models'), id);
    }
  }

  #experimentFolders(): ExperimentFolder[] {
    const within = (folder: string, deleted: boolean) =>
      this.#files
        .folderNames(folder)
        .filter(id => id !== TRASH && (deleted || id !== REGISTRY))
        .map(id => ({ folder: path.join(folder, id), id, deleted }));
    return [...within(this.#root, false), ...within(path.join(this.#root, TRASH), true)];
  }

  #runFolders(experiment: string): string[] {
    return this.#files.folderNames(experiment).filter(name => !RESERVED.has(name));
  }

  #tellTraces(folder: string, experiment: string): void {
    const traces = this.#files.folderNames(path.join(folder, 'traces')).length;
    if (traces > 0)
      this.#files.reporter.note(`Traces are not imported: experiment '${experiment}' has ${traces}.`);
  }
}
