/** DVC, and projects of its that both it and the daemon run. */
import { execFile, execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { DaemonClient } from '../../daemon/client/client.ts';
import { keptSecrets } from '../../daemon/client/connection.ts';
import { openPlace, STORE_FOLDER } from '../../daemon/client/store.ts';
import {
  type Execution,
  getExecution,
  type Plan,
  planExecution,
  startExecution,
} from '../../daemon/contract/pipelines.ts';
import { ensurePythonEnvironment } from '../../tests/support/python-environment.ts';
import type { Session } from './scenario.ts';
import type { Server } from './servers.ts';

const run = promisify(execFile);

const REQUIREMENTS = path.join(import.meta.dirname, 'requirements-dvc.txt');

/** The version that is installed. */
export const DVC_VERSION = /==(.+)/.exec(fs.readFileSync(REQUIREMENTS, 'utf8'))?.[1] ?? '';

/** How often an execution is asked whether it has ended. */
const ASK_EVERY_MS = 20;

/** DVC's program, and what keeps it from the user's own settings and from telling anybody. */
export class Dvc {
  readonly #program: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(program: string, env: NodeJS.ProcessEnv) {
    this.#program = program;
    this.#env = env;
  }

  /** Installs DVC from the Python package index, once. @param state folder for what it keeps outside of projects */
  static async open(state: string): Promise<Dvc> {
    const python = await ensurePythonEnvironment(REQUIREMENTS);
    const program = path.join(path.dirname(python), process.platform === 'win32' ? 'dvc.exe' : 'dvc');
    const folder = (name: string) => path.join(state, name);
    return new Dvc(program, {
      ...process.env,
      DVC_NO_ANALYTICS: 'true',
      DVC_SITE_CACHE_DIR: folder('site'),
      DVC_GLOBAL_CONFIG_DIR: folder('global'),
      DVC_SYSTEM_CONFIG_DIR: folder('system'),
    });
  }

  /** Runs a command in a project. @throws Error when it fails */
  async run(project: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
    const options = { cwd: project, env: this.#env, maxBuffer: 1 << 28, ...(signal && { signal }) };
    return (await run(this.#program, args, options)).stdout;
  }
}

/** Makes a project of DVC with these files in the workspace of a daemon. */
export async function makeProject(
  dvc: Dvc,
  { folder }: { folder: string },
  name: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  const project = path.join(folder, 'workspace', name);
  fs.mkdirSync(project, { recursive: true });
  execFileSync('git', ['init', '--quiet'], { cwd: project });
  await dvc.run(project, ['init', '--quiet']);
  for (const [file, text] of Object.entries(files)) {
    const place = path.join(project, file);
    fs.mkdirSync(path.dirname(place), { recursive: true });
    fs.writeFileSync(place, text);
  }
  return project;
}

/** A daemon with the folder that its workspace is in, and a client that may run pipelines. */
export interface Runner {
  readonly server: Server;
  readonly folder: string;
  plan(file: string): Promise<Plan>;
  /** Runs a pipeline to its end. @throws Error unless it succeeds */
  run(file: string): Promise<Execution>;
}

export async function startRunner(session: Session): Promise<Runner> {
  const folder = session.folder('modelthat');
  const server = await session.start('modelthat', folder);
  const place = openPlace(path.join(folder, 'workspace', STORE_FOLDER));
  const client = new DaemonClient({ url: server.url, token: keptSecrets(place.state).owner });
  return {
    server,
    folder,
    plan: file => client.call(planExecution, { body: { file } }),
    run: async file => {
      const { id } = await client.call(startExecution, { body: { file } });
      for (;;) {
        const execution = await client.call(getExecution, { params: { executionId: id } });
        if (execution.exitCode === 0) return execution;
        if (execution.exitCode !== null) throw new Error(`the pipeline ended badly: ${execution.message}`);
        session.signal.throwIfAborted();
        await new Promise(resolve => setTimeout(resolve, ASK_EVERY_MS));
      }
    },
  };
}

/** A `dvc.yaml` of stages that do not need each other, each copying a file. */
export function copyingStages(count: number): Record<string, string> {
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  const stages = names.map(
    name =>
      `  ${name}:\n    cmd: cp in/${name}.txt out-${name}.txt\n    deps: [in/${name}.txt]\n    outs: [out-${name}.txt]\n`,
  );
  return {
    'dvc.yaml': `stages:\n${stages.join('')}`,
    ...Object.fromEntries(names.map(name => [`in/${name}.txt`, `${name}\n`])),
  };
}
