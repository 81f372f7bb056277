/** A stage as it stands now, beside what `dvc.lock` says of it. */
import { isInside } from '../definition/graph.ts';
import type { PipelineDefinition, Step } from '../definition/model.ts';
import type { Content } from '../inputs/content.ts';
import { relativeTo, type StepState } from '../inputs/read.ts';
import type { DvcContent } from './content.ts';
import type { Wanted } from './dvc-thread.ts';
import type { DvcFiles } from './files.ts';
import type { LockEntry } from './lock-entry.ts';
import type { DvcData, DvcStage, ParamsEdits } from './model.ts';
import { ParamsReader } from './params.ts';
import { keyText, type PythonDict, toPlain } from './python.ts';

/** A stage of a definition, with the project that it belongs to. */
export interface Placed {
  readonly step: Step;
  readonly stage: DvcStage;
  /** The project's folder. */
  readonly root: string;
  /** What it reads of the data that has versions. */
  readonly data: readonly DvcData[];
  /** Folder of the definition: what people know paths by. */
  readonly folder: string;
  /** What its files of parameters are read as in place of what they hold. */
  readonly edits: ParamsEdits | undefined;
}

export interface StageState extends StepState {
  /** What `dvc.lock` says; undefined when the stage never ran. */
  readonly entry: LockEntry | undefined;
  /** What is at each of its paths, hashed by the rule of the entry; null = nothing. */
  readonly contents: ReadonlyMap<string, DvcContent | null>;
  /** Values by file; undefined where there is no file. */
  readonly params: ReadonlyMap<string, PythonDict | undefined>;
  /** Digests of the entry that should be in DVC's cache, and are not. */
  readonly lost: ReadonlySet<string>;
}

/** @throws Error for a step that is no stage: its definition is not one of DVC's */
export function placed(definition: PipelineDefinition, step: Step): Placed {
  const { dvc: project, folder } = definition;
  const { dvc: stage } = step;
  if (!project || !stage) throw new Error(`“${step.name}” is no stage of a dvc.yaml`);
  const data = project.data.filter(each => stage.deps.some(dep => isTouching(dep, each.path)));
  return { step, stage, root: project.root, data, folder, edits: project.edits };
}

function isTouching(a: string, b: string): boolean {
  return a === b || isInside(a, b) || isInside(b, a);
}

/** A path as `dvc.lock` has it: relative to the stage's folder inside of the project. */
export function nameInLock({ root, stage }: Placed, place: string): string {
  if (place !== root && !isInside(place, root)) return place;
  return relativeTo(stage.wdir, place) || '.';
}

/** The parameters of a file, as people know them. */
export function paramName(stage: Placed, file: string, key: string): string {
  const name = nameInLock(stage, file);
  return name === 'params.yaml' ? key : `${name}:${key}`;
}

/** The states of some stages of a project, in their order. @param instead what dependencies are going to hold */
export async function readStageStates(
  files: DvcFiles,
  stages: readonly Placed[],
  entryOf: (stage: DvcStage) => LockEntry | undefined,
  instead: ReadonlyMap<string, Content> = new Map(),
): Promise<StageState[]> {
  const [first] = stages;
  if (!first) return [];
  const wanted = stages.map(each => wantedOf(each, entryOf(each.stage)));
  const contents = await contentsOf(files, first.root, wanted.flat());
  const kept = stages.flatMap(each => keptOf(each, entryOf(each.stage)));
  const has = await files.has(first.root, kept);
  const lost = new Set(kept.filter((_, index) => !has[index]));
  const reader = new ParamsReader(first.edits);
  return stages.map((each, index) => {
    const found = new Map((wanted[index] ?? []).map(item => [item.place, contents.get(keyOf(item)) ?? null]));
    return stateOf(each, { entry: entryOf(each.stage), contents: found, lost, reader, instead });
  });
}

/** Everything that a stage reads and writes; what DVC 2 hashed is hashed as it did, to compare. */
function wantedOf(stage: Placed, entry: LockEntry | undefined): Wanted[] {
  const rules = new Map(
    [...(entry?.deps ?? []), ...(entry?.outs ?? [])].map(({ path, hash }) => [path, hash]),
  );
  const places = [...stage.stage.deps, ...stage.stage.outs.map(out => out.path)];
  return places.map(place => ({ place, hash: rules.get(nameInLock(stage, place)) ?? 'md5' }));
}

async function contentsOf(
  files: DvcFiles,
  root: string,
  wanted: readonly Wanted[],
): Promise<Map<string, DvcContent | null>> {
  const unique = [...new Map(wanted.map(each => [keyOf(each), each])).values()];
  const found = await files.contents(root, unique);
  return new Map(unique.map((each, index) => [keyOf(each), found[index] ?? null]));
}

function keyOf({ place, hash }: Wanted): string {
  return `${hash}:${place}`;
}

/** What the cache should hold of a stage. */
function keptOf(stage: Placed, entry: LockEntry | undefined): string[] {
  const cached = stage.stage.outs
    .filter(({ cache }) => cache)
    .map(({ path: place }) => nameInLock(stage, place));
  const outs = entry?.outs ?? [];
  return outs.filter(out => out.digest !== '' && cached.includes(out.path)).map(({ digest }) => digest);
}

function stateOf(
  each: Placed,
  now: Pick<StageState, 'entry' | 'contents' | 'lost'> & {
    readonly reader: ParamsReader;
    readonly instead: ReadonlyMap<string, Content>;
  },
): StageState {
  const { step, stage, folder } = each;
  const { entry, contents, lost, reader, instead } = now;
  const params = new Map(stage.params.map(group => [group.file, reader.values(group)]));
  const digestOf = (place: string) => (instead.get(place) ?? contents.get(place))?.digest ?? null;
  const values = [...params].flatMap(([file, dict]) =>
    [...(dict ?? [])].map(([key, value]) => [paramName(each, file, keyText(key)), toPlain(value)] as const),
  );
  const outs = stage.outs.map(out => out.path);
  return {
    entry,
    contents,
    params,
    lost,
    inputs: {
      commands: typeof stage.cmd === 'string' ? [[stage.cmd]] : stage.cmd.map(line => [line]),
      cwd: relativeTo(folder, stage.wdir),
      env: {},
      params: Object.fromEntries(values),
      deps: Object.fromEntries(stage.deps.map(place => [relativeTo(folder, place), digestOf(place)])),
      code: {},
      environment: null,
      makes: outs.map(place => relativeTo(folder, place)),
      register: step.register,
    },
    outputs: Object.fromEntries(outs.map(place => [relativeTo(folder, place), contents.get(place) ?? null])),
  };
}
