/** The data that steps read and none of them makes. */
import path from 'node:path';
import type { Missing } from '../contract/reproductions.ts';
import type { Lacking, Wanted } from '../pipelines/cache/gather.ts';
import { makesOf, type Step } from '../pipelines/definition/model.ts';
import { PathIndex } from '../pipelines/definition/path-index.ts';
import { relativeTo } from '../pipelines/inputs/read.ts';
import type { KeptExecution } from '../pipelines/model.ts';
import type { Move } from './move.ts';

/** What has to be put into the copy before the steps run, by the digests that they worked with. */
export function dataOf({ execution, steps }: KeptExecution, repeated: readonly Step[], move: Move): Wanted[] {
  const made = new PathIndex<true>();
  for (const step of repeated) for (const place of makesOf(step)) made.add(place, true);
  const names = new Set(repeated.map(step => step.name));
  const wanted = new Map<string, Wanted>();
  for (const { inputs } of steps.filter(step => names.has(step.name))) {
    for (const [name, digest] of Object.entries(inputs?.deps ?? {})) {
      const source = path.resolve(execution.definition.folder, ...name.split('/'));
      if (digest === null || made.touching(source).length > 0) continue;
      wanted.set(source, { digest, source, target: move.there(source) });
    }
  }
  return [...wanted.values()];
}

/** What is lacking, as people are told. @param folder of the pipeline */
export function toMissing(lacking: readonly Lacking[], folder: string): Missing[] {
  return lacking.map(({ digest, source, object }) => ({
    file: relativeTo(folder, source),
    digest,
    expected: [object, source],
  }));
}

/** How many missing files a message names. */
const NAMED = 5;

/** Which files are missing, with which digests, and where they were looked for. */
export function describeMissing(missing: readonly Missing[]): string {
  const lines = missing
    .slice(0, NAMED)
    .map(
      ({ file, digest, expected }) =>
        `${file} with SHA-256 ${digest} (neither ${expected.join(' nor ')} is it)`,
    );
  const more = missing.length > NAMED ? [`and ${missing.length - NAMED} more`] : [];
  return [...lines, ...more].join('; ');
}
