import type { Stage } from '../../contract/models.ts';
import type { Concurrency } from '../../contract/pipelines.ts';
import type { Schedule } from '../automation/schedule.ts';
import type { Trigger } from '../automation/triggers.ts';
import type { DvcProject, DvcStage } from '../dvc/model.ts';
import type { Retries } from './attempts.ts';
import type { Resources } from './resources.ts';

/** One step, with parameters filled in and paths absolute: what the engine runs, and keeps for a later daemon. */
export interface Step {
  readonly name: string;
  /** The group that it is a member of, which is its key in the file. */
  readonly group?: string | undefined;
  /** Absolute path of the file that it stands in, where that is another than the definition's. */
  readonly file?: string | undefined;
  /** Line of the step's key in its file, from 1. */
  readonly line: number;
  /** The commands as a person reads them; null when the step runs none. */
  readonly command: string | null;
  /** Program and arguments of each command, run one after the other. */
  readonly commands: readonly (readonly string[])[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Steps that must have succeeded first, by `after` and by data. */
  readonly needs: readonly string[];
  readonly deps: readonly string[];
  readonly outs: readonly string[];
  /** Names of the parameters that it sees, and so depends on; null = all. */
  readonly params: readonly string[] | null;
  /** The parameters that it sees instead: those of a component. */
  readonly values?: Readonly<Record<string, unknown>> | undefined;
  /** Files and folders that count as its code, besides what its commands name. */
  readonly code?: readonly string[];
  /** JSON files whose numbers are logged to the step's run. */
  readonly metrics: readonly string[];
  readonly checks: string | null;
  /** Files and folders with plots, kept as artifacts of the step's run. */
  readonly plots?: readonly string[];
  /** The notebook that papermill executes in place of commands. */
  readonly notebook?: string | undefined;
  /** Registered model that the model logged by this step becomes a version of. */
  readonly register: string | null;
  readonly gates: readonly string[];
  readonly promote: { readonly model: string; readonly to: Stage } | null;
  readonly approval: string | null;
  /** Milliseconds that each attempt at the commands may take; none = any time. */
  readonly timeout?: number | undefined;
  readonly retries?: Retries | undefined;
  /** Steps among `needs` whose outputs it depends on. */
  readonly needsData?: readonly string[];
  /** Its condition, when it does not hold with these parameters: it is left out then. */
  readonly unless?: string | undefined;
  /** Names that no other step holds while this one runs. */
  readonly mutex?: readonly string[];
  /** Names of the secrets that it gets, as variables. */
  readonly secrets?: readonly string[];
  /** What it holds of the machine; a core, if it does not say. */
  readonly resources?: Resources | undefined;
  /** Whether it runs once what it needs has ended, however that ended. */
  readonly always?: boolean;
  /** Only of a step that is a stage of a `dvc.yaml`. */
  readonly dvc?: DvcStage | undefined;
}

/** The key under which a step stands in its file. */
export function entryOf({ name, group }: Pick<Step, 'name' | 'group'>): string {
  return group ?? name;
}

/** Absolute paths of the files in which a step reports what it found. */
export function reportsOf({ metrics, checks }: Pick<Step, 'metrics' | 'checks'>): string[] {
  return [...metrics, ...(checks === null ? [] : [checks])];
}

/** Absolute paths of everything that a step writes. */
export function makesOf(step: Pick<Step, 'outs' | 'metrics' | 'checks' | 'plots'>): string[] {
  return [...step.outs, ...(step.plots ?? []), ...reportsOf(step)];
}

/** A pipeline file, read, checked and resolved. */
export interface PipelineDefinition {
  readonly name: string;
  /** Absolute path of the file. */
  readonly file: string;
  readonly folder: string;
  /** Absolute path of the file with Python requirements, when the pipeline has an environment of its own. */
  readonly requirements: string | null;
  /** Effective parameters, overrides applied. */
  readonly params: unknown;
  readonly metrics: Readonly<Record<string, 'minimize' | 'maximize'>>;
  /** What happens with an execution that a schedule or a trigger asks for while another runs; to wait, if it does not say. */
  readonly concurrency?: Concurrency;
  readonly schedule?: Schedule | undefined;
  readonly triggers?: readonly Trigger[];
  /** In the order of the file. */
  readonly steps: readonly Step[];
  /** Only of a `dvc.yaml`, where DVC's rules hold. */
  readonly dvc?: DvcProject | undefined;
}
