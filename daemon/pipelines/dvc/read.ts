/** Reads a `dvc.yaml` into a pipeline: its stages, and those of other files of its project that they depend on. */
import path from 'node:path';
import type { PipelineDefinition, Step } from '../definition/model.ts';
import { PathIndex } from '../definition/path-index.ts';
import type { ReadOptions, ReadResult } from '../definition/read.ts';
import { readConfig } from './config.ts';
import { dvcCommand, dvcMutex, isLeftToDvc } from './elsewhere.ts';
import { type DvcFile, readDvcFile } from './file.ts';
import { checkProject, type Needs, type ProjectStage } from './graph.ts';
import { checkInputs } from './inputs.ts';
import type { DvcData, DvcOutput, DvcStage, ParamsEdits } from './model.ts';
import { editsOf, OverrideError } from './overrides.ts';
import { isDvcFile, type ProjectFiles, readData } from './project.ts';
import { toPlain } from './python.ts';
import { shellCommands, stageVariables } from './shell.ts';
import { VarsReader } from './vars.ts';

const NOTHING: Needs = { data: [], all: [] };

/** Files whose numbers are logged. */
const REPORT = /\.(json|ya?ml|toml)$/i;

/**
 * Reads a `dvc.yaml` with all files of its project, and checks what DVC checks. Reports every problem it finds.
 *
 * @param project what `findProject` found for the file
 */
export function readDvcPipeline(options: ReadOptions, project: ProjectFiles): ReadResult {
  const { file } = options;
  const folder = path.dirname(file);
  const name = path.basename(folder);
  const root = project.root ?? folder;
  const { edits, problem } = readOverrides(options, root);
  const vars = new VarsReader(edits);
  const { files, data } = readProject(project, options, vars);
  const own = files.find(({ source }) => source.file === file) as DvcFile;
  if (problem) own.source.error([], problem.message, problem.remedy);
  const stages = files.flatMap(each => stagesOf(each, folder));
  const needs = checkProject(stages, data);
  const needed = withNeeds(stages, needs, own);
  checkInputs(needed, data, vars);
  checkEdits(own, edits, vars);

  const sources = [own, ...files.filter(each => each !== own)].map(({ source }) => source);
  const problems = [...sources.flatMap(source => source.problems), ...vars.problems];
  if (problems.some(({ severity }) => severity === 'error')) return { definition: null, name, problems };
  const definition: PipelineDefinition = {
    name,
    file,
    folder,
    requirements: null,
    params: toPlain(own.params),
    metrics: {},
    steps: needed.map(stage => toStep(stage, own, root, needs.get(stage.name))),
    dvc: { root, data: touched(data, needed), ...(Object.keys(edits).length > 0 && { edits }) },
  };
  return { definition, name, problems };
}

/** The overrides as edits of files, or what is wrong with them. */
function readOverrides(
  { file, text, set = {} }: ReadOptions,
  root: string,
): { edits: ParamsEdits; problem?: OverrideError } {
  if (Object.keys(set).length === 0) return { edits: {} };
  const { loaded } = readDvcFile(file, text, new VarsReader(), readConfig(root).parsing);
  try {
    return { edits: editsOf(set, { folder: path.dirname(file), root, loaded }) };
  } catch (error) {
    if (error instanceof OverrideError) return { edits: {}, problem: error };
    throw error;
  }
}

/** No other files are changed than those that the pipeline reads. */
function checkEdits({ source }: DvcFile, edits: ParamsEdits, vars: VarsReader): void {
  for (const file of Object.keys(edits))
    if (!vars.files.includes(file))
      source.error(
        [],
        `no stage and no “vars” reads ${path.relative(path.dirname(source.file), file)}: nothing would change`,
        'List its parameters under “params” of the stage.',
      );
}

/** What files of a project hold. */
interface Project {
  readonly files: DvcFile[];
  readonly data: DvcData[];
}

/** Reads all files of a project but for those that lie in outputs: they are none of its own. */
function readProject({ root, files }: ProjectFiles, { file, text }: ReadOptions, vars: VarsReader): Project {
  const { parsing } = readConfig(root ?? path.dirname(file));
  const read = (each: string): Project =>
    isDvcFile(each)
      ? { files: [readDvcFile(each, each === file ? text : undefined, vars, parsing)], data: [] }
      : { files: [], data: readData(each) };
  const made = new PathIndex<string>();
  const project: Project = { files: [], data: [] };
  for (const each of files) {
    if (each !== file && made.touching(each).length > 0) continue;
    const found = read(each);
    for (const { path: out } of [...found.data, ...found.files.flatMap(outputs)]) made.add(out, each);
    project.files.push(...found.files);
    project.data.push(...found.data);
  }
  return project;
}

function outputs({ stages }: DvcFile): readonly DvcOutput[] {
  return stages.flatMap(({ stage }) => stage.outs);
}

/** The stages of a file, under the names that they have in a pipeline of a folder: `../prepare/dvc.yaml:clean`. */
function stagesOf({ source, stages }: DvcFile, folder: string): ProjectStage[] {
  const file = path.relative(folder, source.file).split(path.sep).join('/');
  const isOwn = path.dirname(source.file) === folder;
  return stages.map(read => {
    const { name } = read.stage;
    return { ...read, source, name: isOwn ? name : `${file}:${name}` };
  });
}

/** The stages of a file, and all that they need, in the order of the files. */
function withNeeds(
  stages: readonly ProjectStage[],
  needs: ReadonlyMap<string, Needs>,
  { source }: DvcFile,
): ProjectStage[] {
  const byName = new Map(stages.map(stage => [stage.name, stage]));
  const needed = new Set(stages.filter(stage => stage.source === source));
  // What is added while it is gone through is gone through as well.
  for (const { name } of needed)
    for (const other of needs.get(name)?.all ?? []) needed.add(byName.get(other) as ProjectStage);
  return stages.filter(stage => needed.has(stage));
}

function touched(data: readonly DvcData[], stages: readonly ProjectStage[]): DvcData[] {
  const inputs = new PathIndex<string>();
  for (const { stage } of stages) for (const dep of stage.deps) inputs.add(dep, dep);
  return data.filter(({ path: place }) => inputs.touching(place).length > 0);
}

function toStep(read: ProjectStage, own: DvcFile, root: string, needs: Needs = NOTHING): Step {
  const { name, source, at, stage, meta } = read;
  const { after: _, ...settings } = meta;
  const isReport = ({ kind, path: out }: DvcOutput) => kind === 'metric' && REPORT.test(out);
  return {
    ...settings,
    name,
    group: at[1] === stage.name ? undefined : String(at[1]),
    ...(source !== own.source && { file: source.file }),
    line: source.lineOf(at),
    command: typeof stage.cmd === 'string' ? stage.cmd.trimEnd() : stage.cmd.join('\n'),
    commands: stage.frozen ? [] : commandsOf(stage, source.file),
    ...(isLeftToDvc(stage) && { mutex: [...(settings.mutex ?? []), dvcMutex(root)] }),
    cwd: stage.wdir,
    // Variables are none of DVC's: they make nothing stale.
    env: { ...meta.env, ...stageVariables(root, source.file, stage.name) },
    needs: needs.all,
    needsData: needs.data,
    deps: stage.frozen ? [] : stage.deps,
    outs: stage.outs.filter(out => !isReport(out)).map(out => out.path),
    metrics: stage.outs.filter(isReport).map(out => out.path),
    params: null,
    checks: meta.checks === null ? null : path.resolve(stage.wdir, meta.checks),
    approval: null,
    dvc: stage,
  };
}

function commandsOf(stage: DvcStage, file: string): readonly (readonly string[])[] {
  return isLeftToDvc(stage) ? [dvcCommand(stage, file)] : shellCommands(stage.cmd);
}
