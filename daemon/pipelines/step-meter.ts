/** What steps take of the machine, looked at every few seconds while they run. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepUsage } from '../contract/pipelines.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import type { MetricPoint } from '../tracking/model.ts';
import type { Executor, JobHandle, JobUsage } from './executors/executor.ts';
import type { StepRuns } from './step-runs.ts';

const DEFAULT_INTERVAL_S = 5;
/** Short steps are looked at sooner, then less and less often. */
const FIRST_LOOK_MS = 250;
const BYTES_OF_MB = 1_000_000;
const MB_OF_MIB = 1.048_576;

/** MLflow's own variables, in the `env` of a step: whoever sets the first lets MLflow do it, or nobody. */
const SWITCH = 'MLFLOW_ENABLE_SYSTEM_METRICS_LOGGING';
const INTERVAL = 'MLFLOW_SYSTEM_METRICS_SAMPLING_INTERVAL';

/** What is measured. */
export interface Measured {
  readonly scope: ExecutionScope;
  readonly handle: JobHandle;
  /** When it was started. */
  readonly startTime: number;
  /** The step's own variables. */
  readonly env: Readonly<Record<string, string>>;
  /** What an earlier daemon found. */
  readonly known: StepUsage | null;
  /** Told what it has come to, every now and then. */
  tell(usage: StepUsage): void;
}

/** A measurement that goes on. */
export interface Measurement {
  /** Ends it. @param cpuSeconds CPU time of all, where that was recorded @returns what it came to */
  end(cpuSeconds: number | null): StepUsage | null;
}

/**
 * Measures steps. What it finds is logged under MLflow's names to the run of the step, if its code has one: none is made
 * for it. A run to which MLflow logs the same is left alone.
 */
export class StepMeter {
  readonly #executor: Executor;
  readonly #runs: StepRuns;
  readonly #defect: (error: unknown) => void;

  constructor(parts: { executor: Executor; runs: StepRuns; defect: (error: unknown) => void }) {
    this.#executor = parts.executor;
    this.#runs = parts.runs;
    this.#defect = parts.defect;
  }

  start(measured: Measured): Measurement {
    const stop = new AbortController();
    let usage = measured.known;
    const found = (next: StepUsage) => {
      usage = next;
    };
    this.#measure(measured, found, stop.signal).catch(error => {
      if (!stop.signal.aborted) this.#defect(error);
    });
    return {
      end: cpuSeconds => {
        stop.abort();
        if (cpuSeconds === null) return usage;
        return { peakMemory: null, ...usage, cpuSeconds };
      },
    };
  }

  async #measure(measured: Measured, found: (usage: StepUsage) => void, stop: AbortSignal): Promise<void> {
    const { env, handle, scope, startTime } = measured;
    const interval = intervalOf(env);
    let usage = measured.known;
    for (let wait = Math.min(FIRST_LOOK_MS, interval); ; wait = Math.min(2 * wait, interval)) {
      if (!(await rest(wait, stop))) return;
      const job = await this.#executor.usage(handle);
      if (!job || stop.aborted) return;
      usage = mostOf(usage, job);
      found(usage);
      if (wait < interval) continue;
      measured.tell(usage);
      if (SWITCH in env) continue;
      // Counted by time, so that the next daemon counts on.
      const step = Math.max(0, Math.floor((Date.now() - startTime) / interval));
      await this.#runs.logSystem(scope.runId, pointsOf(job, step));
    }
  }
}

/** @returns false when it was stopped */
function rest(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  return sleep(milliseconds, true, { signal, ref: false }).catch(() => false);
}

function intervalOf(env: Readonly<Record<string, string>>): number {
  const seconds = Number(env[INTERVAL]);
  return (seconds > 0 && Number.isFinite(seconds) ? seconds : DEFAULT_INTERVAL_S) * 1000;
}

function mostOf(before: StepUsage | null, { cpuSeconds, memory }: JobUsage): StepUsage {
  return {
    cpuSeconds: Math.max(before?.cpuSeconds ?? 0, cpuSeconds),
    peakMemory: Math.max(before?.peakMemory ?? 0, memory),
  };
}

/** As MLflow names and counts them. */
function pointsOf({ cpu, memory, memoryTotal, gpus }: JobUsage, step: number): MetricPoint[] {
  const timestamp = Date.now();
  const values: Record<string, number> = {
    ...(cpu === null ? {} : { 'system/cpu_utilization_percentage': cpu }),
    'system/system_memory_usage_megabytes': memory / BYTES_OF_MB,
    'system/system_memory_usage_percentage': (memory / memoryTotal) * 100,
  };
  for (const { index, utilization, memoryUsed, memoryTotal: total } of gpus) {
    values[`system/gpu_${index}_utilization_percentage`] = utilization;
    values[`system/gpu_${index}_memory_usage_megabytes`] = memoryUsed * MB_OF_MIB;
    values[`system/gpu_${index}_memory_usage_percentage`] = total === 0 ? 0 : (memoryUsed / total) * 100;
  }
  return Object.entries(values).map(([key, value]) => ({ key, value, timestamp, step }));
}
