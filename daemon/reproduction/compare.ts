/** Comparing what a step made first with what it made when it was run again. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Piscina } from 'piscina';
import type { ArtifactStore } from '../artifacts/model.ts';
import { storePathOf } from '../artifacts/uri.ts';
import { withoutMissing } from '../contract/errors.ts';
import type { Comparison } from '../contract/reproductions.ts';
import type { Run } from '../contract/runs.ts';
import { decodeDouble } from '../contract/values.ts';
import { entry } from '../entry.ts';
import type { LoggedModelService } from '../models/service.ts';
import { makesOf, type Step } from '../pipelines/definition/model.ts';
import { fileThreads } from '../pipelines/file-threads.ts';
import type { Content, Manifest } from '../pipelines/inputs/content.ts';
import { relativeTo } from '../pipelines/inputs/read.ts';
import type { StepRecord } from '../pipelines/model.ts';
import type { StepRuns } from '../pipelines/step-runs.ts';
import { type LoggedByRun, loggedBy } from '../registry/logged.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { CompareInput, FileSet } from './compare-thread.ts';
import { type Compared, compareNumbers, type Sameness, volatileBy } from './fields.ts';

/** A step that was run twice. */
export interface Twice {
  /** As it was run first, with the paths of then. */
  readonly step: Step;
  readonly before: StepRecord;
  readonly now: StepRecord;
  /** Folders of the pipeline's file, then and in the copy. */
  readonly folders: { readonly before: string; readonly now: string };
  /** Where an output is in the copy. */
  readonly placeNow: (place: string) => string;
}

export interface ComparerParts {
  readonly tracking: TrackingService;
  readonly models: LoggedModelService;
  readonly artifacts: ArtifactStore;
  readonly runs: StepRuns;
  /** Folder of the store's cache. */
  readonly cache: string;
}

/** Compares outputs, metrics and models. */
export class Comparer {
  readonly #parts: ComparerParts;
  readonly #threads: Piscina;

  constructor(parts: ComparerParts) {
    this.#parts = parts;
    this.#threads = fileThreads(entry(import.meta.url, 'compare-thread'), {});
  }

  /** All that was recorded of a step, in the order of its definition. */
  async compare(twice: Twice, sameness: Sameness): Promise<Comparison[]> {
    const { step, now } = twice;
    if (now.status !== 'succeeded') {
      const message = `it ${now.status === 'skipped' ? 'was not run' : `ended as ${now.status}`}: ${now.message}`;
      return [{ ...nothing(step.name, 'output', step.name), result: 'different', message }];
    }
    return [
      ...(await this.#outputs(twice, sameness)),
      ...(await this.#metrics(twice, sameness)),
      ...(await this.#models(twice, sameness)),
    ];
  }

  async close(): Promise<void> {
    await this.#threads.close({ force: true });
  }

  async #outputs({ step, before, now, folders, placeNow }: Twice, sameness: Sameness): Promise<Comparison[]> {
    const found: Comparison[] = [];
    for (const place of makesOf(step)) {
      const name = relativeTo(folders.before, place);
      const there = placeNow(place);
      const [then, today] = [before.outputs?.[name], now.outputs?.[relativeTo(folders.now, there)]];
      // What it held first was not recorded: there is nothing to be said of it.
      if (!then) continue;
      const about = nothing(step.name, 'output', name);
      if (then.digest === today?.digest) found.push(about);
      else if (!today) found.push({ ...about, result: 'different', message: 'it was not made' });
      else found.push({ ...about, ...(await this.#differing(then, there, sameness)) });
    }
    return found;
  }

  async #differing(then: Content, there: string, sameness: Sameness): Promise<Partial<Comparison>> {
    const before = this.#kept(then);
    if (!before)
      return {
        result: 'different',
        message: 'what it held first is not in the cache any more: only digests were compared',
      };
    return this.#run({ before, now: there, sameness });
  }

  /** Files of the cache by their names in the output; undefined when not all are there. */
  #kept({ kind, digest }: Content): FileSet | undefined {
    const objectOf = (each: string) =>
      path.join(this.#parts.cache, 'objects', each.slice(0, 2), each.slice(2));
    if (!existsSync(objectOf(digest))) return undefined;
    if (kind === 'file') return { '': objectOf(digest) };
    const manifest = JSON.parse(readFileSync(objectOf(digest), 'utf8')) as Manifest;
    const files = manifest.map(([name, each]): [string, string] => [name, objectOf(each)]);
    return files.every(([, file]) => existsSync(file)) ? Object.fromEntries(files) : undefined;
  }

  async #metrics({ step, before, now }: Twice, sameness: Sameness): Promise<Comparison[]> {
    const [then, today] = await Promise.all([this.#runOf(before), this.#runOf(now)]);
    const isVolatile = volatileBy(sameness.volatile);
    return Object.entries(then?.metrics ?? {})
      .filter(([key]) => !key.startsWith('system/'))
      .map(([key, { last }]) => {
        const about = nothing(step.name, 'metric', key);
        const other = today?.metrics[key]?.last;
        if (other === last) return about;
        if (isVolatile(key.slice(key.lastIndexOf('/') + 1))) return { ...about, volatile: [key] };
        const result =
          other === undefined
            ? 'different'
            : compareNumbers(decodeDouble(last), decodeDouble(other), sameness.tolerance);
        const differences = [{ field: '', before: String(last), now: String(other ?? 'nothing') }];
        return { ...about, result, differences };
      });
  }

  async #runOf({ runId }: StepRecord): Promise<Run | undefined> {
    return runId === null ? undefined : withoutMissing(this.#parts.tracking.getRun(runId));
  }

  async #models({ step, before, now }: Twice, sameness: Sameness): Promise<Comparison[]> {
    const [then, today] = await Promise.all([this.#modelsOf(before), this.#modelsOf(now)]);
    const found: Comparison[] = [];
    for (const [index, model] of then.entries()) {
      const about = nothing(step.name, 'model', model.name);
      const other = today[index];
      const [first, second] = await Promise.all([this.#filesOf(model), other && this.#filesOf(other)]);
      if (first === undefined) continue;
      if (second === undefined) found.push({ ...about, result: 'different', message: 'it was not logged' });
      else found.push({ ...about, ...(await this.#run({ before: first, now: second, sameness })) });
    }
    return found;
  }

  async #modelsOf({ runId }: StepRecord): Promise<LoggedByRun[]> {
    if (runId === null) return [];
    return loggedBy(this.#parts, await this.#parts.runs.withChildren(runId));
  }

  /** The folder with a model's files; undefined when they are not in this store. */
  async #filesOf({ modelId, source }: LoggedByRun): Promise<string | undefined> {
    const { models, artifacts } = this.#parts;
    const uri = modelId === null ? source : (await models.get(modelId)).model.artifactUri;
    const place = storePathOf(uri);
    return place === undefined ? undefined : artifacts.localFolder(place);
  }

  #run(input: CompareInput): Promise<Compared> {
    return this.#threads.run(input, { name: 'compare' }) as Promise<Compared>;
  }
}

function nothing(step: string, kind: Comparison['kind'], name: string): Comparison {
  return { step, kind, name, result: 'identical', message: '', volatile: [], differences: [] };
}
