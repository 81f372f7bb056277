import type { Database } from '../../database/database.ts';
import type { PipelineDefinition, Step } from '../definition/model.ts';
import { keyOf } from '../inputs/model.ts';
import { relativeTo, type StepState } from '../inputs/read.ts';
import type { Known, StepResult } from './model.ts';

/** How steps ended, as the database keeps it. */
export class StepResults {
  readonly #database: Database;
  readonly #workspace: string;

  /** @param workspace real path of the folder that pipelines are named from */
  constructor(database: Database, workspace: string) {
    this.#database = database;
    this.#workspace = workspace;
  }

  /** What is known that could be used again for steps in these states. */
  async known(
    definition: PipelineDefinition,
    steps: readonly Step[],
    states: readonly StepState[],
  ): Promise<Known> {
    const keys = states.map(({ inputs }) => keyOf(inputs));
    const names = steps.map(({ name }) => name);
    const file = this.#name(definition);
    const [found, newest] = await Promise.all([
      this.#database.read('pipelines.findResults', { keys }),
      this.#database.read('pipelines.newestResults', { file, steps: names }),
    ]);
    return {
      byKey: new Map(found.map(result => [result.key, result])),
      newest: new Map(newest.map(result => [result.step, result])),
    };
  }

  async save(
    definition: PipelineDefinition,
    step: Step,
    result: Omit<StepResult, 'key' | 'file' | 'step'>,
  ): Promise<void> {
    const kept = { key: keyOf(result.inputs), file: this.#name(definition), step: step.name, ...result };
    await this.#database.write('pipelines.saveResult', kept);
  }

  #name({ file }: PipelineDefinition): string {
    return relativeTo(this.#workspace, file);
  }
}
