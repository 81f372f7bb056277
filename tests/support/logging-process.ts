/**
 * Logs to a database until it is killed, eight writers at a time, and tells its parent of every acknowledged write:
 * `node logging-process.ts <database file> <first step>`.
 */
import { openDatabase } from '../../daemon/database/database.ts';
import { EventBus } from '../../daemon/events/bus.ts';
import { TrackingService } from '../../daemon/tracking/service.ts';

/** One acknowledged batch: metrics 0 … 9 of the step, a param, and a tag with the step. */
export interface Acknowledged {
  readonly runId: string;
  readonly step: number;
}

/** Metrics in a batch. */
export const METRICS = 10;

const WRITERS = 8;

if (import.meta.main) {
  const [file = '', firstStep = '0'] = process.argv.slice(2);
  const database = await openDatabase(file, () => process.kill(process.pid, 'SIGKILL'));
  const tracking = new TrackingService(database, new EventBus());
  await Promise.all(Array.from({ length: WRITERS }, () => writeOn(tracking, Number(firstStep))));
}

async function writeOn(tracking: TrackingService, firstStep: number): Promise<never> {
  const { id: runId } = await tracking.createRun({ tags: [] });
  for (let step = firstStep; ; step += 1) {
    await tracking.logBatch(runId, {
      metrics: Array.from({ length: METRICS }, (_, index) => ({
        key: `metric ${index}`,
        value: step,
        timestamp: step,
        step,
      })),
      params: [{ key: `param ${step}`, value: String(step) }],
      tags: [{ key: 'step', value: String(step) }],
    });
    process.send?.({ runId, step } satisfies Acknowledged);
  }
}
