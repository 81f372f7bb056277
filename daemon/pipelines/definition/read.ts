import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../contract/pipelines.ts';
import { neededLock } from '../../environments/requirements.ts';
import { readAutomations } from './automation.ts';
import { ComponentReader } from './component.ts';
import { clashes, findCycle, makersOf, type Node } from './graph.ts';
import { GroupReader, stepsByName } from './groups.ts';
import { entryOf, makesOf, type PipelineDefinition, type Step } from './model.ts';
import { override, readParams } from './params.ts';
import { PathIndex } from './path-index.ts';
import { type RegistrySource, readRegistry } from './registry.ts';
import type { PipelineSource, StepSource } from './schema.ts';
import { readSource, Source, type SourcePath, suggest } from './source.ts';
import { StepReader } from './step.ts';
import { flatten } from './template.ts';
import { ValueReader } from './values.ts';
import { checkVocabulary } from './vocabulary.ts';

export interface ReadOptions {
  /** Absolute path of the definition. */
  readonly file: string;
  /** Absolute path of the folder that nothing may be written outside of. */
  readonly workspace: string;
  /** Unsaved text in place of the file's content. */
  readonly text?: string;
  /** Overrides of parameters, `a.b` → YAML. */
  readonly set?: Readonly<Record<string, string>>;
}

/** What reading a definition gave. With an error among the problems there is no definition. */
export interface ReadResult {
  readonly definition: PipelineDefinition | null;
  /** The pipeline's name, also of a definition with problems. */
  readonly name: string;
  readonly problems: readonly Diagnostic[];
}

/**
 * Reads and checks a pipeline file whole: syntax, vocabulary, parameters, references, commands, gates, paths and the graph
 * of steps. Reports every problem it finds, not only the first.
 */
export function readDefinition(options: ReadOptions): ReadResult {
  const { file, text } = options;
  const source = text === undefined ? readSource(file) : new Source(file, text);
  const folder = path.dirname(file);
  const fallback = path.basename(folder);
  if (source.failed) return { definition: null, name: fallback, problems: source.problems };
  const content = checkVocabulary(source);
  if (!content) return { definition: null, name: fallback, problems: source.problems };

  const name = content.name ?? fallback;
  const { params, sources: paramSources } = readParams(content.params, folder);
  const paramProblems = paramSources.flatMap(each => each.problems);
  if (paramSources.some(each => each.failed)) {
    // Every reference to a parameter would be reported, too.
    return { definition: null, name, problems: [...source.problems, ...paramProblems] };
  }
  const overridden = override(params, options.set ?? {});
  for (const { message, remedy } of overridden.problems) source.errorAtKey(['params'], message, remedy);

  const components = new ComponentReader();
  const steps = readSteps(source, content, {
    folder,
    workspace: options.workspace,
    params: overridden.params,
    components,
  });
  if (content.registry) checkRegistry(source, content.registry, options.workspace, overridden.params);
  const automations = readAutomations(source, content, { folder, workspace: options.workspace, steps });
  const problems = [...source.problems, ...paramProblems, ...components.problems];
  if (problems.some(problem => problem.severity === 'error')) return { definition: null, name, problems };
  const definition = {
    name,
    file,
    folder,
    requirements: content.env.python === undefined ? null : path.resolve(folder, content.env.python),
    params: overridden.params,
    metrics: content.metrics,
    concurrency: content.concurrency,
    ...automations,
    steps,
  };
  return { definition, name, problems };
}

/** Rules are read by themselves whenever a version moves (`model-rules.ts`); here it is only told what is wrong with them. */
function checkRegistry(
  source: Source,
  registry: RegistrySource,
  workspace: string,
  params: Readonly<Record<string, unknown>>,
): void {
  readRegistry(
    source,
    registry,
    new ValueReader(source, { params, names: Object.keys(flatten(params)), workspace }),
  );
  if (path.dirname(source.file) !== workspace)
    source.errorAtKey(
      ['registry'],
      '“registry” counts in the pipeline file at the workspace’s root alone',
      `Move it to the pipeline file at the workspace’s root, ${path.join(workspace, 'modelthat.yaml')}.`,
    );
}

function readSteps(
  source: Source,
  content: PipelineSource,
  context: {
    folder: string;
    workspace: string;
    params: Readonly<Record<string, unknown>>;
    components: ComponentReader;
  },
): Step[] {
  const { folder, workspace, params, components } = context;
  if (content.env.python !== undefined) checkRequirements(source, folder, content.env.python);
  const declared = Object.keys(content.steps);
  if (declared.length === 0)
    source.error(['steps'], 'there are no steps', 'Add at least one step below “steps:”.');

  const parameterNames = Object.keys(flatten(params));
  const entries = new GroupReader(source, params, parameterNames).read(content.steps);
  const names = stepsByName(declared, entries);
  const reader = new StepReader(source, { folder, workspace, parameterNames, names, components });
  const steps = entries.map(entry => reader.read(entry));
  const makers = checkGraph(source, folder, content.steps, steps);
  return steps.map(step => {
    const needsData = makers.get(step.name) ?? [];
    return { ...step, needs: [...new Set([...step.needs, ...needsData])], needsData };
  });
}

function checkRequirements(source: Source, folder: string, named: string): void {
  const at = ['env', 'python'];
  const file = path.resolve(folder, named);
  const lock = neededLock(file);
  if (!existsSync(file))
    source.error(at, `the requirements file “${named}” does not exist`, 'Create it, or correct the path.');
  else if (lock !== undefined && !existsSync(lock))
    source.error(at, `there is no ${path.basename(lock)} beside “${named}”`, 'Make it: uv lock.');
}

/** A step, and the key under which it stands in the file. */
interface EntryNode extends Node {
  readonly entry: string;
}

function checkGraph(
  source: Source,
  folder: string,
  declared: Readonly<Record<string, StepSource>>,
  steps: readonly Step[],
): Map<string, string[]> {
  const show = (absolute: string) => path.relative(folder, absolute);
  const nodes: EntryNode[] = steps.map(step => ({
    name: step.name,
    entry: entryOf(step),
    after: step.needs,
    deps: step.deps,
    makes: makesOf(step),
  }));
  for (const { step, out, other, otherOut } of clashes(nodes)) {
    source.error(
      pathOfOutput(declared, steps, step, out),
      `steps “${other}” and “${step}” both write ${out === otherOut ? `“${show(out)}”` : `“${show(out)}” and “${show(otherOut)}”, one inside the other`}`,
      'Give each step outputs of its own.',
    );
  }
  checkDependencies(source, nodes, show);
  const makers = makersOf(nodes);
  const needs = new Map(nodes.map(({ name, after }) => [name, [...after, ...(makers.get(name) ?? [])]]));
  const cycle = findCycle(needs);
  if (cycle) {
    source.errorAtKey(
      ['steps', nodes.find(node => node.name === cycle[0])?.entry ?? ''],
      `the steps need each other in a circle: ${shorten(cycle).join(' → ')}`,
      'Remove one “after” or one dependency among them.',
    );
  }
  return makers;
}

/** A circle of many steps is not told in full. */
function shorten(names: readonly string[]): readonly string[] {
  return names.length <= 12 ? names : [...names.slice(0, 6), '…', ...names.slice(-3)];
}

/** A dependency should be there already, or be what some step makes: otherwise the step is blocked. */
function checkDependencies(
  source: Source,
  nodes: readonly EntryNode[],
  show: (absolute: string) => string,
): void {
  const made = new PathIndex<Node>();
  for (const node of nodes) for (const out of node.makes) made.add(out, node);
  const all = nodes.flatMap(({ name, entry, deps, makes }) =>
    deps.map((dep, index) => ({ dep, at: ['steps', entry, 'deps', index], own: makes.includes(dep), name })),
  );
  for (const { dep, at, own, name } of all) {
    if (own) {
      source.error(
        at,
        `the step depends on its own output “${show(dep)}”`,
        'Remove it from “deps” or from “outs”.',
      );
    } else if (made.touching(dep).length === 0 && !existsSync(dep)) {
      const others = nodes.filter(other => other.name !== name).flatMap(other => other.makes);
      const remedy = others.length === 0 ? '' : `. ${suggest(show(dep), others.map(show))}`;
      source.warn(
        at,
        `“${show(dep)}” does not exist, and no step makes it`,
        `Create it, or add it to the outs of a step${remedy || '.'}`,
      );
    }
  }
}

function pathOfOutput(
  declared: Readonly<Record<string, StepSource>>,
  steps: readonly Step[],
  name: string,
  out: string,
): SourcePath {
  const step = steps.find(candidate => candidate.name === name);
  const entry = step ? entryOf(step) : name;
  for (const key of ['outs', 'metrics', 'plots'] as const) {
    const index = step?.[key]?.indexOf(out) ?? -1;
    if (index >= 0) return ['steps', entry, key, index];
  }
  return ['steps', entry, declared[entry]?.checks === undefined ? 'run' : 'checks'];
}
