/** What the database has of where things come from: each method is a statement. */
import type { Database as Connection } from 'better-sqlite3';
import type { Stage } from '../../contract/models.ts';
import type { CodeVersion, Host, StepStatus } from '../../contract/pipelines.ts';
import { EXECUTION_TAG, type RunStatus } from '../../contract/runs.ts';
import { statement } from '../../database/statements.ts';
import { TAGS } from '../../evaluation/model.ts';
import type { StepInputs } from '../../pipelines/inputs/model.ts';
import { TAG } from '../../tracking/model.ts';

/** Of the newest steps, so many are looked at: a bound of time and memory, which the answer tells of. */
export const MAX_STEPS = 20_000;
/** The same of data sets that runs logged. */
export const MAX_DATASETS = 20_000;
/** Neighbours of one kind that are read of a node. */
const MAX_NEIGHBOURS = 2_001;

/** A step's data as its record has it: JSON of path → digest, and of path → digest and size. */
export interface StepRow {
  readonly execution: string;
  readonly step: string;
  readonly file: string;
  readonly startTime: number | null;
  readonly runId: string | null;
  readonly reused: number;
  readonly dvc: number;
  readonly reads: string;
  readonly makes: string;
}

export interface DatasetRow {
  readonly id: number;
  readonly name: string;
  readonly digest: string;
  readonly source: string;
  readonly schema: string | null;
  readonly profile: string | null;
}

/** A step with what it depended on besides data. */
export interface StepDetail {
  readonly pipeline: string;
  readonly number: number;
  readonly executionRunId: string;
  readonly file: string;
  readonly status: StepStatus;
  readonly startTime: number | null;
  readonly endTime: number | null;
  readonly code: CodeVersion | null;
  readonly inputs: StepInputs | null;
}

export interface RunDetail {
  readonly name: string;
  readonly status: RunStatus;
  readonly startTime: number;
  readonly endTime: number | null;
  readonly user: string;
  readonly parent: string | null;
  /** The execution whose run it is. */
  readonly execution: string | null;
  readonly commit: string | null;
  readonly source: string | null;
  /** The version that it evaluates, and the champion beside it. */
  readonly model: string | null;
  readonly version: string | null;
  readonly champion: string | null;
}

/** What an execution ran on, and what its steps worked with. */
export interface ExecutionOrigin {
  readonly runId: string;
  readonly file: string;
  readonly code: CodeVersion | null;
  readonly host: Host | null;
  readonly steps: readonly StepOrigin[];
}

/** What a step read and ran, by digests, and the paths that it made. */
export interface StepOrigin {
  readonly runId: string | null;
  readonly deps: Record<string, string | null>;
  readonly code: Record<string, string | null>;
  readonly makes: readonly string[];
}

export interface VersionDetail {
  readonly name: string;
  readonly version: number;
  readonly stage: Stage;
  readonly createdAt: number;
  readonly runId: string | null;
}

const TAGGED = (key: string) =>
  `(SELECT value FROM run_tag WHERE run_tag.run = run.id AND run_tag.key = '${key}')`;

const VERSION = `m.name, v.version, v.stage, v.created_at AS createdAt, v.run_id AS runId
  FROM model_version v JOIN registered_model m ON m.id = v.model`;

/** Reads single facts. */
export class LineageRows {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Steps whose data is known, newest first, one more than are looked at. Runs of reproductions led to nothing new. */
  steps(): StepRow[] {
    return statement<StepRow>(
      this.#connection,
      `SELECT step.execution, step.name AS step, execution.file,
         step.record ->> '$.startTime' AS startTime, step.record ->> '$.runId' AS runId,
         step.record ->> '$.reused' IS NOT NULL AS reused,
         json_type(execution.record, '$.definition.dvc') IS NOT NULL AS dvc,
         step.record -> '$.inputs.deps' AS reads, coalesce(step.record -> '$.outputs', '{}') AS makes
       FROM execution JOIN step ON step.execution = execution.id
       WHERE json_type(step.record, '$.inputs') = 'object' AND execution.record ->> '$.reproduces' IS NULL
       ORDER BY execution.start_time DESC, execution.rowid DESC, step.position DESC LIMIT ?`,
    ).all(MAX_STEPS + 1);
  }

  /** Steps that ran or imported a file of code: the digest by the path relative to the pipeline's folder. */
  readersOfCode(
    fileName: string,
  ): { execution: string; step: string; path: string; digest: string | null }[] {
    return statement<{ execution: string; step: string; path: string; digest: string | null }>(
      this.#connection,
      `SELECT step.execution, step.name AS step, code.key AS path, code.value AS digest
       FROM step JOIN json_each(step.record, '$.inputs.code') AS code
       WHERE code.key = @name OR code.key LIKE '%/' || replace(replace(@name, '_', '\\_'), '%', '\\%') ESCAPE '\\'
       LIMIT ${MAX_STEPS}`,
    ).all({ name: fileName });
  }

  step(execution: string, step: string): StepDetail | undefined {
    const row = statement<
      Omit<StepDetail, 'code' | 'inputs'> & { code: string | null; inputs: string | null }
    >(
      this.#connection,
      `SELECT execution.record ->> '$.pipeline' AS pipeline, execution.record ->> '$.number' AS number,
         execution.record ->> '$.runId' AS executionRunId,
         execution.file, execution.record -> '$.code' AS code, step.record ->> '$.status' AS status,
         step.record ->> '$.startTime' AS startTime, step.record ->> '$.endTime' AS endTime,
         step.record -> '$.inputs' AS inputs
       FROM step JOIN execution ON execution.id = step.execution
       WHERE step.execution = ? AND step.name = ?`,
    ).get(execution, step);
    return (
      row && {
        ...row,
        code: JSON.parse(row.code ?? 'null') as CodeVersion | null,
        inputs: JSON.parse(row.inputs ?? 'null') as StepInputs | null,
      }
    );
  }

  run(runId: string): RunDetail | undefined {
    return statement<RunDetail>(
      this.#connection,
      `SELECT run.name, run.status, run.start_time AS startTime, run.end_time AS endTime, run.user,
         ${TAGGED(TAG.parentRunId)} AS parent, ${TAGGED(EXECUTION_TAG)} AS execution,
         ${TAGGED('mlflow.source.git.commit')} AS "commit", ${TAGGED('mlflow.source.name')} AS source,
         ${TAGGED(TAGS.model)} AS model, ${TAGGED(TAGS.version)} AS version, ${TAGGED(TAGS.champion)} AS champion
       FROM run WHERE uuid = ?`,
    ).get(runId);
  }

  /** What a client said of the repository that its code is in. */
  gitOf(runId: string): { branch: string | null; repository: string | null } {
    const found = statement<{ branch: string | null; repository: string | null }>(
      this.#connection,
      `SELECT ${TAGGED('mlflow.source.git.branch')} AS branch, ${TAGGED('mlflow.source.git.repoURL')} AS repository
       FROM run WHERE uuid = ?`,
    ).get(runId);
    return found ?? { branch: null, repository: null };
  }

  execution(id: string): ExecutionOrigin | undefined {
    const row = statement<{ runId: string; file: string; code: string | null; host: string | null }>(
      this.#connection,
      `SELECT record ->> '$.runId' AS runId, file, record -> '$.code' AS code, record -> '$.host' AS host
       FROM execution WHERE id = ?`,
    ).get(id);
    if (!row) return undefined;
    const steps = statement<{ runId: string | null; inputs: string | null; makes: string }>(
      this.#connection,
      `SELECT record ->> '$.runId' AS runId, record -> '$.inputs' AS inputs,
         coalesce(record -> '$.outputs', '{}') AS makes
       FROM step WHERE execution = ? ORDER BY position`,
    ).all(id);
    return {
      ...{ runId: row.runId, file: row.file },
      code: JSON.parse(row.code ?? 'null') as CodeVersion | null,
      host: JSON.parse(row.host ?? 'null') as Host | null,
      steps: steps.map(({ runId, inputs, makes }) => {
        const { deps, code } = (JSON.parse(inputs ?? 'null') ?? { deps: {}, code: {} }) as StepInputs;
        return { runId, deps: { ...deps }, code: { ...code }, makes: Object.keys(JSON.parse(makes) ?? {}) };
      }),
    };
  }

  paramsOf(runId: string, limit: number): { key: string; value: string }[] {
    return statement<{ key: string; value: string }>(
      this.#connection,
      `SELECT key, value FROM param WHERE run = (SELECT id FROM run WHERE uuid = ?) ORDER BY key LIMIT ?`,
    ).all(runId, limit);
  }

  childrenOf(runId: string): string[] {
    return this.#ids(
      `SELECT run.uuid FROM run_tag JOIN run ON run.id = run_tag.run
       WHERE run_tag.key = '${TAG.parentRunId}' AND run_tag.value = ? LIMIT ${MAX_NEIGHBOURS}`,
      runId,
    );
  }

  /** Runs that logged a model which this one used. */
  makersOfModelsUsedBy(runId: string): string[] {
    return this.#ids(
      `SELECT DISTINCT logged_model.source_run_id FROM run
       JOIN run_model ON run_model.run = run.id AND run_model.direction = 'input'
       JOIN logged_model ON logged_model.model_id = run_model.model_id
       WHERE run.uuid = ? AND logged_model.source_run_id IS NOT NULL AND logged_model.source_run_id <> run.uuid`,
      runId,
    );
  }

  /** Runs that used a model which this one logged. */
  usersOfModelsOf(runId: string): string[] {
    return this.#ids(
      `SELECT DISTINCT run.uuid FROM logged_model
       JOIN run_model ON run_model.model_id = logged_model.model_id AND run_model.direction = 'input'
       JOIN run ON run.id = run_model.run
       WHERE logged_model.source_run_id = ? AND run.uuid <> logged_model.source_run_id LIMIT ${MAX_NEIGHBOURS}`,
      runId,
    );
  }

  /** Data sets that runs logged as their inputs, newest first, one more than are looked at. */
  datasets(): DatasetRow[] {
    return statement<DatasetRow>(
      this.#connection,
      'SELECT id, name, digest, source, schema, profile FROM dataset ORDER BY id DESC LIMIT ?',
    ).all(MAX_DATASETS + 1);
  }

  datasetsOf(runId: string): number[] {
    return statement<number>(
      this.#connection,
      'SELECT run_dataset.dataset FROM run JOIN run_dataset ON run_dataset.run = run.id WHERE run.uuid = ?',
    )
      .pluck()
      .all(runId) as number[];
  }

  readersOfDataset(dataset: number): string[] {
    return this.#ids(
      `SELECT run.uuid FROM run_dataset JOIN run ON run.id = run_dataset.run
       WHERE run_dataset.dataset = ? LIMIT ${MAX_NEIGHBOURS}`,
      dataset,
    );
  }

  version(model: string, version: number): VersionDetail | undefined {
    return statement<VersionDetail>(
      this.#connection,
      `SELECT ${VERSION} WHERE m.name = ? AND v.version = ? AND v.deleted_at IS NULL`,
    ).get(model, version);
  }

  /** The version that answers for a stage: the newest in it. */
  versionInStage(model: string, stage: Stage): VersionDetail | undefined {
    return statement<VersionDetail>(
      this.#connection,
      `SELECT ${VERSION} WHERE m.name = ? AND v.stage = ? AND v.deleted_at IS NULL ORDER BY v.version DESC LIMIT 1`,
    ).get(model, stage);
  }

  versionOfAlias(model: string, alias: string): VersionDetail | undefined {
    return statement<VersionDetail>(
      this.#connection,
      `SELECT ${VERSION} JOIN model_alias a ON a.model = v.model AND a.version = v.version
       WHERE m.name = ? AND a.alias = ? AND v.deleted_at IS NULL`,
    ).get(model, alias);
  }

  versionsOf(runId: string): VersionDetail[] {
    return statement<VersionDetail>(
      this.#connection,
      `SELECT ${VERSION} WHERE v.run_id = ? AND v.deleted_at IS NULL ORDER BY v.created_at DESC`,
    ).all(runId);
  }

  aliasesOf(model: string, version: number): string[] {
    return this.#ids(
      `SELECT a.alias FROM model_alias a JOIN registered_model m ON m.id = a.model
       WHERE m.name = ? AND a.version = ? ORDER BY a.alias`,
      model,
      version,
    );
  }

  /** Runs that judged a version: of evaluations, and of steps with gates. */
  judgesOf(model: string, version: number): string[] {
    return this.#ids(
      `SELECT DISTINCT e.run_id FROM version_evaluation e JOIN registered_model m ON m.id = e.model
       WHERE m.name = ? AND e.version = ? AND e.run_id IS NOT NULL LIMIT ${MAX_NEIGHBOURS}`,
      model,
      version,
    );
  }

  /** Versions that a run judged. */
  judgedBy(runId: string): { name: string; version: number }[] {
    return statement<{ name: string; version: number }>(
      this.#connection,
      `SELECT DISTINCT m.name, e.version FROM version_evaluation e JOIN registered_model m ON m.id = e.model
       WHERE e.run_id = ?`,
    ).all(runId);
  }

  /** Runs that logged a data set, or are behind a version. */
  runsOfInterest(limit: number): string[] {
    return this.#ids(
      `SELECT run.uuid FROM run WHERE run.id IN (SELECT run FROM run_dataset)
         OR run.uuid IN (SELECT run_id FROM model_version WHERE run_id IS NOT NULL AND deleted_at IS NULL)
       ORDER BY run.start_time DESC LIMIT ?`,
      limit,
    );
  }

  modelExists(model: string): boolean {
    return (
      statement(this.#connection, 'SELECT 1 FROM registered_model WHERE name = ?').get(model) !== undefined
    );
  }

  #ids(sql: string, ...values: (string | number)[]): string[] {
    return statement<string>(this.#connection, sql)
      .pluck()
      .all(...values) as string[];
  }
}
