/** Whether what stages read is there. */
import { existsSync } from 'node:fs';
import { PathIndex } from '../definition/path-index.ts';
import { suggest } from '../definition/source.ts';
import { flatten } from '../definition/template.ts';
import { valueAt } from './context.ts';
import { inputsOf, outputsOf, type ProjectStage, shown } from './graph.ts';
import type { DvcData, DvcParams } from './model.ts';
import { toPlain } from './python.ts';
import type { VarsReader } from './vars.ts';

/** What the inputs of stages are looked up in. */
interface Known {
  /** What stages make. */
  readonly made: PathIndex<string>;
  /** What `.dvc` files keep versions of, with the files. */
  readonly kept: PathIndex<string>;
  readonly vars: VarsReader;
}

/** Warns of inputs that are not there and that nothing makes, and reports parameters that their files do not have. */
export function checkInputs(
  stages: readonly ProjectStage[],
  data: readonly DvcData[],
  vars: VarsReader,
): void {
  const known: Known = { made: new PathIndex(), kept: new PathIndex(), vars };
  for (const stage of stages) for (const out of outputsOf(stage)) known.made.add(out, stage.name);
  for (const { path: place, file } of data) known.kept.add(place, file);
  for (const stage of stages) {
    for (const input of inputsOf(stage))
      if (known.made.touching(input).length === 0 && !existsSync(input)) warnOfMissing(stage, input, known);
    for (const params of stage.stage.params) checkParams(stage, params, known);
  }
}

function warnOfMissing({ source, at, inputsAt }: ProjectStage, input: string, { kept }: Known): void {
  const [file] = kept.touching(input);
  source.warn(
    inputsAt.get(input) ?? at,
    `“${shown(source, input)}” does not exist, and no stage makes it`,
    file === undefined
      ? 'Create it, or add it to the outs of a stage.'
      : `Get it by “modelthat data pull”: “${shown(source, file)}” keeps a version of it.`,
  );
}

/** A file that a stage makes is read when it is there. */
function checkParams(
  { source, at, inputsAt }: ProjectStage,
  { file, keys }: DvcParams,
  { made, vars }: Known,
): void {
  const values = made.touching(file).length === 0 && existsSync(file) ? vars.params(file) : undefined;
  if (!values) return;
  for (const key of keys ?? []) {
    if (valueAt(values, key.split('.')) !== undefined) continue;
    source.error(
      inputsAt.get(file) ?? at,
      `there is no parameter “${key}” in “${shown(source, file)}”`,
      suggest(key, Object.keys(flatten(toPlain(values)))),
    );
  }
}
