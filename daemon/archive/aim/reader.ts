/** An Aim store, as its own package has written it down (export.ts). */
import path from 'node:path';
import type * as z from 'zod';
import { ApiError } from '../../contract/errors.ts';
import type { RunStatus } from '../../contract/runs.ts';
import { checkKey, type KeyValue, TAG } from '../../tracking/model.ts';
import { keyCharacters } from '../context.ts';
import { ReadableFolders, Unreadable } from '../folder.ts';
import type { Reporter, SourceExperiment, SourceReader, SourceRun } from '../model.ts';
import { parseLine, RunLine, StoreLine } from './lines.ts';
import { AimPoints } from './points.ts';

const ENDING = '.jsonl';

/** MLflow's names for what Aim keeps, too. */
const NOTE = 'mlflow.note.content';
const COMMIT = 'mlflow.source.git.commit';

/** Reads the folder that export.ts has made. */
export class AimExport implements SourceReader {
  readonly #folder: string;
  readonly #folders: ReadableFolders;
  readonly #reporter: Reporter;
  /** How much of each kind was left out of all runs. */
  readonly #leftOut = new Map<string, number>();

  constructor(folder: string, reporter: Reporter) {
    this.#folder = folder;
    this.#folders = new ReadableFolders([folder]);
    this.#reporter = reporter;
  }

  countRuns(): number {
    return this.#runFiles().length;
  }

  read() {
    return {
      experiments: () => this.#experiments(),
      runs: () => this.#runs(),
      loggedModels: () => [],
      models: () => [],
      executions: () => [],
    };
  }

  close(): void {}

  #runFiles(): string[] {
    return this.#folders
      .list(path.join(this.#folder, 'runs'))
      .map(({ name }) => name)
      .filter(name => name.endsWith(ENDING));
  }

  *#experiments(): Iterable<SourceExperiment> {
    const found: SourceExperiment[] = [];
    this.#lines('store.jsonl', StoreLine, ({ experiment, problem }) => {
      if (problem) this.#reporter.problem(problem.place, problem.message);
      if (!experiment) return;
      const { name, description, created } = experiment;
      found.push({
        id: experimentId(name),
        name,
        lifecycle: 'active',
        artifactLocation: '',
        createdAt: created,
        updatedAt: created,
        tags: description === '' ? [] : [{ key: NOTE, value: description }],
      });
    });
    yield* found;
  }

  *#runs(): Iterable<SourceRun> {
    for (const file of this.#runFiles()) {
      const id = path.basename(file, ENDING);
      const run = this.#run(id);
      if (run) yield run;
      else this.#reporter.problem(`run ${id}`, 'The run was left out: nothing says what it is.');
    }
    for (const [what, count] of this.#leftOut)
      this.#reporter.note(`Of Aim, this is not imported: ${what}; there are ${count}.`);
  }

  #run(id: string): SourceRun | undefined {
    let info: RunLine['run'];
    const params: KeyValue[] = [];
    const tags: KeyValue[] = [];
    const points = new AimPoints((key, why) => this.#reporter.problem(`run ${id}, ${key}`, why));
    const take = (line: RunLine) => {
      info ??= line.run;
      if (line.param) params.push(...this.#pair(id, line.param[0], line.param[1]));
      if (line.commit) tags.push({ key: COMMIT, value: line.commit });
      if (line.points) points.add(line.points, info?.start ?? 0);
      if (line.problem) this.#reporter.problem(line.problem.place, line.problem.message);
      if (line.leftOut)
        this.#leftOut.set(line.leftOut[0], (this.#leftOut.get(line.leftOut[0]) ?? 0) + line.leftOut[1]);
    };
    this.#lines(`runs/${id}${ENDING}`, RunLine, take);
    if (!info) return undefined;
    const startTime = info.start ?? info.end ?? 0;
    return {
      id,
      experimentId: experimentId(info.experiment),
      name: info.name,
      user: '',
      status: statusOf(info),
      lifecycle: 'active',
      startTime,
      endTime: info.end,
      deletedAt: null,
      params,
      tags: [...tags, ...this.#tagsOf(id, info)],
      metrics: points.metrics(),
      datasets: [],
      modelInputs: [],
      modelOutputs: [],
      artifacts: { kind: 'files', uri: '', files: this.#files(id) },
    };
  }

  #lines<Line>(file: string, schema: z.ZodType<Line>, take: (line: Line) => void): void {
    this.#folders.lines(path.join(this.#folder, file), (line, number) => {
      if (line === '') return;
      try {
        take(parseLine(schema, line));
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        this.#reporter.problem(file, `Something of it was left out: ${error.message}.`, number);
      }
    });
  }

  #tagsOf(id: string, info: NonNullable<RunLine['run']>): KeyValue[] {
    return [
      ...(info.name === '' ? [] : [{ key: TAG.runName, value: info.name }]),
      ...(info.description === '' ? [] : [{ key: NOTE, value: info.description }]),
      ...(info.archived ? [{ key: 'aim.archived', value: 'true' }] : []),
      // Aim's tags are words without a value.
      ...info.tags.flatMap(tag => this.#pair(id, tag, 'true')),
    ];
  }

  /** The pair under a key that is one here, if there is such. */
  #pair(id: string, name: string, value: string): KeyValue[] {
    const key = keyCharacters(name);
    try {
      checkKey(key, 'key');
      return [{ key, value }];
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#reporter.problem(
        `run ${id}`,
        `The key ${JSON.stringify(name.slice(0, 60))} was left out: ${error.message}`,
      );
      return [];
    }
  }

  #files(id: string) {
    const folder = path.join(this.#folder, 'files', id);
    return this.#folders.files(folder, (inner, why) =>
      this.#reporter.problem(`run ${id}, ${inner}`, `The artifact was left out: ${why}.`),
    );
  }
}

/** Quoted: a name that is a number would be taken for an id. */
function experimentId(name: string): string {
  return JSON.stringify(name);
}

/** Aim knows no failures: a run has ended, or goes on. */
function statusOf(info: { readonly end: number | null }): RunStatus {
  return info.end === null ? 'RUNNING' : 'FINISHED';
}
