import { statSync } from 'node:fs';
import { withoutMissing } from '../contract/errors.ts';
import type { ExecutionScope } from '../contract/principal.ts';
import { CHECKS_TAG, type DataChecks } from '../contract/runs.ts';
import type { TrackingService } from '../tracking/service.ts';
import type { Step } from './definition/model.ts';
import { type Check, describeCheck, ReportError, readChecks } from './reports.ts';

/** The data checks of steps. What they came to is on record with the execution, whether the step failed or not. */
export class StepChecks {
  readonly #tracking: TrackingService;

  constructor(tracking: TrackingService) {
    this.#tracking = tracking;
  }

  /** @returns what to tell of them. @throws ReportError when one failed, or the file cannot be read */
  async judge(step: Pick<Step, 'name'>, scope: ExecutionScope, file: string): Promise<string> {
    const checks = readChecks(file);
    await this.#record(step, scope, checks);
    const failed = whichFailed(checks);
    if (failed !== '') throw new ReportError(failed);
    return `${checks.length} checks passed`;
  }

  /**
   * What failed of the checks of a step whose commands ended badly, as many a program does when a check fails.
   *
   * @param since when the commands were started: an older report is that of an earlier execution
   * @returns empty when none did, or none were made
   */
  async behindFailure(
    step: Pick<Step, 'name' | 'checks'>,
    scope: ExecutionScope,
    since: number,
  ): Promise<string> {
    if (step.checks === null || !isNewer(step.checks, since)) return '';
    try {
      const checks = readChecks(step.checks);
      await this.#record(step, scope, checks);
      return whichFailed(checks);
    } catch (error) {
      // What cannot be read is no reason for a failure that has another one.
      if (error instanceof ReportError) return '';
      throw error;
    }
  }

  async #record(
    { name }: Pick<Step, 'name'>,
    scope: ExecutionScope,
    checks: readonly Check[],
  ): Promise<void> {
    const failed = checks.filter(({ passed }) => !passed).length;
    const found: DataChecks = { passed: checks.length - failed, failed };
    // A tag's key has no `@`, which names of group members have.
    const tag = { key: `${CHECKS_TAG}${name.replaceAll('@', ':')}`, value: JSON.stringify(found) };
    const batch = { metrics: [], params: [], tags: [tag] };
    await withoutMissing(this.#tracking.logBatch(scope.parentRunId, batch));
  }
}

function whichFailed(checks: readonly Check[]): string {
  const failed = checks.filter(({ passed }) => !passed);
  if (failed.length === 0) return '';
  return `${failed.length} of ${checks.length} checks failed: ${failed.map(describeCheck).join('; ')}`;
}

function isNewer(file: string, than: number): boolean {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats !== undefined && stats.mtimeMs >= than;
}
