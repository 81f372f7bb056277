/** Logs runs as an MLflow client does, over HTTP and with the tracking token that the store keeps for terminals. */
import { globSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

const WAIT_MS = 20_000;
const POLL_MS = 100;

/** An MLflow client in a few lines. */
export class Tracker {
  readonly url: string;
  readonly token: string;
  /** The owner's token, for what an MLflow client cannot do. */
  readonly owner: string;
  /** Of the daemon. */
  readonly pid: number;

  constructor(url: string, { tracking, owner }: { tracking: string; owner: string }, pid: number) {
    this.url = url;
    this.token = tracking;
    this.owner = owner;
    this.pid = pid;
  }

  /** Calls an MLflow route. @param method GET or POST @throws Error when it is not answered with a success */
  async call(
    method: string,
    route: string,
    input: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const query = method === 'GET' ? `?${new URLSearchParams(input as Record<string, string>)}` : '';
    const response = await fetch(`${this.url}/api/2.0/mlflow/${route}${query}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify(input) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${route}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }

  /** Starts a run. @returns its id */
  async startRun(experiment: string, name: string, params: Record<string, string> = {}): Promise<string> {
    const found = await this.call('GET', 'experiments/get-by-name', { experiment_name: experiment }).catch(
      () => undefined,
    );
    const made = found?.experiment ?? (await this.call('POST', 'experiments/create', { name: experiment }));
    const { experiment_id } = made as { experiment_id: string };
    const { run } = await this.call('POST', 'runs/create', {
      experiment_id,
      run_name: name,
      start_time: Date.now(),
    });
    const { run_id } = (run as { info: { run_id: string } }).info;
    await this.logBatch(run_id, {
      params: Object.entries(params).map(([key, value]) => ({ key, value })),
    });
    return run_id;
  }

  /** Logs one value at each of the steps `from` … `from + values.length - 1`. */
  async logMetric(runId: string, key: string, values: readonly number[], from = 0): Promise<void> {
    const metrics = values.map((value, index) => ({ key, value, step: from + index, timestamp: Date.now() }));
    await this.logBatch(runId, { metrics });
  }

  async setTag(runId: string, key: string, value: string): Promise<void> {
    await this.call('POST', 'runs/set-tag', { run_id: runId, key, value });
  }

  /** Logs a file. @param file its path among the run's artifacts */
  async logArtifact(runId: string, file: string, content: string | Uint8Array<ArrayBuffer>): Promise<void> {
    const { run } = await this.call('GET', 'runs/get', { run_id: runId });
    const { artifact_uri } = (run as { info: { artifact_uri: string } }).info;
    const place = artifact_uri.replace(/^mlflow-artifacts:/, '');
    const response = await fetch(`${this.url}/api/2.0/mlflow-artifacts/artifacts${place}/${file}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.token}` },
      body: content,
    });
    if (!response.ok) throw new Error(`${file}: ${response.status} ${await response.text()}`);
  }

  async endRun(runId: string): Promise<void> {
    await this.call('POST', 'runs/update', { run_id: runId, status: 'FINISHED', end_time: Date.now() });
  }

  private async logBatch(runId: string, batch: Record<string, unknown>): Promise<void> {
    await this.call('POST', 'runs/log-batch', { run_id: runId, ...batch });
  }
}

/**
 * A client of the one daemon whose state is in this folder, once it listens.
 *
 * @param notPid process id of a daemon that is gone
 * @throws Error when none listens in time
 */
export async function trackerOf(stateDir: string, notPid?: number): Promise<Tracker> {
  const deadline = Date.now() + WAIT_MS;
  while (Date.now() < deadline) {
    const [file] = globSync(`${stateDir}/stores/*/connection.json`);
    if (file) {
      const { url, pid } = JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number };
      const secrets = readFileSync(file.replace('connection.json', 'secrets.json'), 'utf8');
      if (pid !== notPid)
        return new Tracker(url, JSON.parse(secrets) as { tracking: string; owner: string }, pid);
    }
    await pause(POLL_MS);
  }
  throw new Error(`No daemon has its state in ${stateDir}.`);
}
