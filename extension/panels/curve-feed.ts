import { getSeries, type Run, type Series, type StepRange } from '../../daemon/contract/runs.ts';
import type { StoreConnection } from '../daemon/store-connection.ts';

/** Metrics asked for in one request: their names travel in its address. */
const KEYS_PER_REQUEST = 25;
/** Runs that are asked for at once. */
const REQUESTS_AT_ONCE = 4;

/** What a page of curves is told. */
type SendCurves = (runId: string, series: readonly Series[]) => void;

/** Tells a page the curves that it watches, and those again that have grown. */
export class CurveFeed {
  readonly #connection: StoreConnection;
  readonly #send: SendCurves;
  #keys: readonly string[] = [];
  #range: StepRange | undefined;
  /** Points that the page has of each metric, by run and key. */
  readonly #sent = new Map<string, number>();

  constructor(connection: StoreConnection, send: SendCurves) {
    this.#connection = connection;
    this.#send = send;
  }

  /** The metrics whose curves are wanted from now on. @param range what is wanted of them, when it is not all */
  watch(keys: readonly string[], range?: StepRange): void {
    this.#keys = keys;
    if (range?.fromStep !== this.#range?.fromStep || range?.toStep !== this.#range?.toStep) this.forget();
    this.#range = range;
  }

  /** The page has no curves any more. */
  forget(): void {
    this.#sent.clear();
  }

  /** Sends what the page does not have. @param buckets points of a curve, at most */
  async update(runs: readonly Pick<Run, 'id' | 'metrics'>[], buckets: number): Promise<void> {
    for (let first = 0; first < runs.length; first += REQUESTS_AT_ONCE)
      await Promise.all(
        runs.slice(first, first + REQUESTS_AT_ONCE).map(run => this.#updateRun(run, buckets)),
      );
  }

  async #updateRun({ id, metrics }: Pick<Run, 'id' | 'metrics'>, buckets: number): Promise<void> {
    const grown = this.#keys.filter(
      key => metrics[key] && metrics[key].count !== this.#sent.get(`${id}/${key}`),
    );
    for (let first = 0; first < grown.length; first += KEYS_PER_REQUEST) {
      const key = grown.slice(first, first + KEYS_PER_REQUEST);
      const { series } = await this.#connection.call(getSeries, {
        params: { runId: id },
        query: { key, buckets, ...this.#range },
      });
      // In a range, `total` counts what is in it.
      for (const one of series) this.#sent.set(`${id}/${one.key}`, metrics[one.key]?.count ?? one.total);
      this.#send(id, series);
    }
  }
}
