import path from 'node:path';
import type { ExecutionEnvironment } from './model.ts';

/** What a child gets of the daemon's own environment: all that programs need, and nothing that may be a secret. */
const INHERITED = new RegExp(
  `^(${[
    'PATH|HOME|USER|LOGNAME|SHELL|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|TEMP|TMP',
    'LD_LIBRARY_PATH|DYLD_LIBRARY_PATH|OMP_NUM_THREADS|CUDA_[A-Z_]+|NVIDIA_[A-Z_]+',
    'HTTPS?_PROXY|ALL_PROXY|NO_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE',
    'SYSTEMROOT|WINDIR|COMSPEC|PATHEXT|APPDATA|LOCALAPPDATA|USERPROFILE|HOMEDRIVE|HOMEPATH',
    'PROGRAMDATA|PROGRAMFILES|NUMBER_OF_PROCESSORS|PROCESSOR_[A-Z]+',
  ].join('|')})$`,
  'i',
);

/** The part of this process's environment that any child program may have. */
export function inheritedEnvironment(source: NodeJS.ProcessEnv = process.env): Record<string, string> {
  return Object.fromEntries(
    Object.entries(source).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && INHERITED.test(entry[0]),
    ),
  );
}

/** What a step's environment is made from. */
export interface StepSurroundings {
  /** Address of the daemon. */
  readonly url: string;
  /** The step's execution token. */
  readonly token: string;
  readonly experiment: string;
  /** Path of the JSON file with the effective parameters. */
  readonly params: string;
  readonly environment: ExecutionEnvironment | null;
  /** The step's own `env`. */
  readonly own: Readonly<Record<string, string>>;
}

/** The environment of a step's processes. */
export function stepEnvironment(surroundings: StepSurroundings): Record<string, string> {
  const { url, token, experiment, params, environment, own } = surroundings;
  const inherited = inheritedEnvironment();
  const loopback = ['127.0.0.1', 'localhost', ...(inherited.NO_PROXY ? [inherited.NO_PROXY] : [])].join(',');
  return {
    ...inherited,
    NO_PROXY: loopback,
    no_proxy: loopback,
    PYTHONUNBUFFERED: '1',
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_USERNAME: 'modelthat',
    MLFLOW_TRACKING_PASSWORD: token,
    MLFLOW_EXPERIMENT_NAME: experiment,
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: '1',
    MODELTHAT_PARAMS: params,
    ...(environment ? withEnvironment(environment, inherited) : {}),
    ...own,
  };
}

function withEnvironment(
  environment: ExecutionEnvironment,
  inherited: Readonly<Record<string, string>>,
): Record<string, string> {
  const pathName = Object.keys(inherited).find(name => name.toUpperCase() === 'PATH') ?? 'PATH';
  return {
    VIRTUAL_ENV: environment.root,
    [pathName]: [environment.bin, inherited[pathName]].filter(Boolean).join(path.delimiter),
  };
}
