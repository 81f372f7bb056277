/** Finding a Python that environments can be made with. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ApiError } from '../contract/errors.ts';
import { inheritedEnvironment } from '../processes/environment.ts';

/** Oldest Python that is supported. */
export const OLDEST_PYTHON = [3, 10] as const;

const WINDOWS = process.platform === 'win32';
const PROBE_TIMEOUT_MS = 20_000;

const PROBE = `
import importlib.util as u, json, platform, sys, sysconfig
print(json.dumps({
  "executable": sys.executable, "version": list(sys.version_info[:3]), "platform": sysconfig.get_platform(),
  "implementation": platform.python_implementation(),
  "canMakeEnvironments": all(u.find_spec(m) is not None for m in ("venv", "ensurepip")),
}))`;

/** A Python, as it told about itself. */
export interface Interpreter {
  readonly executable: string;
  readonly version: readonly number[];
  /** Such as `linux-x86_64`. */
  readonly platform: string;
  readonly implementation: string;
  /** Whether `venv` and `ensurepip` are there; Debian leaves them out. */
  readonly canMakeEnvironments: boolean;
}

const run = promisify(execFile);

/**
 * Finds a Python that is new enough: the chosen one, the workspace's own environment, or the first on the PATH.
 *
 * @param chosen path or name of the one to use, by the user's setting
 * @param needsVenv whether it must be able to make environments by itself
 * @throws ApiError that says what was found and what to install
 */
export async function findInterpreter(options: {
  chosen: string | undefined;
  workspace: string;
  needsVenv: boolean;
}): Promise<Interpreter> {
  const { chosen, workspace, needsVenv } = options;
  const rejected: string[] = [];
  let lacksVenv = false;
  for (const candidate of chosen === undefined ? candidates(workspace) : [chosen]) {
    const found = await probe(candidate);
    if (typeof found === 'string') {
      if (chosen !== undefined) rejected.push(`${candidate} cannot be run: ${found}`);
    } else if (isTooOld(found)) {
      rejected.push(`${found.executable} is ${found.version.join('.')}`);
    } else if (needsVenv && !found.canMakeEnvironments) {
      lacksVenv = true;
      rejected.push(`${found.executable} cannot make environments (it lacks venv or ensurepip)`);
    } else {
      return found;
    }
  }
  throw unusable(chosen, rejected, lacksVenv);
}

function candidates(workspace: string): string[] {
  const own = path.join(workspace, '.venv', WINDOWS ? 'Scripts/python.exe' : 'bin/python');
  const versions = ['3.13', '3.12', '3.11', '3.10'].map(version => `python${version}`);
  const onPath = WINDOWS ? ['python', 'python3', 'py'] : ['python3', 'python', ...versions];
  return [...(existsSync(own) ? [own] : []), ...onPath];
}

async function probe(program: string): Promise<Interpreter | string> {
  try {
    const { stdout } = await run(program, ['-I', '-c', PROBE], {
      timeout: PROBE_TIMEOUT_MS,
      env: inheritedEnvironment(),
      windowsHide: true,
    });
    return JSON.parse(stdout) as Interpreter;
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? '';
  }
}

function isTooOld({ version: [major = 0, minor = 0] }: Interpreter): boolean {
  return major < OLDEST_PYTHON[0] || (major === OLDEST_PYTHON[0] && minor < OLDEST_PYTHON[1]);
}

function unusable(chosen: string | undefined, rejected: readonly string[], lacksVenv: boolean): ApiError {
  const oldest = OLDEST_PYTHON.join('.');
  const found = rejected.length === 0 ? 'none was found on the PATH' : `found: ${rejected.join('; ')}`;
  const remedy = lacksVenv
    ? 'On Debian and Ubuntu run “apt install python3-venv”, or install uv (pip install uv).'
    : chosen === undefined
      ? `Install Python ${oldest} or newer, or name one in MODELTHAT_PYTHON.`
      : 'Correct what names it: --python, or MODELTHAT_PYTHON.';
  return new ApiError('BAD_REQUEST', `Python ${oldest} or newer is needed; ${found}. ${remedy}`);
}
