/** What belongs to an archive: of a run, of a model with all that led to its versions, or of a whole store. */
import type { ExportOf } from '../../contract/archives.ts';
import { withoutMissing } from '../../contract/errors.ts';
import type { Run } from '../../contract/runs.ts';
import type { Database } from '../../database/database.ts';
import { evaluationsOf } from '../../evaluation/model.ts';
import { parseSource } from '../../registry/source.ts';

const PAGE = 500;
const ALL = { limit: Number.MAX_SAFE_INTEGER, offset: 0 } as const;
/** How deep below each other runs may lie. */
const MAX_DEPTH = 20;

/** Ids and names of what an archive has. */
export interface Selection {
  /** In a person's words. */
  readonly name: string;
  /** Those that others are below come first. */
  readonly runs: readonly string[];
  /** Those that are in it even where none of their runs is. */
  readonly experiments: readonly string[];
  readonly loggedModels: readonly string[];
  /** Names of registered models. */
  readonly models: readonly string[];
}

/** @throws ApiError RESOURCE_DOES_NOT_EXIST */
export async function select(of: ExportOf, database: Database): Promise<Selection> {
  if ('run' in of) {
    const runs = await tree(of.run, database);
    return {
      name: `run ${of.run}`,
      runs,
      experiments: [],
      loggedModels: await modelsOf(runs, database),
      models: [],
    };
  }
  if ('model' in of) return ofModel(of.model, database);
  return ofStore(database);
}

async function ofStore(database: Database): Promise<Selection> {
  const { items: experiments } = await database.read('tracking.listExperiments', { view: 'all', ...ALL });
  const experimentIds = experiments.map(({ id }) => id);
  const search = { experimentIds, datasets: [], filter: '', orderBy: [], ...ALL };
  const loggedModels = await database.read('models.search', search);
  const { items } = await database.read('registry.searchModels', {
    filter: '',
    orderBy: [],
    ...ALL,
  });
  return {
    name: 'the whole store',
    runs: await allRuns(database, {}),
    experiments: experimentIds,
    loggedModels: loggedModels.map(({ id }) => id),
    models: items.map(({ name }) => name),
  };
}

/** The runs behind the versions, with the executions that they are part of, their evaluations, and the logged models. */
async function ofModel(name: string, database: Database): Promise<Selection> {
  const versions = await database.read('registry.listVersions', { name });
  const runs = new Set<string>();
  const logged = new Set<string>();
  for (const { runId, source } of versions) {
    const parsed = parseSource(source);
    if (parsed.kind === 'loggedModel') logged.add(parsed.modelId);
    if (runId !== null && !runs.has(runId))
      for (const each of await tree(await topOf(runId, database), database)) runs.add(each);
  }
  for (const each of await allRuns(database, { filter: evaluationsOf(name) })) runs.add(each);
  const all = [...runs];
  for (const each of await modelsOf(all, database)) logged.add(each);
  return { name: `the model ${name}`, runs: all, experiments: [], loggedModels: [...logged], models: [name] };
}

/** The run that all others of its execution are below; nothing when it is gone. */
async function topOf(runId: string, database: Database): Promise<string> {
  let top = runId;
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const run: Run | undefined = await withoutMissing(database.read('tracking.getRun', { runId: top }));
    if (!run?.parentId) return top;
    top = run.parentId;
  }
  return top;
}

/** A run and all below it. @throws ApiError RESOURCE_DOES_NOT_EXIST */
async function tree(runId: string, database: Database): Promise<string[]> {
  await database.read('tracking.getRun', { runId });
  const found = new Set([runId]);
  // What is added while it is gone through is gone through as well.
  for (const each of found) for (const child of await allRuns(database, { parentId: each })) found.add(child);
  return [...found];
}

async function allRuns(database: Database, which: { parentId?: string; filter?: string }): Promise<string[]> {
  const search = { filter: '', ...which, orderBy: ['attributes.start_time ASC'], view: 'all' as const };
  const found: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await database.read('tracking.searchRuns', {
      ...search,
      columns: [],
      limit: PAGE,
      pageToken,
    });
    found.push(...page.items.map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return found;
}

async function modelsOf(runIds: readonly string[], database: Database): Promise<string[]> {
  const found: string[] = [];
  for (let start = 0; start < runIds.length; start += PAGE) {
    const some = await database.read('models.ofRuns', { runIds: runIds.slice(start, start + PAGE) });
    found.push(...some.map(({ id }) => id));
  }
  return found;
}
