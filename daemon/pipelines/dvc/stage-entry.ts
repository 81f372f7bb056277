/** The entry of `dvc.lock` that a stage's present state makes, and what an entry means for the engine. */
import { invalid } from '../../contract/errors.ts';
import type { Known, StepResult } from '../cache/model.ts';
import { isInside } from '../definition/graph.ts';
import { UNREADABLE } from '../inputs/content.ts';
import { keyOf } from '../inputs/model.ts';
import { relativeTo } from '../inputs/read.ts';
import type { DvcContent } from './content.ts';
import type { LockEntry, LockedFile } from './lock-entry.ts';
import { nameInLock, type Placed, type StageState } from './stage-state.ts';

type Held = Pick<LockedFile, 'digest' | 'size' | 'files' | 'executable'>;

function lockedFile(stage: Placed, place: string, { digest, size, files, executable }: Held): LockedFile {
  return { path: nameInLock(stage, place), hash: 'md5', digest, size, files, executable };
}

/** What a stage reads, as an entry has it; its outputs are named, and hold nothing yet. */
export function entryBefore(stage: Placed, { contents, params }: StageState): LockEntry {
  const nothing: Held = { digest: '', size: null, files: null, executable: false };
  return {
    cmd: stage.stage.cmd,
    deps: stage.stage.deps.map(place => lockedFile(stage, place, requireContent(place, contents.get(place)))),
    params: new Map([...params].map(([file, values]) => [nameInLock(stage, file), values ?? new Map()])),
    outs: stage.stage.outs.map(({ path: place }) => lockedFile(stage, place, nothing)),
  };
}

/** The entry of a stage that has run. @throws Error when something of it is gone */
export function entryAfter(stage: Placed, state: StageState): LockEntry {
  const outs = stage.stage.outs.map(({ path: place }) =>
    lockedFile(stage, place, requireContent(place, state.contents.get(place))),
  );
  return { ...entryBefore(stage, state), outs };
}

function requireContent(place: string, content: DvcContent | null | undefined): DvcContent {
  if (!content) throw new Error(`${place} is gone`);
  if (content.digest.startsWith(UNREADABLE)) throw new Error(`${place} is ${content.digest}`);
  return content;
}

/** Whether DVC would use an earlier run of a stage again. */
export function isRepeatable({ stage, root }: Placed): boolean {
  const { deps, params, outs, alwaysChanged } = stage;
  if (alwaysChanged || deps.length + params.length === 0 || outs.length === 0) return false;
  return outs.every(({ path: place, persist }) => !persist && isInside(place, root));
}

/** Whether all is there that a stage reads. */
export function isComplete({ stage }: Placed, { contents, params }: StageState): boolean {
  const isThere = (place: string) => {
    const content = contents.get(place);
    return content && !content.digest.startsWith(UNREADABLE);
  };
  return (
    stage.deps.every(isThere) &&
    stage.params.every(({ file, keys }) => {
      const values = params.get(file);
      return values && (keys === null || keys.every(key => values.has(key)));
    })
  );
}

/** @throws ApiError when a parameter has no value: the stage's command would not find it either */
export function requireParams({ stage, folder }: Placed, { params }: StageState): void {
  for (const { file, keys } of stage.params) {
    const values = params.get(file);
    const name = relativeTo(folder, file);
    if (!values) throw invalid(`its file of parameters “${name}” does not exist, or cannot be read`);
    const missing = keys?.find(key => !values.has(key));
    if (missing !== undefined)
      throw invalid(
        `its parameter “${missing}” is missing from ${name}; add it, or take it out of the stage`,
      );
  }
}

/** What the outputs of an entry hold, by path relative to the definition's folder. */
export function outputsOf(stage: Placed, { outs }: LockEntry): Record<string, DvcContent> {
  const byName = new Map(outs.map(out => [out.path, out]));
  const entries = stage.stage.outs.flatMap(({ path: place }) => {
    const out = byName.get(nameInLock(stage, place));
    return out ? [[relativeTo(stage.folder, place), contentOf(out)] as const] : [];
  });
  return Object.fromEntries(entries);
}

function contentOf({ digest, size, files, executable }: LockedFile): DvcContent {
  return { kind: digest.endsWith('.dir') ? 'folder' : 'file', digest, size: size ?? 0, files, executable };
}

/** The result that an entry stands for: of one of our executions where it was one, else of DVC. */
export function resultOf(stage: Placed, state: StageState, entry: LockEntry, known: Known): StepResult {
  const outputs = outputsOf(stage, entry);
  const key = keyOf(state.inputs);
  const own = known.byKey.get(key);
  const isOwn =
    own && Object.entries(outputs).every(([name, { digest }]) => own.outputs[name]?.digest === digest);
  if (isOwn) return own;
  return {
    key,
    file: '',
    step: stage.step.name,
    executionId: '',
    executionName: 'a run of DVC',
    runId: null,
    endTime: 0,
    duration: 0,
    inputs: state.inputs,
    outputs,
    versions: [],
  };
}
