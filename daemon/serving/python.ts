import fs from 'node:fs';
import path from 'node:path';
import type { Environments } from '../environments/service.ts';
import type { FindPython } from './service.ts';

const WINDOWS = process.platform === 'win32';

/** What is needed of the environments' service. */
export type ServingEnvironments = Pick<Environments, 'find' | 'ensure' | 'interpreter'>;

/**
 * Chooses the Python of a model: the environment it was trained in when that is still there, else one made from the
 * requirements it brings, else the interpreter that environments would be made with.
 */
export function pythonFinder(environments: ServingEnvironments): FindPython {
  return async ({ folder, environment }, line) => {
    const recorded = environment === null ? undefined : await environments.find(environment);
    if (recorded) return pythonIn(recorded.bin);
    const requirements = path.join(folder, 'requirements.txt');
    if (!fs.existsSync(requirements)) return (await environments.interpreter()).executable;
    line(`Making a Python environment from ${requirements}`);
    // It goes on when the caller has gone: the next request will want it, too.
    const { signal } = new AbortController();
    return pythonIn((await environments.ensure({ requirements, line, signal })).bin);
  };
}

function pythonIn(bin: string): string {
  return path.join(bin, WINDOWS ? 'python.exe' : 'python');
}
