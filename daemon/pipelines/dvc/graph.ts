/** The graph of all stages of a project, and what DVC refuses about it. */
import path from 'node:path';
import { selected } from '../definition/expand.ts';
import { findCycle, isInside, makersOf } from '../definition/graph.ts';
import { PathIndex } from '../definition/path-index.ts';
import { type Source, suggest } from '../definition/source.ts';
import type { DvcData } from './model.ts';
import type { ReadStage } from './stages.ts';

/** A stage of a project, under the name that it has in the pipeline that is read. */
export interface ProjectStage extends ReadStage {
  readonly name: string;
  readonly source: Source;
}

/** The stages that must have succeeded before one. */
export interface Needs {
  /** Those whose outputs it reads. */
  readonly data: readonly string[];
  /** These, and those that it says to come after. */
  readonly all: readonly string[];
}

/**
 * Checks the stages of a project with each other, and reports what is wrong in their sources.
 *
 * @returns what each stage needs, by name; a frozen one needs no data, as nothing runs for its sake
 */
export function checkProject(stages: readonly ProjectStage[], data: readonly DvcData[]): Map<string, Needs> {
  checkOutputs(stages, data);
  const nodes = stages.map(stage => ({
    name: stage.name,
    after: afterOf(stage, stages),
    deps: inputsOf(stage),
    makes: outputsOf(stage),
  }));
  const makers = makersOf(nodes);
  const joined = (name: string, after: readonly string[]) => [
    ...new Set([...after, ...(makers.get(name) ?? [])]),
  ];
  reportCycle(findCycle(new Map(nodes.map(({ name, after }) => [name, joined(name, after)]))), stages);
  return new Map(
    stages.map(({ name, stage }, index) => {
      const after = nodes[index]?.after ?? [];
      if (stage.frozen) return [name, { data: [], all: after }];
      return [name, { data: makers.get(name) ?? [], all: joined(name, after) }];
    }),
  );
}

/** The stages that one says to come after: of its own file, by their names or those of groups. */
function afterOf({ source, at, meta }: ProjectStage, stages: readonly ProjectStage[]): string[] {
  if (meta.after.length === 0) return [];
  const known = new Map(
    stages.filter(each => each.source === source).map(({ name, stage }) => [stage.name, name]),
  );
  const names = [...known.keys()];
  return meta.after.flatMap(name => {
    const found = selected(name, names);
    if (found.length === 0)
      source.error([...at, 'meta', 'after'], `there is no stage “${name}”`, suggest(name, names));
    return found.map(each => known.get(each) ?? each);
  });
}

function reportCycle(cycle: readonly string[] | undefined, stages: readonly ProjectStage[]): void {
  const first = stages.find(stage => stage.name === cycle?.[0]);
  if (!cycle || !first) return;
  first.source.errorAtKey(
    first.at,
    `the stages need each other in a circle: ${cycle.join(' → ')}`,
    'Remove one dependency among them.',
  );
}

/** Absolute paths of what a stage reads. */
export function inputsOf({ stage }: ReadStage): string[] {
  return [...new Set([...stage.deps, ...stage.params.map(({ file }) => file)])];
}

/** Absolute paths of what a stage writes. */
export function outputsOf({ stage }: ReadStage): string[] {
  return stage.outs.map(out => out.path);
}

/** A path as it is written in a file: relative to its folder. */
export function shown({ file }: Source, place: string): string {
  return path.relative(path.dirname(file), place).split(path.sep).join('/');
}

interface Written {
  readonly owner: string;
  readonly out: string;
}

/** No two outputs may be, or lie in, the same place. */
function checkOutputs(stages: readonly ProjectStage[], data: readonly DvcData[]): void {
  const written = new PathIndex<Written>();
  for (const { path: out, file } of data) written.add(out, { owner: path.basename(file), out });
  for (const stage of stages) {
    for (const out of outputsOf(stage)) {
      const [other] = written.touching(out);
      if (other) reportClash(stage, out, other);
      if (inputsOf(stage).some(input => touches(input, out))) reportOwn(stage, out);
      written.add(out, { owner: stage.name, out });
    }
  }
}

function touches(one: string, other: string): boolean {
  return one === other || isInside(one, other) || isInside(other, one);
}

function reportClash({ name, source, at, outputsAt }: ProjectStage, out: string, other: Written): void {
  const who = other.owner === name ? `“${name}” writes twice` : `“${other.owner}” and “${name}” both write`;
  const what =
    other.out === out
      ? `“${shown(source, out)}”`
      : `“${shown(source, out)}” and “${shown(source, other.out)}”, one inside the other`;
  source.error(
    outputsAt.get(out) ?? at,
    `${who} ${what}`,
    'Let each place be written by one stage, and listed once.',
  );
}

function reportOwn({ source, at, outputsAt }: ProjectStage, out: string): void {
  source.error(
    outputsAt.get(out) ?? at,
    `the stage depends on its own output “${shown(source, out)}”`,
    'Remove it from one of the lists.',
  );
}
