/** What executions write and read, and which of them therefore cannot run at the same time. */
import { makesOf, type PipelineDefinition } from './definition/model.ts';
import { PathIndex } from './definition/path-index.ts';
import { relativeTo } from './inputs/read.ts';

/** The places of the workspace that an execution uses. */
export class Claim {
  readonly #folder: string;
  readonly #file: string;
  readonly #writes: readonly string[];
  readonly #reads: readonly string[];
  readonly #written = new PathIndex<true>();
  readonly #used = new PathIndex<true>();

  /** @param only names of the steps that run; null for all */
  constructor({ file, folder, steps }: PipelineDefinition, only: readonly string[] | null) {
    const asked = steps.filter(step => only === null || only.includes(step.name));
    this.#file = file;
    this.#folder = folder;
    this.#writes = asked.flatMap(makesOf);
    this.#reads = asked.flatMap(step => step.deps);
    for (const place of this.#writes) this.#written.add(place, true);
    for (const place of [...this.#writes, ...this.#reads]) this.#used.add(place, true);
  }

  /** Whether both are of one pipeline. */
  isOfSamePipeline(other: Claim): boolean {
    return this.#file === other.#file;
  }

  /**
   * What the execution waits for when the other one came first: neither may write what the other writes or reads.
   *
   * @param name what people call the other one
   * @returns undefined when both can run at the same time
   */
  waitsFor(other: Claim, name: string): string | undefined {
    if (this.isOfSamePipeline(other)) return `waits for ${name} to end`;
    const written = other.#writes.find(place => this.#used.touching(place).length > 0);
    if (written !== undefined) return `waits for ${name}, which writes ${this.#show(written)}`;
    const read = other.#reads.find(place => this.#written.touching(place).length > 0);
    return read === undefined ? undefined : `waits for ${name}, which reads ${this.#show(read)}`;
  }

  #show(place: string): string {
    return relativeTo(this.#folder, place);
  }
}
