/** Finding pipelines in the workspace, and what version control says of them. */
import { execFile } from 'node:child_process';
import { readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { ApiError, invalid } from '../contract/errors.ts';
import { inheritedEnvironment } from '../processes/environment.ts';
import { isInside } from './definition/graph.ts';

/** Names a pipeline file may have. */
const PIPELINE_FILES: readonly string[] = ['modelthat.yaml', 'modelthat.yml'];

/** How deep below the workspace's root pipelines are looked for. */
const MAX_DEPTH = 4;
const NOT_SEARCHED = /^(\..*|node_modules|__pycache__|venv|site-packages|mlruns|dist)$/;

const run = promisify(execFile);

/** Absolute paths of the pipeline files of a workspace, those nearest to its root first. */
export function findPipelines(workspace: string): string[] {
  const found: string[] = [];
  let level = [workspace];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth++) {
    level = level.flatMap(folder => {
      const entries = readFolder(folder);
      const names = entries.filter(entry => entry.isFile()).map(entry => entry.name);
      const file = PIPELINE_FILES.find(name => names.includes(name));
      if (file) found.push(path.join(folder, file));
      return entries
        .filter(entry => entry.isDirectory() && !NOT_SEARCHED.test(entry.name))
        .map(entry => path.join(folder, entry.name));
    });
  }
  return found;
}

function readFolder(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/**
 * The real path of a definition that a client names.
 *
 * @throws ApiError when there is none, or when it lies outside the workspace
 */
export function locate(file: string, workspace: string): string {
  if (!path.isAbsolute(file)) throw invalid(`“${file}” is not an absolute path.`);
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    throw new ApiError(
      'RESOURCE_DOES_NOT_EXIST',
      `There is no file “${file}”. Create a ${PIPELINE_FILES[0]}, or name another file.`,
    );
  }
  if (!isInside(real, workspace)) {
    throw invalid(`“${file}” lies outside the workspace “${workspace}” of this store.`);
  }
  return real;
}

/** The commit that a folder is at; empty where there is no repository, or no git. */
export async function gitTags(folder: string): Promise<Record<string, string>> {
  const git = async (...args: string[]) => {
    // A file system monitor is a program that the repository names: it is not run for a mere question.
    const { stdout } = await run('git', ['-c', 'core.fsmonitor=false', ...args], {
      cwd: folder,
      timeout: 5_000,
      env: { ...inheritedEnvironment(), GIT_OPTIONAL_LOCKS: '0' },
    });
    return stdout.trim();
  };
  try {
    const [commit, changes] = await Promise.all([
      git('rev-parse', 'HEAD'),
      git('status', '--porcelain', '.'),
    ]);
    return { 'mlflow.source.git.commit': commit, 'modelthat.git.dirty': String(changes !== '') };
  } catch {
    return {};
  }
}
