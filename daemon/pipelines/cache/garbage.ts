/** Taking out of the cache what nothing needs any more, beside executions that run. */
import type { CacheGarbage } from '../../contract/cache.ts';
import type { Database } from '../../database/database.ts';
import type { WorkspaceFiles } from '../inputs/files.ts';
import { keyOf } from '../inputs/model.ts';
import { relativeTo } from '../inputs/read.ts';
import type { StepResult } from './model.ts';
import type { CacheFile, CacheReference } from './survey.ts';
import type { CacheUse } from './use.ts';

/** What was written within this time stays: a step that is being kept has no result yet. In milliseconds. */
const TOO_NEW_MS = 10 * 60_000;
const AT_ONCE = 500;

/** What is asked for. */
export interface CacheRequest {
  /** Only say what would go. */
  readonly dryRun: boolean;
  /** So many of each pipeline's newest executions keep what they need. */
  readonly executions: number;
}

/** What is being done, told to whoever asked, and its end. */
interface Work {
  progress(message: string): void;
  readonly signal: AbortSignal;
}

/** Cleans the cache of a workspace. */
export class CacheCollector {
  readonly #database: Database;
  readonly #files: WorkspaceFiles;
  readonly #use: CacheUse;
  readonly #workspace: string;

  constructor(parts: { database: Database; files: WorkspaceFiles; use: CacheUse; workspace: string }) {
    this.#workspace = parts.workspace;
    this.#database = parts.database;
    this.#files = parts.files;
    this.#use = parts.use;
  }

  /**
   * Takes out, or with `dryRun` names, the results that are needed by none of the pipelines' newest executions, by none
   * that has not ended, and by none that registered a version which is still there; and what only they have in the cache.
   */
  async collect({ dryRun, executions }: CacheRequest, work: Work): Promise<CacheGarbage> {
    work.progress('Looking for what nothing needs any more…');
    const before = Date.now() - TOO_NEW_MS;
    const { kept, doomed, archives } = dryRun
      ? await this.#sort(executions)
      : await this.#use.alone(async () => {
          const sorted = await this.#sort(executions);
          await this.#database.write('pipelines.removeResults', {
            keys: sorted.doomed.map(({ key }) => key),
          });
          return sorted;
        });
    const staying = [...kept.map(referenceOf), ...archives.map(toReference)];
    const references = { kept: staying, doomed: doomed.map(referenceOf), before };
    const found = await this.#files.survey(references);
    const going = [...found.files, ...found.strays];
    if (!dryRun) await this.#remove(going, new Set(staying.map(nameOf)), work);
    return {
      results: doomed.map(({ key, file, step, executionName, endTime }) => ({
        key,
        file,
        step,
        execution: executionName,
        endTime,
        bytes: found.doomed[key] ?? 0,
      })),
      strays: { count: found.strays.length, bytes: sum(found.strays) },
      kept: { results: kept.length, bytes: found.keptBytes },
      executions,
      bytes: sum(going),
      removed: !dryRun,
    };
  }

  /** The results that stay, and those that may go. */
  async #sort(executions: number): Promise<Sorted> {
    const [results, needs] = await Promise.all([
      this.#database.survey('pipelines.results', {}),
      this.#database.survey('pipelines.cacheNeeds', { executions }),
    ]);
    const keys = new Set(needs.inputs.map(keyOf));
    const running = new Set(needs.running.map(file => relativeTo(this.#workspace, file)));
    const stays = ({ key, file }: StepResult) => keys.has(key) || running.has(file);
    return {
      kept: results.filter(stays),
      doomed: results.filter(result => !stays(result)),
      archives: needs.archives,
    };
  }

  /** @param known names of what stays, as far as it was there when that was looked for */
  async #remove(going: readonly CacheFile[], known: ReadonlySet<string>, work: Work): Promise<void> {
    for (let start = 0; start < going.length; start += AT_ONCE) {
      work.signal.throwIfAborted();
      work.progress(`Removing: ${start} of ${going.length} files…`);
      const some = going.slice(start, start + AT_ONCE);
      await this.#use.alone(async () => {
        // A step that ended meanwhile may have made the same again.
        const results = await this.#database.survey('pipelines.results', {});
        const { archives } = await this.#database.survey('pipelines.cacheNeeds', { executions: 0 });
        const all = [...results.map(referenceOf), ...archives.map(toReference)];
        const newer = all.filter(reference => !known.has(nameOf(reference)));
        const needed = new Set<string | null>(newer.length === 0 ? [] : await this.#files.needed(newer));
        await this.#files.discard(some.filter(({ digest }) => !needed.has(digest)).map(({ file }) => file));
      });
    }
  }
}

/** The results that stay, the oldest first, those that may go, and digests of what else is kept: code of executions. */
interface Sorted {
  readonly kept: readonly StepResult[];
  readonly doomed: readonly StepResult[];
  readonly archives: readonly string[];
}

/** What a result needs. */
function referenceOf({ key, outputs, inputs }: StepResult): CacheReference {
  const deps = Object.values(inputs.deps).filter(digest => digest !== null);
  return { key, outputs: Object.values(outputs).map(({ kind, digest }) => ({ kind, digest })), deps };
}

/** What an archive of code needs. */
function toReference(digest: string): CacheReference {
  return { key: digest, outputs: [{ kind: 'folder', digest }], deps: [] };
}

/** Tells a reference from one with the same key and other outputs. */
function nameOf({ key, outputs }: CacheReference): string {
  return [key, ...outputs.map(({ digest }) => digest)].join(' ');
}

function sum(files: readonly CacheFile[]): number {
  return files.reduce((total, { bytes }) => total + bytes, 0);
}
