/** All that is known of data: of steps, and of data sets that runs logged. */
import path from 'node:path';
import type { DataField, DataNode } from '../contract/lineage.ts';
import { dataId, placeOf, placeOfSource } from './model.ts';
import { type DataVersion, type Made, type StepFacts, StepIndex } from './step-index.ts';
import { type DatasetRow, type LineageRows, MAX_DATASETS, MAX_STEPS, type StepRow } from './store/rows.ts';

/** A data set's digest is as good as a step's when it begins it: evaluations keep the beginning, as MLflow's limit is short. */
const SHORT_DIGEST = 32;

/** Data sets, by the nodes that they are. */
export class DataSources {
  readonly steps: StepIndex;
  readonly remarks: string[] = [];
  readonly #rows: LineageRows;
  readonly #workspace: string;
  readonly #datasets = new Map<number, DatasetRow>();
  /** Names of nodes, by data set. */
  readonly #nodes = new Map<number, string>();
  readonly #byNode = new Map<string, DatasetRow[]>();
  readonly #dataOnly = new Map<string, DataVersion>();

  constructor(rows: LineageRows, workspace: string) {
    this.#rows = rows;
    this.#workspace = workspace;
    const steps = rows.steps();
    if (steps.length > MAX_STEPS) this.remarks.push(`Only the newest ${MAX_STEPS} steps were looked at.`);
    const placer = new Placer(workspace);
    this.steps = new StepIndex(steps.slice(0, MAX_STEPS).map(row => toFacts(row, placer)));
    const datasets = rows.datasets();
    if (datasets.length > MAX_DATASETS)
      this.remarks.push(`Only the newest ${MAX_DATASETS} data sets of runs were looked at.`);
    const known = new Map<string, DataVersion[]>();
    for (const version of this.steps.versions)
      known.set(version.path, [...(known.get(version.path) ?? []), version]);
    for (const dataset of datasets.slice(0, MAX_DATASETS)) this.#add(dataset, known);
  }

  /** All versions of data, those of steps first. */
  get versions(): DataVersion[] {
    return [...this.steps.versions, ...this.#dataOnly.values()];
  }

  /** Adds the steps that ran or imported a file, so that it is data like other. */
  addCode(place: string): void {
    for (const { execution, step, path: relative, digest } of this.#rows.readersOfCode(
      path.posix.basename(place),
    )) {
      const facts = this.steps.step(`step:${execution}/${step}`);
      if (facts && placeIn(facts.file, relative, this.#workspace) === place)
        this.steps.addRead(facts, place, digest);
    }
  }

  /** The data that a run logged as its inputs, without what its step is known to read. */
  readBy(runId: string): string[] {
    const step = this.steps.ofRun(runId);
    return this.#rows.datasetsOf(runId).flatMap(dataset => {
      const id = this.#nodes.get(dataset);
      const place = id === undefined ? undefined : this.#versionOf(id)?.path;
      if (id === undefined || place === undefined) return [];
      return step?.reads.has(place) ? [] : [id];
    });
  }

  /** Runs that logged data as their input. */
  runsReading(id: string): string[] {
    return (this.#byNode.get(id) ?? []).flatMap(({ id: dataset }) =>
      this.#rows.readersOfDataset(dataset).filter(run => {
        const place = this.#versionOf(id)?.path;
        return place === undefined || !this.steps.ofRun(run)?.reads.has(place);
      }),
    );
  }

  describe(id: string): DataNode {
    const version = this.#versionOf(id);
    const { path: place = id, digest = null, size = null, dvc = false } = version ?? {};
    const logged = this.#byNode.get(id) ?? this.#loggedBeside(id, place);
    return {
      id,
      kind: 'data',
      label: place,
      path: place,
      digest,
      dvc: dvc ? digest : null,
      size,
      rows: first(logged, ({ profile }) => rowsIn(profile)),
      schema: first(logged, ({ schema }) => fieldsIn(schema)),
      file: isAddress(place) ? null : path.resolve(this.#workspace, place),
    };
  }

  #versionOf(id: string): DataVersion | undefined {
    return this.steps.data(id) ?? this.#dataOnly.get(id);
  }

  #add(dataset: DatasetRow, known: ReadonlyMap<string, readonly DataVersion[]>): void {
    const place = placeOfSource(dataset.name, dataset.source, this.#workspace);
    const same = known
      .get(place)
      ?.find(({ digest }) => digest?.startsWith(dataset.digest) && dataset.digest.length >= SHORT_DIGEST);
    const digest = same ? same.digest : dataset.digest;
    const id = dataId(place, digest);
    this.#datasets.set(dataset.id, dataset);
    this.#nodes.set(dataset.id, id);
    this.#byNode.set(id, [...(this.#byNode.get(id) ?? []), dataset]);
    if (!this.steps.data(id)) this.#dataOnly.set(id, { path: place, digest, size: null, dvc: false });
  }

  /** What the runs of steps that read the data logged of the same file. */
  #loggedBeside(id: string, place: string): DatasetRow[] {
    const runs = this.steps.readersOf(id).flatMap(({ runId }) => (runId === null ? [] : [runId]));
    return runs.slice(0, 3).flatMap(run =>
      this.#rows.datasetsOf(run).flatMap(dataset => {
        const node = this.#nodes.get(dataset);
        const row = this.#datasets.get(dataset);
        return row && node !== undefined && this.#versionOf(node)?.path === place ? [row] : [];
      }),
    );
  }
}

/** Names the places of paths that steps have; the same ones come again and again. */
class Placer {
  readonly #workspace: string;
  readonly #known = new Map<string, string>();

  constructor(workspace: string) {
    this.#workspace = workspace;
  }

  /** @param relative to the folder of a pipeline's file */
  place(file: string, relative: string): string {
    const key = `${file}\n${relative}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const place = placeIn(file, relative, this.#workspace);
    this.#known.set(key, place);
    return place;
  }
}

function toFacts(row: StepRow, placer: Placer): StepFacts {
  const { reads, makes, reused, dvc, ...rest } = row;
  const placed = <Value>(record: Record<string, Value>): [string, Value][] =>
    Object.entries(record).map(([relative, value]) => [placer.place(row.file, relative), value]);
  const digests = JSON.parse(reads) as Record<string, string | null>;
  const contents = (JSON.parse(makes) ?? {}) as Record<string, Partial<Made>>;
  return {
    ...rest,
    reused: reused === 1,
    dvc: dvc === 1,
    reads: new Map(placed(digests).map(([place, digest]) => [place, digestIn(digest)])),
    makes: new Map(
      placed(contents).map(([place, { digest = null, size = null }]) => [place, { digest, size }]),
    ),
  };
}

/** Digests have no blanks: the reason why something could not be read has. */
function digestIn(text: string | null): string | null {
  return text === null || /\s/.test(text) ? null : text;
}

function placeIn(file: string, relative: string, workspace: string): string {
  return placeOf(path.resolve(path.dirname(file), relative), workspace);
}

function isAddress(place: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(place);
}

function first<Value>(
  rows: readonly DatasetRow[],
  read: (row: DatasetRow) => Value | undefined,
): Value | null {
  for (const row of rows) {
    const found = read(row);
    if (found !== undefined) return found;
  }
  return null;
}

function parsed(text: string | null): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text ?? 'null');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** As MLflow's clients write a profile. */
function rowsIn(profile: string | null): number | undefined {
  const { num_rows: rows } = parsed(profile);
  return typeof rows === 'number' ? rows : undefined;
}

/** As MLflow's clients write a schema of columns. */
function fieldsIn(schema: string | null): DataField[] | undefined {
  const { mlflow_colspec: columns } = parsed(schema);
  if (!Array.isArray(columns)) return undefined;
  return columns.flatMap((column: { name?: unknown; type?: unknown }) =>
    typeof column?.name === 'string' ? [{ name: column.name, type: String(column.type ?? '') }] : [],
  );
}
