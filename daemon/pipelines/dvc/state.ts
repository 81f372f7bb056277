/** Remembers stages of a `dvc.yaml` as DVC does, in its own files: what either has run is run for the other. */
import type {
  Decision,
  Ended,
  Kept as KeptResult,
  Known,
  StepMemory,
  StepResult,
  Waiting,
} from '../cache/model.ts';
import type { StepResults } from '../cache/results.ts';
import type { PipelineDefinition, Step } from '../definition/model.ts';
import type { JobHandle } from '../executors/executor.ts';
import type { Content } from '../inputs/content.ts';
import { differences, type StepInputs } from '../inputs/model.ts';
import { relativeTo } from '../inputs/read.ts';
import { readConfig } from './config.ts';
import type { DvcContent } from './content.ts';
import { recordVersion } from './data.ts';
import type { Kept, Wanted } from './dvc-thread.ts';
import { isLeftToDvc } from './elsewhere.ts';
import type { DvcFiles } from './files.ts';
import { ignoreOutput, stage as stageInGit } from './gitignore.ts';
import { makeProject } from './init.ts';
import type { LockEntry } from './lock-entry.ts';
import { LockFile } from './lock-file.ts';
import { type Claim, DvcLocks } from './locks.ts';
import type { DvcData, DvcStage } from './model.ts';
import { RunCache } from './run-cache.ts';
import {
  entryAfter,
  entryBefore,
  isComplete,
  isRepeatable,
  outputsOf,
  requireParams,
  resultOf,
} from './stage-entry.ts';
import { type Placed, placed, readStageStates, type StageState } from './stage-state.ts';
import { inputReasons, outputReasons, type Reason, whyAlways } from './staleness.ts';

/** How many reasons are named. */
const NAMED = 3;

const NOT_KEPT = 'not recorded in dvc.lock';

export class DvcState implements StepMemory {
  readonly #results: StepResults;
  readonly #files: DvcFiles;
  /** By their path. */
  readonly #lockFiles = new Map<string, LockFile>();
  /** By the folder of their project. */
  readonly #locks = new Map<string, DvcLocks>();

  constructor(parts: { results: StepResults; files: DvcFiles }) {
    this.#results = parts.results;
    this.#files = parts.files;
  }

  states(
    definition: PipelineDefinition,
    steps: readonly Step[],
    _environment: string | null,
    instead?: ReadonlyMap<string, Content>,
  ): Promise<StageState[]> {
    const stages = steps.map(step => placed(definition, step));
    return readStageStates(this.#files, stages, stage => this.#entryOf(stage), instead);
  }

  known(
    definition: PipelineDefinition,
    steps: readonly Step[],
    states: readonly StageState[],
  ): Promise<Known> {
    return this.#results.known(definition, steps, states);
  }

  async decide(
    definition: PipelineDefinition,
    step: Step,
    state: StageState,
    known: Known,
  ): Promise<Decision> {
    const stage = placed(definition, step);
    const [far] = stage.stage.elsewhere;
    if (far !== undefined && !stage.stage.frozen)
      return { action: 'run', reason: `DVC decides whether it does: ${far} is not on this machine` };
    const always = whyAlways(stage);
    const outputs = outputReasons(stage, state);
    if (stage.stage.frozen) return outputs.length === 0 ? skip(this.#asLocked(stage, state, known)) : FROZEN;
    if (always !== undefined) return { action: 'run', reason: always };
    const inputs = inputReasons(stage, state);
    if (inputs.length + outputs.length === 0) return skip(this.#asLocked(stage, state, known));
    const reason = await this.#describe(stage, state.entry ? [...inputs, ...outputs] : inputs);
    const earlier = await this.#repeatable(stage, state, inputs.length === 0);
    if (!earlier) return { action: 'run', reason };
    const result = resultOf(stage, state, earlier, known);
    return { action: 'restore', reason: `${reason}; DVC's cache has what it made then`, result };
  }

  async restore(
    definition: PipelineDefinition,
    step: Step,
    { outputs }: StepResult,
    { contents }: StageState,
    waiting: Waiting,
  ): Promise<void> {
    const stage = placed(definition, step);
    const items = stage.stage.outs.flatMap(({ path: place }) => {
      const content = outputs[relativeTo(stage.folder, place)] as DvcContent | undefined;
      return content && contents.get(place)?.digest !== content.digest ? [{ place, content }] : [];
    });
    const bringBack = async () => {
      await this.#files.restore(stage.root, items);
      return { pid: process.pid };
    };
    await this.#locksOf(stage).claim(claimOf(stage), bringBack, waiting);
    try {
      await this.#record(stage);
    } finally {
      await this.release(definition, step);
    }
  }

  async launch(
    definition: PipelineDefinition,
    step: Step,
    start: () => Promise<JobHandle>,
    waiting: Waiting,
  ): Promise<JobHandle> {
    const stage = placed(definition, step);
    // DVC takes the same locks, and makes room itself.
    if (isLeftToDvc(stage.stage)) return start();
    const [state] = await this.states(definition, [step], null);
    if (state) requireParams(stage, state);
    makeProject(stage.root);
    const { outs } = stage.stage;
    const persistent = outs.filter(({ persist }) => persist).map(({ path: place }) => place);
    const others = outs.filter(({ persist }) => !persist).map(({ path: place }) => place);
    const run = async () => {
      await this.#files.clear(stage.root, others, persistent);
      return start();
    };
    return this.#locksOf(stage).claim(claimOf(stage), run, waiting);
  }

  async keep(
    definition: PipelineDefinition,
    step: Step,
    before: StepInputs,
    ended: Ended,
  ): Promise<KeptResult> {
    const stage = placed(definition, step);
    if (isLeftToDvc(stage.stage)) return { remark: '', outputs: null };
    try {
      await this.#locksOf(stage).takeOver(claimOf(stage));
      const [state] = await this.states(definition, [step], null);
      const [changed] = state ? differences(before, state.inputs) : [];
      if (changed) return { remark: `${NOT_KEPT}: ${changed.text} while it ran`, outputs: null };
      const outputs = await this.#record(stage);
      await this.#results.save(definition, step, { inputs: before, outputs, ...ended });
      return { remark: '', outputs };
    } catch (error) {
      // Its outputs are there, which is what was asked for; the next execution makes them again.
      return { remark: `${NOT_KEPT}: ${(error as Error).message}`, outputs: null };
    }
  }

  async release(definition: PipelineDefinition, step: Step): Promise<void> {
    const stage = placed(definition, step);
    const locks = this.#locksOf(stage);
    const { purpose } = claimOf(stage);
    if (locks.holds(purpose)) await locks.exclusively(async () => locks.release(purpose));
  }

  async close(): Promise<void> {
    await this.#files.close();
  }

  #entryOf({ lock, name }: DvcStage): LockEntry | undefined {
    return this.#lockFileOf(lock).entry(name);
  }

  #lockFileOf(file: string): LockFile {
    const known = this.#lockFiles.get(file) ?? new LockFile(file);
    this.#lockFiles.set(file, known);
    return known;
  }

  #locksOf({ root }: Placed): DvcLocks {
    const known = this.#locks.get(root) ?? new DvcLocks(root, readConfig(root));
    this.#locks.set(root, known);
    return known;
  }

  /** The run that `dvc.lock` tells of. */
  #asLocked(stage: Placed, state: StageState, known: Known): StepResult {
    return resultOf(stage, state, state.entry ?? NO_RUN, known);
  }

  /** Reasons in words; of a folder, the file that changed, where that can be told. */
  async #describe({ root, folder }: Placed, reasons: readonly Reason[]): Promise<string> {
    const texts = reasons.slice(0, NAMED).map(async ({ text, changed }) => {
      if (!changed?.before.endsWith('.dir')) return text;
      const file = await this.#files.difference(root, changed.place, changed.before);
      return file === undefined ? text : `${relativeTo(folder, changed.place)}/${file} changed`;
    });
    const more = reasons.length > NAMED ? `; ${reasons.length - NAMED} more` : '';
    return (await Promise.all(texts)).join('; ') + more;
  }

  /** A run with the same command and inputs whose outputs the cache has: the last one, or an earlier one. */
  async #repeatable(stage: Placed, state: StageState, isAsLocked: boolean): Promise<LockEntry | undefined> {
    if (!isRepeatable(stage) || !isComplete(stage, state)) return undefined;
    const earlier = isAsLocked ? state.entry : this.#findRun(stage, state);
    if (!earlier || earlier.outs.length < stage.stage.outs.length) return undefined;
    const has = await this.#files.has(
      stage.root,
      earlier.outs.map(({ digest }) => digest),
    );
    return has.every(Boolean) ? earlier : undefined;
  }

  #findRun(stage: Placed, state: StageState): LockEntry | undefined {
    // DVC 2 had other digests: it is not looked for what has been hashed as it did.
    if (state.entry?.deps.some(({ hash }) => hash !== 'md5')) return undefined;
    return runCacheOf(stage).find(entryBefore(stage, state));
  }

  /**
   * Records a stage that has been run, or put back, in `dvc.lock` and in DVC's cache.
   *
   * @returns what its outputs hold, by path relative to the definition's folder
   */
  async #record(stage: Placed): Promise<Record<string, DvcContent>> {
    const { root, data } = stage;
    const kept = keptOf(stage);
    // By the rules of DVC as it is now, whatever hashed it before; and before files are replaced by links.
    const [state] = await readStageStates(this.#files, [stage], () => undefined);
    if (!state) throw new Error('its state cannot be read');
    const entry = entryAfter(stage, state);
    const versions = await this.#files.contents(root, data.map(wanted));
    await this.#files.keep(root, kept);
    await this.#locksOf(stage).exclusively(async () => {
      // What nothing referred to yet may have been cleaned up meanwhile.
      const isKept = await this.#files.has(root, digestsOf(stage, entry, kept));
      if (isKept.includes(false)) await this.#files.keep(root, kept);
      await this.#write(stage, entry, versions);
      if (kept.copies) runCacheOf(stage).save(entry);
      this.#locksOf(stage).release(claimOf(stage).purpose);
    });
    return outputsOf(stage, entry);
  }

  /** Writes what version control is to have of a stage. @param versions what its data holds */
  async #write(stage: Placed, entry: LockEntry, versions: readonly (DvcContent | null)[]): Promise<void> {
    const { root, data } = stage;
    const { noScm, autostage } = readConfig(root);
    const files: string[] = [];
    for (const [index, each] of data.entries()) {
      const content = versions[index];
      if (content && recordVersion(each, content)) files.push(each.file);
    }
    const ignored = noScm ? [] : cachedOuts(stage);
    for (const place of ignored) files.push(...(await ignoreOutput(root, place)));
    this.#lockFileOf(stage.stage.lock).save(stage.stage.name, entry);
    if (autostage) await stageInGit(root, [...files, stage.stage.lock]);
  }
}

/** Of a frozen stage that never ran. */
const NO_RUN: LockEntry = { cmd: '', deps: [], params: new Map(), outs: [] };

const FROZEN: Decision = {
  action: 'run',
  reason: 'it is frozen: nothing runs, and what its outputs hold is recorded',
};

function skip(result: StepResult): Decision {
  return { action: 'skip', reason: `nothing changed since ${result.executionName}`, result };
}

/** What of a stage is put into DVC's cache; copies of all where its run is to be found again. */
function keptOf(stage: Placed): Kept {
  const { outs, deps } = stage.stage;
  const isFound = isRepeatable(stage) && outs.every(({ cache, kind }) => cache || kind !== 'out');
  const others = outs.filter(({ cache }) => !cache).map(({ path: place }) => place);
  const data = stage.data.map(({ path: place }) => place);
  return { outs: cachedOuts(stage), data, ...(isFound && { copies: others }), deps };
}

function cachedOuts({ stage }: Placed): string[] {
  return stage.outs.filter(({ cache }) => cache).map(({ path: place }) => place);
}

/** The digests of an entry that the cache has then. */
function digestsOf({ stage }: Placed, { outs }: LockEntry, { copies }: Kept): string[] {
  const kept = outs.filter((_, index) => copies || stage.outs[index]?.cache);
  return kept.map(({ digest }) => digest);
}

function wanted({ path: place }: DvcData): Wanted {
  return { place, hash: 'md5' };
}

function runCacheOf({ root }: Placed): RunCache {
  return new RunCache(readConfig(root).cache);
}

/** What a stage holds while it runs. */
function claimOf({ root, stage }: Placed): Claim {
  const { lock, name, deps, params, outs } = stage;
  return {
    purpose: `modelthat run ${relativeTo(root, lock).replace(/lock$/, 'yaml')}:${name}`,
    read: [...deps, ...params.map(({ file }) => file)],
    write: outs.map(({ path: place }) => place),
  };
}
