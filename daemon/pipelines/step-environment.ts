import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { mlflowVariables } from '../client/variables.ts';
import { inheritedEnvironment } from '../processes/environment.ts';
import type { ExecutionEnvironment } from './model.ts';

/** The folder with the Python package `modelthat` and nothing else, in the sources or beside the bundle. */
const PYTHON_FOLDER = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../python/modelthat/src' : './python', import.meta.url),
);

/** What a step's environment is made from. */
export interface StepSurroundings {
  /** Address of the daemon. */
  readonly url: string;
  /** The step's execution token. */
  readonly token: string;
  readonly experiment: string;
  /** Path of the JSON file with the effective parameters. */
  readonly params: string;
  /** Path of the file in which the step says how far it is. */
  readonly progress: string;
  readonly environment: ExecutionEnvironment | null;
  /** The GPUs that it has; null when it asked for none, and sees whatever there is. */
  readonly gpus: readonly string[] | null;
  /** The step's own `env`. */
  readonly own: Readonly<Record<string, string>>;
}

/** The environment of a step's processes. */
export function stepEnvironment(surroundings: StepSurroundings): Record<string, string> {
  const { url, token, experiment, params, progress, environment, gpus, own } = surroundings;
  const inherited = inheritedEnvironment();
  const loopback = ['127.0.0.1', 'localhost', ...(inherited.NO_PROXY ? [inherited.NO_PROXY] : [])].join(',');
  return {
    ...inherited,
    NO_PROXY: loopback,
    no_proxy: loopback,
    PYTHONUNBUFFERED: '1',
    ...mlflowVariables(url, token),
    MLFLOW_EXPERIMENT_NAME: experiment,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: '1',
    MODELTHAT_PARAMS: params,
    MODELTHAT_PROGRESS: progress,
    ...(gpus && { CUDA_VISIBLE_DEVICES: gpus.join(',') }),
    ...(environment ? withEnvironment(environment, inherited) : {}),
    ...own,
    // Last: what the step names itself comes first.
    PYTHONPATH: [own.PYTHONPATH, PYTHON_FOLDER].filter(Boolean).join(path.delimiter),
  };
}

function withEnvironment(
  environment: ExecutionEnvironment,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  const pathName = Object.keys(inherited).find(name => name.toUpperCase() === 'PATH') ?? 'PATH';
  return {
    ...activation(environment),
    [pathName]: [environment.bin, inherited[pathName]].filter(Boolean).join(path.delimiter),
  };
}

/** What activating it would set: conda's programs look for the one, all others for the other; a system's Python has none. */
function activation({ root }: ExecutionEnvironment): Record<string, string> {
  if (existsSync(path.join(root, 'conda-meta'))) return { CONDA_PREFIX: root };
  return existsSync(path.join(root, 'pyvenv.cfg')) ? { VIRTUAL_ENV: root } : {};
}
