import { type ExecutionStatus, executionName } from '../contract/pipelines.ts';
import { Claim } from './claims.ts';
import { hasEnded } from './model.ts';
import type { ExecutionRunner } from './runner.ts';

/** The executions that have not ended, in the order in which they were asked for; some wait until others have. */
export class LiveExecutions {
  readonly #runners = new Map<string, ExecutionRunner>();
  readonly #claims = new WeakMap<ExecutionRunner, Claim>();

  add(runner: ExecutionRunner): void {
    const { id } = runner.state.execution;
    this.#runners.set(id, runner);
    void runner.ended.then(() => this.#runners.delete(id));
  }

  get(id: string): ExecutionRunner | undefined {
    return this.#runners.get(id);
  }

  get all(): ExecutionRunner[] {
    return [...this.#runners.values()];
  }

  /** How many have begun. */
  get begun(): number {
    return this.all.filter(runner => statusOf(runner) !== 'queued').length;
  }

  /** Those of the same pipeline that run or wait for their turn. One that waits for a person is in nobody's way. */
  rivals(claim: Claim): ExecutionRunner[] {
    return this.all.filter(
      runner =>
        this.claimOf(runner).isOfSamePipeline(claim) &&
        statusOf(runner) !== 'waiting' &&
        !hasEnded(statusOf(runner)),
    );
  }

  /**
   * What an execution has to wait for: one that runs, or that has waited for longer.
   *
   * @param own the execution, if there is one already; otherwise it comes last
   * @returns it in a person's words; undefined when there is nothing
   */
  obstacle(claim: Claim, own?: ExecutionRunner): string | undefined {
    let isEarlier = true;
    for (const runner of this.#runners.values()) {
      if (runner === own) {
        isEarlier = false;
        continue;
      }
      const status = statusOf(runner);
      if (status === 'waiting' || hasEnded(status) || (status === 'queued' && !isEarlier)) continue;
      const message = claim.waitsFor(this.claimOf(runner), executionName(runner.state.execution));
      if (message !== undefined) return message;
    }
    return undefined;
  }

  /** Begins those in the queue that nothing keeps from running any more, first come, first served. */
  beginQueued(): void {
    for (const runner of this.#runners.values()) {
      if (statusOf(runner) !== 'queued') continue;
      const message = this.obstacle(this.claimOf(runner), runner);
      if (message === undefined) runner.begin();
      else runner.stayQueued(message);
    }
  }

  claimOf(runner: ExecutionRunner): Claim {
    const { definition, only } = runner.state.execution;
    const claim = this.#claims.get(runner) ?? new Claim(definition, only);
    this.#claims.set(runner, claim);
    return claim;
  }
}

function statusOf(runner: ExecutionRunner): ExecutionStatus {
  return runner.state.execution.status;
}
