import path from 'node:path';
import type { Database } from '../../database/database.ts';
import type { RegistryService } from '../../registry/service.ts';
import { makesOf, type PipelineDefinition, type Step } from '../definition/model.ts';
import type { Content } from '../inputs/content.ts';
import type { WorkspaceFiles } from '../inputs/files.ts';
import type { FolderStates } from '../inputs/files-thread.ts';
import { type Difference, differences, keyOf, type StepInputs } from '../inputs/model.ts';
import { readStates, relativeTo, type StepState } from '../inputs/read.ts';
import type { Decision, StepResult } from './model.ts';

/** How many changed files and parameters a reason names. */
const NAMED = 3;

/** What earlier executions of a pipeline left, as far as some steps may use it again. */
export interface Known {
  readonly byKey: ReadonlyMap<string, StepResult>;
  /** The newest result by the name of its step. */
  readonly newest: ReadonlyMap<string, StepResult>;
}

/** What is told of a step that is to be kept. */
export type Ended = Pick<
  StepResult,
  'executionId' | 'executionName' | 'runId' | 'endTime' | 'duration' | 'versions'
>;

/** Decides which steps need not run, puts their outputs back, and keeps those of steps that ran. */
export class StepCache {
  readonly #database: Database;
  readonly #files: WorkspaceFiles;
  readonly #registry: RegistryService;
  readonly #workspace: string;

  constructor(parts: {
    database: Database;
    files: WorkspaceFiles;
    registry: RegistryService;
    workspace: string;
  }) {
    this.#database = parts.database;
    this.#files = parts.files;
    this.#registry = parts.registry;
    this.#workspace = parts.workspace;
  }

  /** Steps as they stand now. @param instead what paths are going to hold, in place of what they hold now */
  states(
    definition: PipelineDefinition,
    steps: readonly Step[],
    environment: string | null,
    instead?: ReadonlyMap<string, Content>,
  ): Promise<StepState[]> {
    return readStates(this.#files, definition, steps, environment, instead);
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

  /** Whether a step in this state has to run, and why. */
  async decide(
    definition: PipelineDefinition,
    step: Step,
    { inputs, outputs }: StepState,
    known: Known,
  ): Promise<Decision> {
    if (step.commands.length === 0) return run('it is judged every time');
    if (makesOf(step).length === 0 && step.register === null)
      return run('it makes nothing that could be kept: it runs every time');
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

  /** Puts back those outputs of a result that are not there as they were. @throws when the cache is damaged */
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

  /**
   * Keeps how a step ended, unless its inputs changed meanwhile.
   *
   * @param before its inputs when it was started
   * @returns why it is not kept; empty when it is
   */
  async keep(definition: PipelineDefinition, step: Step, before: StepInputs, ended: Ended): Promise<string> {
    const places = makesOf(step);
    try {
      const [state] = await this.states(definition, [step], before.environment);
      const [changed] = state ? differences(before, state.inputs) : [];
      if (changed) return `not kept for later: ${changed.text} while it ran`;
      const contents = await this.#files.keep(places, step.deps);
      const outputs = Object.fromEntries(
        places.map((place, index) => [relativeTo(definition.folder, place), contents[index] as Content]),
      );
      const file = this.#name(definition);
      const result = { key: keyOf(before), file, step: step.name, inputs: before, outputs, ...ended };
      await this.#database.write('pipelines.saveResult', result);
      return '';
    } catch (error) {
      // Its outputs are there, which is what was asked for; the next execution makes them again.
      return `not kept for later: ${(error as Error).message}`;
    }
  }

  async close(): Promise<void> {
    await this.#files.close();
  }

  #name({ file }: PipelineDefinition): string {
    return relativeTo(this.#workspace, file);
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
