/** An environment that somebody made and selected, as it is: nothing is installed into it. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, realpathSync, statSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as z from 'zod';
import { invalid } from '../contract/errors.ts';
import { inheritedEnvironment } from '../processes/environment.ts';

const PROBE_TIMEOUT_MS = 30_000;

/** Without the folder that it is started in, and without PYTHONPATH: neither is a part of the environment. */
const PROBE = `
import importlib.metadata as m, json, os, platform, site, sys, sysconfig
places = site.getsitepackages()
if sys.prefix == sys.base_prefix: places.append(site.getusersitepackages())
found = {d.metadata["Name"]: d.version for d in m.distributions(path=[p for p in places if os.path.isdir(p)])}
print(json.dumps({
  "executable": sys.executable, "root": sys.prefix, "places": places, "version": list(sys.version_info[:3]),
  "platform": sysconfig.get_platform(), "implementation": platform.python_implementation(),
  "packages": sorted(f"{name}=={version}" for name, version in found.items() if name),
}))`;

const Probed = z.object({
  executable: z.string(),
  root: z.string(),
  places: z.array(z.string()),
  version: z.array(z.number()),
  platform: z.string(),
  implementation: z.string(),
  packages: z.array(z.string()),
});

/** An interpreter with what can be imported in it, as it told about itself. */
export type SelectedPython = z.infer<typeof Probed>;

const run = promisify(execFile);

/** Asks interpreters, and none twice while nothing is installed into its environment. */
export class SelectedPythons {
  readonly #known = new Map<string, { found: SelectedPython; seen: string }>();

  /**
   * @param python absolute path of the interpreter
   * @throws ApiError INVALID_PARAMETER_VALUE when it is none
   */
  async ask(python: string): Promise<SelectedPython> {
    if (!path.isAbsolute(python)) throw unusable(python, 'its path has to be absolute');
    const known = this.#known.get(python);
    if (known && known.seen === stateOf(python, known.found)) return known.found;
    const found = await probe(python);
    this.#known.set(python, { found, seen: stateOf(python, found) });
    return found;
  }
}

async function probe(python: string): Promise<SelectedPython> {
  try {
    const { stdout } = await run(python, ['-I', '-c', PROBE], {
      timeout: PROBE_TIMEOUT_MS,
      env: inheritedEnvironment(),
      cwd: homedir(),
      windowsHide: true,
    });
    return Probed.parse(JSON.parse(stdout));
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    throw unusable(python, (stderr.trim() || message).split('\n').at(-1) ?? '');
  }
}

function unusable(python: string, why: string) {
  return invalid(
    `“${python}” cannot be the Python of this pipeline: ${why}. Select another interpreter in the editor, name one with ` +
      '--python, or have the pipeline name its environment (env: { python: requirements.txt }).',
  );
}

/** Changes with whatever is installed into the environment, or removed from it. */
function stateOf(python: string, { places }: SelectedPython): string {
  return [python, ...places].map(place => statSync(place, { throwIfNoEntry: false })?.mtimeMs ?? 0).join();
}

/**
 * The folder to stand first on the PATH, so that `python` and `python3` are this one. A system has Pythons of several
 * versions in one folder; for one of those, a folder is made that has nothing but it.
 *
 * @param own a folder for that, which only this interpreter has
 */
export function programsOf({ executable }: SelectedPython, own: string): string {
  const folder = path.dirname(executable);
  if (process.platform === 'win32') return folder;
  const real = realpathSync(executable);
  const leadsHere = (name: string) => {
    const program = path.join(folder, name);
    return existsSync(program) && realpathSync(program) === real;
  };
  const names = ['python', 'python3'];
  if (names.every(leadsHere)) return folder;
  mkdirSync(own, { recursive: true });
  for (const name of names) {
    const link = path.join(own, name);
    if (!existsSync(link)) symlinkSync(executable, link);
  }
  return own;
}
