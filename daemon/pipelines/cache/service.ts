import { rmSync } from 'node:fs';
import path from 'node:path';
import { RUNS_EVERY_TIME } from '../../contract/pipelines.ts';
import type { RegistryService } from '../../registry/service.ts';
import { makesOf, type PipelineDefinition, reportsOf, type Step } from '../definition/model.ts';
import type { JobHandle } from '../executors/executor.ts';
import type { Content } from '../inputs/content.ts';
import type { WorkspaceFiles } from '../inputs/files.ts';
import type { FolderStates } from '../inputs/files-thread.ts';
import { type Difference, differences, keyOf, type StepInputs } from '../inputs/model.ts';
import { readStates, relativeTo, type StepState } from '../inputs/read.ts';
import {
  type Decision,
  type Ended,
  type Kept,
  type Known,
  makesNothing,
  type StepMemory,
  type StepResult,
} from './model.ts';
import type { StepResults } from './results.ts';

/** How many changed files and parameters a reason names. */
const NAMED = 3;

/** Remembers steps by the content of all that they depend on, in the store's own cache. */
export class StepCache implements StepMemory {
  readonly #results: StepResults;
  readonly #files: WorkspaceFiles;
  readonly #registry: RegistryService;

  constructor(parts: { results: StepResults; files: WorkspaceFiles; registry: RegistryService }) {
    this.#results = parts.results;
    this.#files = parts.files;
    this.#registry = parts.registry;
  }

  states(
    definition: PipelineDefinition,
    steps: readonly Step[],
    environment: string | null,
    instead?: ReadonlyMap<string, Content>,
  ): Promise<StepState[]> {
    return readStates(this.#files, definition, steps, environment, instead);
  }

  known(
    definition: PipelineDefinition,
    steps: readonly Step[],
    states: readonly StepState[],
  ): Promise<Known> {
    return this.#results.known(definition, steps, states);
  }

  async decide(
    definition: PipelineDefinition,
    step: Step,
    { inputs, outputs }: StepState,
    known: Known,
  ): Promise<Decision> {
    if (step.commands.length === 0) return run('it is judged every time');
    if (makesNothing(step)) return run(RUNS_EVERY_TIME);
    const result = known.byKey.get(keyOf(inputs));
    if (!result) return run(await this.#whyOther(definition, known.newest.get(step.name), inputs));
    const gone = await this.#missingVersion(result);
    if (gone) return run(`${gone}, which it registered, is gone`);
    const changed = Object.entries(result.outputs).filter(
      ([name, content]) => outputs[name]?.digest !== content.digest,
    );
    const since = `since ${result.executionName}`;
    if (changed.length === 0) return { action: 'skip', reason: `nothing changed ${since}`, result };
    for (const [name, content] of changed) {
      const present = outputs[name];
      // What somebody put there by hand must not go for something that the step has not made.
      if (present && !(await this.#files.has([present]))) return run(`its output ${name} was changed`);
      if (!(await this.#files.has([content]))) return run(`its output ${name} is not in the cache any more`);
    }
    const names = changed.map(([name]) => name).join(', ');
    return { action: 'restore', reason: `nothing changed ${since}; from the cache: ${names}`, result };
  }

  async restore(
    definition: PipelineDefinition,
    step: Step,
    result: StepResult,
    state: StepState,
  ): Promise<void> {
    const own = new Set(makesOf(step));
    const items = Object.entries(result.outputs)
      .filter(([name, content]) => state.outputs[name]?.digest !== content.digest)
      .map(([name, content]) => ({ place: path.join(definition.folder, ...name.split('/')), content }))
      // Only where the definition says that the step writes.
      .filter(({ place }) => own.has(place));
    await this.#files.restore(items);
  }

  /** Parts the step's outputs from the cache. What an earlier execution reported is never taken for what this one found. */
  async launch(
    _definition: PipelineDefinition,
    step: Step,
    start: () => Promise<JobHandle>,
  ): Promise<JobHandle> {
    const places = makesOf(step);
    if (places.length > 0) await this.#files.unshare(places);
    for (const file of reportsOf(step)) rmSync(file, { force: true });
    return start();
  }

  async keep(definition: PipelineDefinition, step: Step, before: StepInputs, ended: Ended): Promise<Kept> {
    const places = makesOf(step);
    try {
      const [state] = await this.states(definition, [step], before.environment);
      const [changed] = state ? differences(before, state.inputs) : [];
      if (changed) return { remark: `not kept for later: ${changed.text} while it ran`, outputs: null };
      const contents = await this.#files.keep(places, step.deps);
      const outputs = Object.fromEntries(
        places.map((place, index) => [relativeTo(definition.folder, place), contents[index] as Content]),
      );
      await this.#results.save(definition, step, { inputs: before, outputs, ...ended });
      return { remark: '', outputs };
    } catch (error) {
      // Its outputs are there, which is what was asked for; the next execution makes them again.
      return { remark: `not kept for later: ${(error as Error).message}`, outputs: null };
    }
  }

  /** Nobody else waits for what a step works on. */
  async release(): Promise<void> {}

  async close(): Promise<void> {
    await this.#files.close();
  }

  async #missingVersion({ versions }: StepResult): Promise<string | undefined> {
    for (const { name, version } of versions) {
      const model = await this.#registry.modelWithVersions(name);
      if (!model?.versions.some(each => each.version === version)) return `version ${version} of ${name}`;
    }
    return undefined;
  }

  async #whyOther(
    definition: PipelineDefinition,
    newest: StepResult | undefined,
    inputs: StepInputs,
  ): Promise<string> {
    if (!newest) return 'it has not ended well before';
    const found = differences(newest.inputs, inputs);
    const texts = await Promise.all(found.slice(0, NAMED).map(each => this.#inDetail(definition, each)));
    const more = found.length > NAMED ? `; ${found.length - NAMED} more` : '';
    return texts.join('; ') + more;
  }

  /** Names the file of a folder that changed, where that can be told. */
  async #inDetail(definition: PipelineDefinition, { text, path: name, before }: Difference): Promise<string> {
    if (name === undefined || before === undefined) return text;
    const folder = await this.#files.manifests(before, path.join(definition.folder, ...name.split('/')));
    const file = folder && firstDifference(folder);
    return file === undefined ? text : `${name}/${file}`;
  }
}

function run(reason: string): Decision {
  return { action: 'run', reason };
}

/** The first file that two states of a folder do not share, and how. */
function firstDifference({ before, now }: FolderStates): string | undefined {
  const old = new Map(before.map(([name, digest]) => [name, digest]));
  const fresh = new Map(now.map(([name, digest]) => [name, digest]));
  for (const [name, digest] of fresh) {
    if (!old.has(name)) return `${name} is new`;
    if (old.get(name) !== digest) return `${name} changed`;
  }
  const gone = [...old.keys()].find(name => !fresh.has(name));
  return gone === undefined ? undefined : `${gone} is gone`;
}
