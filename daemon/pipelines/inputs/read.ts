/** Reads what steps depend on, and what their outputs hold, from the workspace. */
import path from 'node:path';
import { makesOf, type PipelineDefinition, type Step } from '../definition/model.ts';
import { flatten } from '../definition/template.ts';
import { paramsOf } from '../params.ts';
import type { Content } from './content.ts';
import type { WorkspaceFiles } from './files.ts';
import type { StepInputs } from './model.ts';

/** A step as it stands now. */
export interface StepState {
  readonly inputs: StepInputs;
  /** What is at each of its outputs, by path relative to the pipeline's folder; null = nothing. */
  readonly outputs: Readonly<Record<string, Content | null>>;
}

/**
 * The states of some steps of a pipeline, in their order.
 *
 * @param environment hash of the lock of the environment that they run in
 * @param instead what paths are going to hold, in place of what they hold now
 */
export async function readStates(
  files: WorkspaceFiles,
  definition: PipelineDefinition,
  steps: readonly Step[],
  environment: string | null,
  instead: ReadonlyMap<string, Content> = new Map(),
): Promise<StepState[]> {
  const named = await files.code(
    steps.map(({ commands, cwd, env }) => ({ commands, cwd, pythonPath: env.PYTHONPATH })),
  );
  const codes = steps.map(({ code = [] }, index) => [...code, ...(named[index] ?? [])]);
  const places = [...new Set([...steps.flatMap(step => [...step.deps, ...makesOf(step)]), ...codes.flat()])];
  const contents = await files.contents(places);
  const byPlace = new Map(places.map((place, index) => [place, contents[index] ?? null]));
  const relative = (place: string) => relativeTo(definition.folder, place);
  const digest = (place: string) => (instead.get(place) ?? byPlace.get(place))?.digest ?? null;
  const digests = (of: readonly string[]) =>
    Object.fromEntries(of.map(place => [relative(place), digest(place)]));
  return steps.map((step, index) => ({
    inputs: {
      commands: step.commands,
      cwd: relative(step.cwd),
      env: step.env,
      params: flatten(paramsOf(definition, step)),
      deps: digests(step.deps),
      code: digests((codes[index] ?? []).filter(file => !step.deps.includes(file))),
      environment,
      makes: makesOf(step).map(relative),
      register: step.register,
    },
    outputs: Object.fromEntries(makesOf(step).map(place => [relative(place), byPlace.get(place) ?? null])),
  }));
}

/** A path as records have it: relative, with `/` on every system. */
export function relativeTo(folder: string, place: string): string {
  return path.relative(folder, place).split(path.sep).join('/');
}
