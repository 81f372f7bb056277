/** Imports: one at a time, each a job that is watched and can be cancelled. */
import { randomUUID } from 'node:crypto';
import fs from 'node:fs/promises';
import path from 'node:path';
import type { Actor } from '../contract/audit.ts';
import { ApiError, missing } from '../contract/errors.ts';
import type { Import } from '../contract/imports.ts';
import { exportAim } from './aim/export.ts';
import { detectSource } from './detect.ts';
import { Importer, type ImportParts } from './importer.ts';
import type { SourcePlace } from './model.ts';
import { unpackedFolder } from './pack/format.ts';
import { unpackArchive } from './pack/unpack.ts';
import { Report } from './report.ts';
import { Source } from './source.ts';

/** Ended imports that are remembered. */
const REMEMBERED = 20;

/** What is to be imported, and how. Paths are absolute. */
export interface ImportRequest {
  readonly path: string;
  readonly artifacts: readonly string[];
  readonly experimentPrefix: string;
  readonly modelPrefix: string;
  readonly dryRun: boolean;
  /** The most that an archive may come to unpacked. */
  readonly maxBytes: number;
  /** The most files that an archive may have. */
  readonly maxFiles: number;
  /** Path or name of the Python that has the package which reads the store, where one is needed. */
  readonly python?: string | undefined;
}

/** Finds a Python: the chosen one, or the one that pipelines use. @returns its path */
export type FindImportPython = (chosen: string | undefined) => Promise<string>;

interface Job {
  readonly id: string;
  readonly source: SourcePlace;
  readonly dryRun: boolean;
  readonly startTime: number;
  readonly report: Report;
  readonly actor: Actor;
  readonly controller: AbortController;
  state: Import['state'];
  endTime: number | null;
  message: string;
  runs: number;
  importer: Importer | undefined;
  /** Settles when it has ended, however it did. */
  ended: Promise<void>;
}

/** Imports stores of other trackers. */
export class ImportService {
  readonly #parts: ImportParts;
  readonly #scratch: string;
  readonly #findPython: FindImportPython;
  readonly #defect: (error: unknown) => void;
  readonly #jobs = new Map<string, Job>();

  /**
   * @param options.scratch a private folder, for copies of stores; emptied by each import
   * @param options.defect told of failures that no person can act on
   */
  constructor(
    parts: ImportParts,
    options: { scratch: string; findPython: FindImportPython; defect: (error: unknown) => void },
  ) {
    this.#parts = parts;
    this.#scratch = options.scratch;
    this.#findPython = options.findPython;
    this.#defect = options.defect;
  }

  /** How many imports run. */
  get running(): number {
    return [...this.#jobs.values()].filter(job => job.state === 'running').length;
  }

  /** @throws ApiError when there is nothing to import at the path; RESOURCE_CONFLICT while another import runs */
  start(request: ImportRequest, actor: Actor): Import {
    const running = [...this.#jobs.values()].find(job => job.state === 'running');
    if (running)
      throw new ApiError(
        'RESOURCE_CONFLICT',
        `The import of ${running.source.path} is under way: wait for its end, or cancel it.`,
      );
    const job: Job = {
      id: randomUUID(),
      source: detectSource(request.path),
      dryRun: request.dryRun,
      startTime: Date.now(),
      report: new Report(),
      actor,
      controller: new AbortController(),
      state: 'running',
      endTime: null,
      message: '',
      runs: 0,
      importer: undefined,
      ended: Promise.resolve(),
    };
    this.#jobs.set(job.id, job);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > REMEMBERED && oldest !== undefined) this.#jobs.delete(oldest);
    job.ended = this.#run(job, request);
    return toImport(job);
  }

  /** @throws ApiError RESOURCE_DOES_NOT_EXIST */
  get(id: string): Import {
    return toImport(this.#require(id));
  }

  /** Ends an import and waits until nothing more is written. One that has ended stays as it is. */
  async cancel(id: string): Promise<Import> {
    const job = this.#require(id);
    job.controller.abort();
    await job.ended;
    return toImport(job);
  }

  /** Ends what runs. */
  async close(): Promise<void> {
    for (const job of this.#jobs.values()) job.controller.abort();
    await Promise.all([...this.#jobs.values()].map(job => job.ended));
  }

  /** Until all is cleared away, the job counts as running. */
  async #run(job: Job, request: ImportRequest): Promise<void> {
    const { signal } = job.controller;
    let state: Import['state'] = 'finished';
    try {
      await fs.rm(this.#scratch, { recursive: true, force: true });
      await fs.mkdir(this.#scratch, { recursive: true, mode: 0o700 });
      await this.#import(job, request, signal);
    } catch (error) {
      state = signal.aborted ? 'cancelled' : 'failed';
      if (!signal.aborted) {
        if (!(error instanceof ApiError)) this.#defect(error);
        job.message = error instanceof ApiError ? error.message : 'A defect ended it; the log has more.';
      }
    }
    await fs.rm(this.#scratch, { recursive: true, force: true }).catch(this.#defect);
    job.endTime = Date.now();
    job.state = state;
  }

  async #import(
    job: Job,
    { artifacts, python, maxBytes, maxFiles, ...options }: ImportRequest,
    signal: AbortSignal,
  ): Promise<void> {
    if (job.source.kind === 'aim') {
      const work = { python: await this.#findPython(python), scratch: this.#scratch, signal };
      await exportAim(job.source.path, work, job.report);
    }
    if (job.source.kind === 'archive') {
      const limits = { bytes: maxBytes, files: maxFiles };
      await unpackArchive(job.source.path, unpackedFolder(this.#scratch), { limits, signal });
    }
    const request = { source: job.source, artifacts, scratch: this.#scratch };
    const source = await Source.open(request, job.report, signal);
    try {
      job.runs = source.runs;
      const origin = `Imported from ${path.basename(job.source.path)}`;
      const { actor, report } = job;
      job.importer = new Importer(this.#parts, source, report, { ...options, origin, actor, signal });
      await job.importer.run();
    } finally {
      await source.close();
    }
  }

  #require(id: string): Job {
    const job = this.#jobs.get(id);
    if (!job) throw missing(`There is no import ${id}; a daemon that was started anew knows none.`);
    return job;
  }
}

function toImport(job: Job): Import {
  const { counts, problems, problemCount, notes } = job.report;
  const { id, source, dryRun, state, startTime, endTime, message } = job;
  return {
    ...{ id, path: source.path, kind: source.kind, dryRun, state, startTime, endTime, message },
    progress: { runs: job.importer?.runsDone ?? 0, of: job.runs },
    ...{ counts, problems, problemCount, notes },
  };
}
