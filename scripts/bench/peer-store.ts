/**
 * Fills the peers' databases directly, as their servers would have: through HTTP they would take hours for the sizes that
 * matter. FastTrackML's tables are MLflow's with a few columns more.
 */
import { randomUUID } from 'node:crypto';
import SQLite from 'better-sqlite3';
import { searchableRun } from './scripts.ts';
import type { Server } from './servers.ts';

/** A point of a metric. */
interface Point {
  readonly key: string;
  readonly value: number;
  readonly step: number;
}

const INSERTS = {
  MLflow: {
    run: `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
      source_version, lifecycle_stage, artifact_uri, experiment_id)
      VALUES (@id, @name, 'UNKNOWN', '', '', 'bench', 'FINISHED', @time, '', 'active', @uri, @experiment)`,
    param: 'INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)',
    point: 'INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)',
    latest:
      'INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)',
  },
  FastTrackML: {
    run: `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
      source_version, lifecycle_stage, artifact_uri, experiment_id, row_num)
      VALUES (@id, @name, 'UNKNOWN', '', '', 'bench', 'FINISHED', @time, '', 'active', @uri, @experiment,
      (SELECT coalesce(max(row_num), -1) + 1 FROM runs))`,
    param: 'INSERT INTO params (key, value_str, run_uuid) VALUES (?, ?, ?)',
    point: `INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan, iter, context_id)
      VALUES (?, ?, ?, ?, ?, 0, ?, 1)`,
    latest: `INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan, last_iter, context_id)
      VALUES (?, ?, ?, ?, ?, 0, ?, 1)`,
  },
};

/** A peer's database, written to while its server has nothing to do. */
export class PeerStore {
  readonly #database: SQLite.Database;
  readonly #insert: Record<keyof (typeof INSERTS)['MLflow'], SQLite.Statement>;
  readonly #hasIterations: boolean;

  constructor({ name, databaseFile }: Server) {
    if (name === 'modelthat') throw new Error('the daemon’s own store is filled through its protocol');
    this.#database = new SQLite(databaseFile);
    // For this connection alone: what a crash would lose here can be made again.
    this.#database.pragma('synchronous = OFF');
    this.#hasIterations = name === 'FastTrackML';
    const prepare = (sql: string) => this.#database.prepare(sql);
    const { run, param, point, latest } = INSERTS[name];
    this.#insert = {
      run: prepare(run),
      param: prepare(param),
      point: prepare(point),
      latest: prepare(latest),
    };
  }

  /** Adds the searchable runs of these indices, as the script `fill-runs` does. */
  addSearchableRuns(experiment: string, from: number, to: number): void {
    this.#database.transaction(() => {
      for (let index = from; index < to; index += 1) {
        const { params, metrics } = searchableRun(index);
        const id = this.#addRun(experiment, index);
        for (const [key, value] of Object.entries(params)) this.#insert.param.run(key, value, id);
        for (const [key, value] of Object.entries(metrics)) {
          this.#addPoint(this.#insert.point, id, { key, value, step: 0 });
          this.#addPoint(this.#insert.latest, id, { key, value, step: 0 });
        }
      }
    })();
  }

  /** Adds points of the metric `loss` to a run, with steps from 0. */
  addPoints(run: string, count: number): void {
    this.#database.transaction(() => {
      for (let step = 0; step < count; step += 1)
        this.#addPoint(this.#insert.point, run, { key: 'loss', value: Math.random(), step });
      this.#addPoint(this.#insert.latest, run, { key: 'loss', value: 0.5, step: count - 1 });
    })();
  }

  /** Adds runs with a point of each of so many metrics, as the script `fill-wide-runs` does. */
  addWideRuns(experiment: string, runs: number, keys: number): void {
    this.#database.transaction(() => {
      for (let index = 0; index < runs; index += 1) {
        const id = this.#addRun(experiment, index);
        for (let key = 0; key < keys; key += 1) {
          const point = { key: `layer/${key}/gradient_norm`, value: Math.random(), step: 1 };
          this.#addPoint(this.#insert.point, id, point);
          this.#addPoint(this.#insert.latest, id, point);
        }
      }
    })();
  }

  close(): void {
    this.#database.close();
  }

  #addRun(experiment: string, index: number): string {
    const id = randomUUID().replaceAll('-', '');
    const uri = `mlflow-artifacts:/${experiment}/${id}/artifacts`;
    this.#insert.run.run({ id, name: `run ${index}`, time: 1_700_000_000_000 + index, uri, experiment });
    return id;
  }

  #addPoint(insert: SQLite.Statement, run: string, { key, value, step }: Point): void {
    const values = [key, value, 1_700_000_000_000 + step, run, step];
    insert.run(...(this.#hasIterations ? [...values, step] : values));
  }
}
