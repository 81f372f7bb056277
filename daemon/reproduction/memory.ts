import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Decision, Kept, Known, StepMemory } from '../pipelines/cache/model.ts';
import { makesOf, type PipelineDefinition, type Step } from '../pipelines/definition/model.ts';
import type { JobHandle } from '../pipelines/executors/executor.ts';
import type { Content } from '../pipelines/inputs/content.ts';
import type { WorkspaceFiles } from '../pipelines/inputs/files.ts';
import { readStates, relativeTo, type StepState } from '../pipelines/inputs/read.ts';

/** Runs every step, in place of what is there, and keeps nothing but what it came to. */
export class RepeatingMemory implements StepMemory {
  readonly #files: WorkspaceFiles;

  constructor(files: WorkspaceFiles) {
    this.#files = files;
  }

  states(
    definition: PipelineDefinition,
    steps: readonly Step[],
    environment: string | null,
  ): Promise<StepState[]> {
    return readStates(this.#files, definition, steps, environment);
  }

  async known(): Promise<Known> {
    return { byKey: new Map(), newest: new Map() };
  }

  async decide(): Promise<Decision> {
    return { action: 'run', reason: 'it is run again' };
  }

  async restore(): Promise<void> {
    throw new Error('nothing is restored where everything is run again');
  }

  /** What the code brought along of its outputs must not go for something that it has made. */
  async launch(
    _definition: PipelineDefinition,
    step: Step,
    start: () => Promise<JobHandle>,
  ): Promise<JobHandle> {
    for (const place of makesOf(step)) {
      rmSync(place, { recursive: true, force: true });
      mkdirSync(path.dirname(place), { recursive: true });
    }
    return start();
  }

  async keep(definition: PipelineDefinition, step: Step): Promise<Kept> {
    const places = makesOf(step);
    const contents = await this.#files.contents(places);
    const outputs = places.flatMap((place, index): [string, Content][] => {
      const content = contents[index];
      return content ? [[relativeTo(definition.folder, place), content]] : [];
    });
    return { remark: '', outputs: Object.fromEntries(outputs) };
  }

  async release(): Promise<void> {}

  close(): Promise<void> {
    return this.#files.close();
  }
}
